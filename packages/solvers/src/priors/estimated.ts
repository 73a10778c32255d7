import type { Shape, Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import type { Prior, Schedule, Time } from '../types.ts'
import { clipped } from './clipped.ts'
import type { Parameterisation } from './parameterisation.ts'

/** What every network says of itself as a prior. */
export interface NetworkOptions {
  name: string
  /** Shape of one sample, [C, H, W] for images. */
  shape: Shape
  /** The schedule that the network was trained on. */
  schedule: Schedule
  /**
   * Limits x̂₀ to the range of the data, as DPS and others need. The gradient is 0 where a value was clipped, as in
   * PyTorch's `clamp`: clipped pixels get no guidance.
   */
  clip?: readonly [low: number, high: number]
}

/** What {@link estimatedPrior} makes a prior of. */
export interface EstimatedPriorOptions extends NetworkOptions {
  /** What the network predicts, at α_t and σ_t. */
  parameterise(alpha: number, sigma: number): Parameterisation
  /** The network's output for c_in·x_t, of its shape. */
  output(x: Tensor, alpha: number, sigma: number, t: Time): Tensor
}

/** (x·x_t + output·F)/over. */
function estimated(
  xt: Tensor,
  output: Tensor,
  { x, output: by, over }: Parameterisation['estimate'],
): Tensor {
  if (x === 0 && by === over) return output
  return (x === 1 ? xt : xt.mul(x)).add(output.mul(by)).mul(1 / over)
}

/**
 * x̂₀ of a batch x_t at t, by what `ask` says of c_in·x_t.
 * @throws {ShapeError} where x_t is no batch of samples, or the answer is not of its shape.
 * @throws {OptionError} where what the network predicts tells nothing of x₀, as ε does where no signal is left.
 */
export function estimateFrom(
  { name, shape, schedule, parameterise }: Omit<EstimatedPriorOptions, 'output'>,
  xt: Tensor,
  t: Time,
  ask: (x: Tensor, alpha: number, sigma: number) => Tensor,
): Tensor {
  if (!sameShape(xt.shape.slice(1), shape))
    throw new ShapeError(name, 'x_t must be a batch of samples', [xt.shape, shape])
  const alpha = schedule.alpha(t)
  const sigma = schedule.sigma(t)
  const { estimate, input } = parameterise(alpha, sigma)
  if (estimate.over === 0)
    throw new OptionError('t', `at t = ${t} the noise that '${name}' predicts tells nothing of x₀: α = 0`)
  const output = ask(input === 1 ? xt : xt.mul(input), alpha, sigma)
  if (!sameShape(output.shape, xt.shape))
    throw new ShapeError(name, "the network's output must have the shape of x_t", [output.shape, xt.shape])
  return estimated(xt, output, estimate)
}

/**
 * A prior by what a network says of x_t, under one parameterisation.
 * @throws {ShapeError} from `denoise`, where x_t is no batch of samples or the network changes its shape.
 * @throws {OptionError} where the clip range is empty.
 */
export function estimatedPrior(options: EstimatedPriorOptions): Prior {
  const { name, shape, schedule, clip, output } = options
  if (clip !== undefined && !(clip[0] < clip[1])) {
    throw new OptionError('clip', `must be [low, high], got [${clip.join(', ')}]`)
  }
  const prior: Prior = {
    name,
    shape,
    schedule,
    denoise: (xt, t) =>
      scope(() => estimateFrom(options, xt, t, (x, alpha, sigma) => output(x, alpha, sigma, t))),
  }
  return clipped(prior, clip)
}
