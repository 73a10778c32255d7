import type { FactorMixture, Prior } from '@tweedie/solvers'
import type { Points } from '../points.ts'

/** What the suite of digits is made of; each is asked for when a problem needs it. */
export interface DigitsSource {
  /** The law on pictures [1, 28, 28] in [−1, 1]. */
  law(): FactorMixture
  /** Pictures that neither prior has seen. */
  pictures(): Points
  /** The trained network. */
  network(): Prior
}

/** [C, H, W] of a picture. */
export const shape = [1, 28, 28] as const
