import type { Problem } from '@tweedie/solvers'
import { isLinear, misfit, psnr, ssim } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import type { Score } from '../record/record.ts'

/** PSNR of each sample of a batch, in dB. */
export const psnrs = async (x: Tensor, truth: Tensor): Promise<number[]> => [...(await psnr(x, truth))]

/** ‖y − A(x)‖ of each sample. */
export async function residuals(problem: Problem, x: Tensor): Promise<number[]> {
  const difference = scope(() => {
    const rest = problem.operator.forward(x).sub(problem.y)
    return rest.square().reshape([rest.shape[0]!, -1]).sum(1).sqrt()
  })
  try {
    return Array.from(await difference.data())
  } finally {
    difference.dispose()
  }
}

/** ‖y − A(x)‖ / (σ_y √m) of each sample; none where there is no noise to compare with. */
export async function misfits(problem: Problem, x: Tensor): Promise<number[]> {
  const { sigma } = problem.noise
  return sigma === undefined || sigma === 0 ? [] : [...(await misfit(problem, x))]
}

/**
 * The part of each sample's squared error ‖e‖² that the operator cannot see: ‖e − A⁺A e‖²/‖e‖². None for an
 * operator without pseudo-inverse.
 */
async function unseen(problem: Problem, x: Tensor, truth: Tensor): Promise<number[] | undefined> {
  const { operator } = problem
  if (!isLinear(operator) || operator.pinv === undefined) return undefined
  const pinv = operator.pinv.bind(operator)
  const part = scope(() => {
    const error = x.clamp(-1, 1).sub(truth)
    const energy = (e: Tensor) => e.square().reshape([e.shape[0]!, -1]).sum(1)
    return energy(error.sub(pinv(operator.forward(error)))).div(energy(error))
  })
  try {
    return Array.from(await part.data())
  } finally {
    part.dispose()
  }
}

/** All scores of each sample of a batch; those that need the truth only where it is given. */
export async function scoreAll(problem: Problem, x: Tensor, truth: Tensor | undefined): Promise<Score[]> {
  const fit = await misfits(problem, x)
  const compared = truth === undefined ? undefined : [await psnrs(x, truth), [...(await ssim(x, truth))]]
  const hidden = truth === undefined ? undefined : await unseen(problem, x, truth)
  return Array.from({ length: x.shape[0]! }, (_, n) => ({
    ...(compared === undefined ? {} : { psnr: compared[0]![n]!, ssim: compared[1]![n]! }),
    ...(fit[n] === undefined ? {} : { misfit: fit[n] }),
    ...(hidden?.[n] === undefined || Number.isNaN(hidden[n]) ? {} : { unseen: hidden[n] }),
  }))
}

/** The scores of the mean of a batch whose samples all restore one measurement. */
export async function scoreMean(problem: Problem, x: Tensor, truth: Tensor | undefined): Promise<Score> {
  const first = scope(() => {
    const y = problem.y.slice([0, 1])
    const mean = x.mean(0, true)
    return truth === undefined ? { y, mean } : { y, mean, truth: truth.slice([0, 1]) }
  })
  try {
    return (await scoreAll({ ...problem, y: first.y }, first.mean, first.truth))[0]!
  } finally {
    for (const tensor of Object.values(first)) tensor?.dispose()
  }
}
