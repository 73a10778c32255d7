// What the methods share that fit a normalising flow to the posterior: score-prior and efficient-score-prior.
import { adam, linearRate, stopGradient, valueAndGrad, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, maximum, sizeOf } from '@tweedie/tensor'
import type { RealNvpParams } from '../flows/index.ts'
import { realNvp } from '../flows/index.ts'
import { noiseRange } from '../inner/index.ts'
import type { Filled } from '../options/index.ts'
import { integer, number } from '../options/index.ts'
import { population } from '../particles/index.ts'
import { residualNorm, sampleNorms } from '../run/residual.ts'
import type { PathStep } from '../schedules/time-travel.ts'
import type { Run } from './define.ts'
import { stepping } from './define.ts'

/** Numbers of a training that its authors set otherwise. */
interface Published {
  readonly updates: number
  readonly samples: number
  readonly learningRate: number
  readonly warmUp: number
}

/** Options of a flow that is trained for each measurement. */
export const flowSpecs = ({ updates, samples, learningRate, warmUp }: Published) => ({
  updates: integer("Adam's steps for each step of the grid, one a step of the run", {
    default: updates,
    min: 1,
  }),
  samples: integer('K, draws of the flow in each of them', { default: samples, min: 1 }),
  learningRate: number("Adam's learning rate", { default: learningRate, above: 0 }),
  warmUp: number('part of the run over which it rises from 0', { default: warmUp, min: 0, max: 1 }),
  gradientClip: number('largest norm of the gradient', { default: 1, above: 0 }),
  lambdaData: number('λ_d, weight of the likelihood', { default: 1, min: 0 }),
  lambdaPrior: number('λ_p, weight of the prior', { default: 1, min: 0 }),
  lambdaEntropy: number('λ_e, weight of the entropy of the flow', { default: 1, min: 0 }),
  annealRate: number('of the sigmoid by which the likelihood sets in, per step of the run', {
    above: 0,
    otherwise: 'all of it from the start',
  }),
  annealPivot: integer('step of the run at which half of the likelihood has set in', {
    default: 12000,
    min: 0,
  }),
  blocks: integer('blocks of the flow, of two couplings each', { default: 4, min: 1 }),
  width: integer('hidden units of the networks of the flow', { min: 1, otherwise: 'n/8, at least 16' }),
  sigmaMin: number('σ/α of the data, below which the prior is not asked', { default: 0.01, above: 0 }),
})

/** See {@link flowSpecs}. */
export type FlowSpecs = ReturnType<typeof flowSpecs>

/** The grid, each of its steps as often as asked. */
export const repeatedPath = (
  times: readonly PathStep[],
  { updates }: { readonly updates: number },
): readonly PathStep[] => times.flatMap((at) => Array.from({ length: updates }, () => at))

/** log p(x) of the prior, [M], and its gradient, at x [M, …shape]. */
export interface Density {
  readonly value: Tensor
  readonly gradient: Tensor
}

/** For step i: the density of the prior at all draws of all samples, [N·K, …shape], those of a sample in a row. */
export type LogPrior = (i: number) => (drawn: Tensor) => Density

/** A density of the K draws of each sample apart. */
export const bySample =
  (K: number, density: (x: Tensor, sample: number) => Density) =>
  (drawn: Tensor): Density => {
    const each = Array.from({ length: (drawn.shape[0] ?? 0) / K }, (_, k) =>
      density(drawn.slice([k * K, (k + 1) * K]), k),
    )
    const joined = (part: keyof Density) => concat(each.map((one) => one[part]))
    return { value: joined('value'), gradient: joined('gradient') }
  }

/** The part of the likelihood that counts in step i. */
export const annealing = (i: number, rate: number | undefined, pivot: number): number =>
  rate === undefined ? 1 : 1 / (1 + Math.exp((pivot - i) * rate))

/**
 * The plan of a method that fits q_φ, the law of x = G_φ(z) for z ~ N(0, I), to the posterior of each measurement by Adam on
 *
 *     L(φ) = E_z[−λ_d·log p(y | G_φ(z)) − λ_p·log p(G_φ(z)) − λ_e·log|det ∂G_φ/∂z|],
 *
 * the Kullback–Leibler divergence KL(q_φ ‖ p(x | y)) up to a constant where all λ = 1. A step is one update by K draws. Each
 * sample of the batch has a flow of its own: parameters [N, P], gradients cut at a norm each, so that a batch of N equals N
 * single runs. A step shows a fresh draw of the flow after it as x, which at the end is the result, the mean of its K draws as
 * x̂₀ and the three terms of L as numbers.
 *
 * @throws {OptionError} where no noise levels are left above `sigmaMin`.
 */
export const flowPlan = <S extends FlowSpecs>(
  run: Run<S, 'likelihood' | 'operatorVjp'>,
  logPrior: LogPrior,
) => {
  const { problem, prior, times, z, keys } = run
  const { operator, noise, y } = problem
  const options: Filled<FlowSpecs> = run.options
  const { samples: K, gradientClip, lambdaData, lambdaPrior, lambdaEntropy } = options
  const { learningRate, warmUp, annealRate, annealPivot, blocks, width } = options
  noiseRange(prior.schedule, options.sigmaMin) // refuses a level out of range
  const n = sizeOf(prior.shape)
  const N = y.shape[0] ?? 0
  const flow = realNvp({ dimension: n, blocks, ...(width !== undefined && { width }) })
  const rising = Math.ceil(warmUp * times.length)
  const rate = rising === 0 ? learningRate : linearRate({ from: 0, to: learningRate, steps: rising })
  const optimizer = adam({ learningRate: rate })
  const draw = (params: Tensor, latent: Tensor) =>
    flow.forward(flow.unpack(params), latent).x.reshape([N, ...prior.shape])
  const { spread } = population({ particles: K })
  const meanLoss = (log: Tensor) => log.reshape([N, K]).mean(1).neg()

  const logLikelihood = (drawn: Tensor) => {
    const measured = spread(y)
    const [clean, back] = vjp((at: Tensor) => operator.forward(at), drawn)
    const [gradient] = back(noise.likelihood.score(measured, clean))
    return { value: noise.likelihood.log(measured, clean), gradient }
  }

  return stepping({
    start: () => {
      const params = flow.pack(flow.init(keys(0, 'flow'), { dtype: y.dtype, device: y.device }))
      return { x: draw(params, z(0, 'start', [1, n])), params, adam: optimizer.init(params) }
    },
    step: (state, _, i) => {
      const { params } = state
      const latent = z(i, 'latent', [K, n])
      const weight = lambdaData * annealing(i, annealRate, annealPivot)
      // A number whose gradient is that of L, by the gradients of both densities in x; and the terms of L.
      const loss = (layers: RealNvpParams) => {
        const { x, logDet } = flow.forward(layers, latent)
        const drawn = stopGradient(x).reshape([N * K, ...prior.shape])
        const data = logLikelihood(drawn)
        const known = logPrior(i)(drawn)
        const uphill = data.gradient.mul(weight).add(known.gradient.mul(lambdaPrior)).reshape(x.shape)
        const total = x.mul(uphill).sum().add(logDet.sum().mul(lambdaEntropy))
        const losses = {
          lossData: meanLoss(data.value),
          lossPrior: meanLoss(known.value),
          lossEntropy: meanLoss(logDet),
        }
        return [total.mul(-1 / K), { x, losses }] as const
      }
      // By layer: a gradient in the packed parameters would be a sum of as many arrays of their whole length as there are parts.
      const [[, { x, losses }], slopes] = valueAndGrad(loss, { hasAux: true })(flow.unpack(params))
      const gradient = flow.pack(slopes)
      const cut = gradient.div(maximum(sampleNorms(gradient).div(gradientClip), 1))
      const next = optimizer.update(cut, state.adam, params)

      const x0hat = x.mean(1).reshape([N, ...prior.shape])
      return {
        state: { x: draw(next.params, z(i, 'draw', [1, n])), params: next.params, adam: next.state },
        shown: { x0hat },
        numbers: { residual: residualNorm(operator, y, x0hat), ...losses },
      }
    },
  })
}
