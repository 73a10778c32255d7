import type { Shape, Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Look } from '../run/look.ts'
import type { Time } from '../types.ts'

/** What the measurement makes of a look at the prior. */
export interface Guided {
  /** E[x₀ | x_t, y], or what stands for it: takes the place of x̂₀ in the reverse step. */
  readonly x0: Tensor
  /** Added to x_s after the step. */
  readonly shift?: Tensor
  /** What a step shows as `guidance`, where that is neither `shift` nor x₀ − x̂₀. */
  readonly guidance?: Tensor
  /** ‖y − A(·)‖₂ of each sample, [N, 1, …], of the estimate that was compared with y. */
  readonly residual: Tensor
}

/** What guidance may know of the step that it is in: its number, and draws of its own. */
export interface AtStep {
  /** 0-based. */
  readonly i: number
  /** Where it goes. */
  readonly s: Time
  /** z ~ N(0, I) for a purpose, [N, …shape]: like x_t where no shape is given. */
  z(purpose: string, shape?: Shape): Tensor
}

/** How a measurement guides a reverse process: a pure function of one look at the prior and of the draws of its step. */
export interface Guidance {
  /** Whether it goes back through the denoiser ({@link Look.pullback}). */
  readonly through: boolean
  /**
   * Whether the step keeps the noise ε = (x_t − α_t·x̂₀)/σ_t of the look, as DDNM and DDS do; left out, the kernel works
   * it out anew from x₀.
   */
  readonly keepsNoise?: boolean
  at(look: Look, step?: AtStep): Guided
}

/**
 * The step, for guidance that draws.
 * @throws {OptionError} where there is none, as where a guidance is asked outside a run.
 */
export function needStep(who: string, step: AtStep | undefined): AtStep {
  if (step === undefined) throw new OptionError('step', `${who} draws: it must be told its step`)
  return step
}

/** The x_t of which x₀ leaves the noise that x̂₀ left of the look's: a kernel that starts there keeps it. */
export const keepingNoise = ({ x, x0hat, alpha }: Look, x0: Tensor): Tensor => x.add(x0.sub(x0hat).mul(alpha))
