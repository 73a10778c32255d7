import type { Tensor } from '@tweedie/tensor'
import { matmul } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { buildMatrix } from '../../linalg/host-matrix.ts'

/** `ramp` is |ω| itself (Ram–Lak); `hann` is |ω| under a Hann window, which spares the noise of the finest detail. */
export type RampFilter = 'ramp' | 'hann'

/**
 * The ramp filter |ω|/2π of detectors at distance 1, cut off at half their rate (Ramachandran and Lakshminarayanan 1971):
 * 1/4 in the middle, −1/(π²k²) at odd k, 0 at other even ones.
 */
export const ramp = (k: number): number => (k === 0 ? 0.25 : k % 2 === 0 ? 0 : -1 / (Math.PI * k) ** 2)

/** The window (1 + cos ω)/2 is a mean over neighbours with weights ¼, ½, ¼. */
const hann = (k: number): number => ramp(k) / 2 + (ramp(k - 1) + ramp(k + 1)) / 4

/** Filters every view of sinograms [N, angles·detectors] along its detectors, zeros around. */
export function backProjectionFilter(detectors: number, filter: RampFilter): (y: Tensor) => Tensor {
  const taps = filter === 'hann' ? hann : ramp
  const { data } = buildMatrix(detectors, detectors, (i, j) => taps(i - j))
  const matrix = constant(data, [detectors, detectors])
  return (y) => matmul(y.reshape([y.size / detectors, detectors]), matrix(y)).reshape(y.shape)
}
