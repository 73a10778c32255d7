import type { Tensor } from '@tweedie/tensor'
import type { Time } from '../types.ts'
import type { ReverseStep } from './steps.ts'
import { forwardTransition, requireFraction } from './steps.ts'

/** From time t to the less noisy s where x is known at `end` too, which is less noisy than s, or s itself. */
export interface BridgeStep extends ReverseStep {
  readonly end: Time
  /** DDIM's η, 0 … 1: at 1 (default) the bridge of the forward process; below it less noise and more of x_t. */
  readonly eta?: number
}

/** N(ofEnd·x_ℓ + ofX·x_t, deviation²·I). */
export interface Bridge {
  readonly ofEnd: number
  readonly ofX: number
  readonly deviation: number
}

/**
 * The Gaussian bridge q(x_s | x_ℓ, x_t) of the forward process, ℓ ≤ s < t (arXiv 2410.09945 §2), for any schedule. With b_{t|s} the
 * variance of p(x_t | x_s), {@link forwardTransition}, so that b_{t|ℓ} = b_{t|s} + (α_t/α_s)²·b_{s|ℓ},
 *
 *     ṽ = η²·b_{s|ℓ}·b_{t|s}/b_{t|ℓ},     x_s ~ N((α_s/α_ℓ)·x_ℓ + √(b_{s|ℓ} − ṽ)·(x_t − (α_t/α_ℓ)·x_ℓ)/√b_{t|ℓ}, ṽ·I).
 *
 * At the clean end ℓ it is DDIM's step with η and x_ℓ in the place of x̂₀; at s = ℓ it is x_ℓ.
 *
 * @throws {OptionError} where times are not in that order, or η leaves [0, 1].
 * @example
 * ```ts
 * import { bridge, ve } from '@tweedie/solvers'
 * const { ofEnd, ofX, deviation } = bridge({ schedule: ve(), t: 5, s: 4, end: 3 })
 * const weights = [ofEnd, ofX, deviation ** 2]
 * weights // ≈ [0.5625, 0.4375, 3.9375]
 * ```
 */
export function bridge({ schedule, t, s, end, eta = 1 }: BridgeStep): Bridge {
  requireFraction('eta', eta)
  const last = forwardTransition({ schedule, t, s })
  const near = s === end ? 0 : forwardTransition({ schedule, t: s, s: end }).variance
  const whole = last.variance + last.ratio ** 2 * near
  // b_{s|ℓ} − ṽ as a sum: the difference may round to less than 0.
  const kept = Math.hypot(Math.sqrt((1 - eta) * (1 + eta)), eta * last.ratio * Math.sqrt(near / whole))
  const ofX = Math.sqrt(near / whole) * kept
  return {
    ofX,
    ofEnd: schedule.alpha(s) / schedule.alpha(end) - (ofX * schedule.alpha(t)) / schedule.alpha(end),
    deviation: eta * Math.sqrt((near * last.variance) / whole),
  }
}

/** {@link bridge} between x_ℓ and x_t, as a law of x_s. */
export function bridgeLaw(
  step: BridgeStep,
  xEnd: Tensor,
  xt: Tensor,
): { readonly mean: Tensor; readonly deviation: number } {
  const { ofEnd, ofX, deviation } = bridge(step)
  return { mean: xEnd.mul(ofEnd).add(xt.mul(ofX)), deviation }
}
