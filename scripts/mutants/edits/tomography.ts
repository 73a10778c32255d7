import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const strips = of('operators/tomography/strips.ts', 'operators/tomography')
const tomography = of('operators/tomography/tomography.ts', 'operators/tomography', 'operators/harness')
const filter = of('operators/tomography/filter.ts', 'operators/tomography')
const back = of('operators/tomography/filtered-back-projection.ts', 'operators/tomography')
const svd = of('operators/tomography/channelwise-svd.ts', 'operators/spectral', 'operators/tomography')
const stack = of('operators/stack.ts', 'operators/tomography', 'operators/harness')

const bessel = of('operators/scattering/bessel.ts', 'operators/scattering')
const scattering = of('operators/scattering/inverse-scattering.ts', 'operators/scattering')

export const tomographyEdits: readonly Edit[] = [
  strips(
    'tomography-upside-down',
    '((height - 1) / 2 - i) * sine',
    '(i - (height - 1) / 2) * sine',
    'the image is upside down',
  ),
  strips(
    'tomography-centre',
    '(j - (width - 1) / 2)',
    '(j - width / 2)',
    'the middle is off by half a pixel',
  ),
  strips(
    'tomography-detector',
    'd - detectors / 2 - t',
    'd - (detectors - 1) / 2 - t',
    'strips are off by half a detector',
  ),
  strips('tomography-slope', '(2 * (a - b))', '(a - b)', 'the shadow of a pixel falls off twice as fast'),
  strips(
    'tomography-two-bins',
    'for (let k = -1; k <= 1; k++)',
    'for (let k = 0; k <= 1; k++)',
    'the detector on the left gets nothing',
  ),
  tomography(
    'tomography-step',
    '(range * k) / angles',
    '(range * k) / (angles + 1)',
    'the angles are too close',
  ),
  tomography('tomography-start', '(start + (range', '((range', '`start` is ignored'),
  tomography(
    'tomography-scale',
    '1 / Math.max(height, width)',
    '1 / Math.min(height, width)',
    'the scale is of the shorter side',
  ),
  tomography(
    'tomography-back',
    '[k * bins, (k + 1) * bins]',
    '[0, bins]',
    'every angle is back-projected from the first',
  ),
  tomography(
    'tomography-shown',
    "backProjectionFilter(bins, 'hann')",
    "backProjectionFilter(bins, 'ramp')",
    'shown without the window',
  ),
  filter('ramp-even', 'k % 2 === 0 ? 0', 'k % 3 === 0 ? 0', 'the wrong taps of the ramp filter are 0'),
  filter('ramp-middle', 'k === 0 ? 0.25', 'k === 0 ? 0.5', 'the middle of the ramp filter is doubled'),
  filter('hann-half', 'ramp(k) / 2 +', 'ramp(k) +', 'the window lets twice the middle through'),
  back('fbp-step', '(range / angles)', '(180 / angles)', 'a limited range is weighted as the whole'),
  back('fbp-scale', '/ factor ** 2', '/ factor', 'the scale of y is undone once'),
  svd(
    'channelwise-values',
    's[k % n]',
    's[Math.floor(k / channels)]',
    'singular values out of order for several channels',
  ),
  stack(
    'stack-first-adjoint',
    'reduce((sum, x) => sum.add(x))',
    'reduce((sum) => sum)',
    'the adjoint is that of the first',
  ),
  stack('stack-offset', 'ends[k - 1] ?? 0', 'ends[k] ?? 0', 'a part begins where it ends'),
  stack('stack-shown', 'first.display(part(y, 0))', 'part(y, 0)', 'shown as it was measured'),
  stack(
    'stack-blind',
    'if (operator.blind !== undefined)',
    'if (operator.blind === null)',
    'a stack takes the truth for known',
  ),
  stack(
    'stack-differentiable',
    '=== false) && { differentiable: false })',
    '=== false) && {})',
    'a stack with rounding claims gradients',
  ),
  bessel('bessel-neumann', '(n % 4 === 0 ? 1 : -1)', '1', 'the terms of Y₀ do not alternate'),
  bessel('bessel-scale', 'total += 2 * here', 'total += here', 'J₀ + ΣJ_2k = 1 without the two'),
  bessel('bessel-turned', 'k % 4 < 2 ? term : -term', 'k % 2 < 1 ? term : -term', 'i^k has the wrong signs'),
  bessel('bessel-chi', 'x - Math.PI / 4', 'x - Math.PI / 2', 'the phase of another order'),
  scattering('scattering-wavenumber', 'scale * k ** 2', 'scale * k', 'k in place of k²'),
  scattering('scattering-conjugate', '(factor * j0) / 4', '(-factor * j0) / 4', 'waves run inward'),
  scattering(
    'scattering-imaginary',
    '.add(matmul(im, heard.re(x)))',
    '.sub(matmul(im, heard.re(x)))',
    'the imaginary part of a product',
  ),
  scattering(
    'scattering-upside-down',
    '(height - 1) / 2 - Math.floor(p / width)',
    'Math.floor(p / width) - (height - 1) / 2',
    'the picture is upside down',
  ),
  scattering(
    'scattering-side',
    '(radius / side) *',
    '(radius / (2 * side)) *',
    'the circle is half as large',
  ),
  scattering('scattering-shown', '.div(energy)', '', 'shown in the units of the fields'),
]
