import type { Tensor } from '@tweedie/tensor'
import { OptionError, scope } from '@tweedie/tensor'
import { learnedReverse } from '../samplers/learned-range.ts'
import type { Limit, Pipeline, Prior, Time } from '../types.ts'
import { estimateFrom } from './estimated.ts'
import { limited } from './limit.ts'
import type { NetworkPriorOptions } from './network.ts'
import { parameterisations, timeLabel } from './parameterisation.ts'

/** Options of {@link pipelinePrior}. */
export interface PipelinePriorOptions
  extends Omit<NetworkPriorOptions, 'clip' | 'predict'>,
    Pick<Pipeline, 'grid' | 'variance'> {
  /** How x̂₀ is kept to the range of the data; default not at all. */
  limit?: Limit | undefined
  /** The network's output at x_t, and what it says of its variance where it learns that, both like x_t. */
  predict(xt: Tensor, t: Time): { readonly output: Tensor; readonly v?: Tensor }
}

/**
 * A network as a prior that knows how the pipeline it came with samples; `samplePipeline` does as that does.
 *
 * @throws {ShapeError} from `denoise`, where x_t is no batch of samples or the network changes its shape.
 * @throws {OptionError} from `denoise`, for a limit that is none, and where ε tells nothing of x₀.
 * @example
 * ```ts
 * import { pipelinePrior, vpLinear } from '@tweedie/solvers'
 * import { ones, zerosLike } from '@tweedie/tensor'
 * const { denoise, pipeline } = pipelinePrior({
 *   name: 'net', shape: [1], schedule: vpLinear(), variance: 'small', limit: { kind: 'clip', range: 1 },
 *   grid: { spacing: 'leading', offset: 0, last: 'clean' }, predict: (xt) => ({ output: zerosLike(xt) }),
 * })
 * denoise(ones([1, 1]), 999).dataSync() // => [1]
 * pipeline?.estimate(ones([1, 1]), 999).unlimited.dataSync() // ≈ [157.4]
 * ```
 */
export function pipelinePrior(options: PipelinePriorOptions): Prior {
  const { name, shape, schedule, predicts = 'epsilon', sigmaData, limit, grid, variance, predict } = options
  const asked = {
    name,
    shape,
    schedule,
    parameterise: (alpha: number, sigma: number) => parameterisations[predicts](alpha, sigma, sigmaData),
  }
  const estimate: Pipeline['estimate'] = (xt, t) =>
    scope(() => {
      let v: Tensor | undefined
      const unlimited = estimateFrom(asked, xt, t, (x, alpha, sigma) => {
        const said = predict(x, timeLabel(predicts, alpha, sigma, t))
        v = said.v
        return said.output
      })
      return { x0hat: limited(unlimited, limit), unlimited, ...(v && { v }) }
    })
  return {
    name,
    shape,
    schedule,
    denoise: (xt, t) => scope(() => estimate(xt, t).x0hat),
    pipeline: { grid, variance, estimate, ...(variance === 'learned-range' && { reverse: learnedReverse }) },
  }
}

/**
 * A prior that came with a pipeline, with x̂₀ kept to another range than its own.
 * @throws {OptionError} where it came without one: its estimate before any limit is not known; and from `denoise`, for a
 * limit that is none.
 */
export function withLimit(prior: Prior, limit: Limit | undefined): Prior {
  const { pipeline } = prior
  if (pipeline === undefined)
    throw new OptionError('limit', `'${prior.name}' came without a pipeline; it keeps x̂₀ to its own range`)
  const estimate: Pipeline['estimate'] = (xt, t) =>
    scope(() => {
      const said = pipeline.estimate(xt, t)
      return { ...said, x0hat: limited(said.unlimited, limit) }
    })
  return {
    ...prior,
    denoise: (xt, t) => scope(() => estimate(xt, t).x0hat),
    pipeline: { ...pipeline, estimate },
  }
}
