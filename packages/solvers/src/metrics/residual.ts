import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import { defineMetric } from './define.ts'

/** Numbers worked out on the device, [N], read on the host. */
async function read(worked: () => Tensor): Promise<Float64Array> {
  const values = scope(worked)
  try {
    return Float64Array.from(await values.data())
  } finally {
    values.dispose()
  }
}

/** Σ e² of each sample. */
const energy = (e: Tensor): Tensor =>
  e
    .square()
    .reshape([batchOf(e), -1])
    .sum(1)

/** ‖y − A(x)‖₂ of each sample. */
export const residual = defineMetric({
  name: 'residual',
  title: '‖y − A(x)‖',
  unit: '',
  better: 'lower',
  range: [0, Infinity],
  needs: ['problem'],
  of: (x, { problem }) => read(() => energy(problem.operator.forward(x).sub(problem.y)).sqrt()),
})

/**
 * The part of each sample's squared error ‖e‖² that the operator cannot see, ‖e − A⁺A e‖²/‖e‖², of x clipped to the
 * data range; NaN where there is no error.
 */
export const unseen = defineMetric({
  name: 'unseen',
  title: 'part of the error that the operator cannot see',
  unit: '',
  better: 'higher',
  range: [0, 1],
  needs: ['truth', 'pinv'],
  of: (x, { truth, problem: { operator } }) =>
    read(() => {
      const error = x.clamp(-1, 1).sub(truth)
      return energy(error.sub(operator.pinv(operator.forward(error)))).div(energy(error))
    }),
})
