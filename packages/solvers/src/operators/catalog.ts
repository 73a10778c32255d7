import type { Shape } from '@tweedie/tensor'
import { catalog } from '../options/index.ts'
import { blindBlur } from './blind/blind-blur.ts'
import { blur } from './blur/blur.ts'
import { kernelBlur } from './blur/kernel-blur.ts'
import { motionBlur } from './blur/motion-blur.ts'
import { uniformBlur } from './blur/uniform-blur.ts'
import { blindMri } from './fourier/blind-mri.ts'
import { codedDiffraction } from './fourier/coded-diffraction.ts'
import { mri } from './fourier/mri.ts'
import { multicoilMri } from './fourier/multicoil-mri.ts'
import { phaseRetrieval } from './fourier/phase-retrieval.ts'
import { hdr } from './nonlinear/hdr.ts'
import { jpeg } from './nonlinear/jpeg.ts'
import { nonlinearBlur } from './nonlinear/nonlinear-blur.ts'
import { quantise } from './nonlinear/quantise.ts'
import { demosaic } from './pixels/demosaic.ts'
import { denoise } from './pixels/denoise.ts'
import { grey } from './pixels/grey.ts'
import { inpaint } from './pixels/inpaint.ts'
import { sr } from './sampling/sr.ts'
import { inverseScattering } from './scattering/inverse-scattering.ts'
import { csBlock } from './sensing/cs-block.ts'
import { csGaussian } from './sensing/cs-gaussian.ts'
import { csWalshHadamard } from './sensing/cs-walsh-hadamard.ts'
import { tomography } from './tomography/tomography.ts'

/**
 * The operators that go by a name, as `tweedie operators` prints them. `operators.with(mine)` has one more.
 * @example
 * ```ts
 * import { operators } from '@tweedie/solvers'
 * operators.find('sr').make([3, 32, 32], { factor: 4 }).outShape // => [3, 8, 8]
 * ```
 */
export const operators = catalog('operator', [
  denoise,
  inpaint,
  sr,
  blur,
  uniformBlur,
  motionBlur,
  kernelBlur,
  nonlinearBlur,
  grey,
  mri,
  multicoilMri,
  phaseRetrieval,
  codedDiffraction,
  demosaic,
  csGaussian,
  csWalshHadamard,
  csBlock,
  hdr,
  quantise,
  jpeg,
  blindBlur,
  blindMri,
  tomography,
  inverseScattering,
])

/**
 * The operator of a text such as `denoise`, `sr:4`, `inpaint:box=14x10,at=0x3`, `inpaint:random=0.7,seed=1`,
 * `blur:size=9,std=1.5,boundary=zero` or `grey:weights=luma`, for samples of a shape.
 *
 * @throws {OptionError} for a text that is wrong or does not fit the shape.
 * @throws {ShapeError} for a shape that the operator cannot have.
 * @example
 * ```ts
 * import { operatorFromSpec } from '@tweedie/solvers'
 * operatorFromSpec('inpaint:random=0.7,seed=1', [1, 28, 28]).observed // => 235
 * ```
 */
export function operatorFromSpec(text: string, shape: Shape) {
  const { entry, settings } = operators.parse(text)
  return entry.make(shape, settings)
}
