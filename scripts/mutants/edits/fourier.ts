import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const axis = of('linalg/dft-axis.ts', 'linalg/dft')
const dft = of('linalg/dft.ts', 'linalg/dft')
const basis = of('linalg/fourier-basis.ts', 'linalg/circulant')
const circulant = of('linalg/circulant.ts', 'linalg/circulant')
const complex = of('linalg/complex.ts', 'linalg/circulant')
const masks = of('operators/fourier/masks.ts', 'operators/fourier/mri')
const amplitudes = of('operators/fourier/amplitude.ts', 'operators/fourier/phase-retrieval')
const phases = of('operators/fourier/phase-retrieval.ts', 'operators/fourier/phase-retrieval')
const coded = of('operators/fourier/coded-diffraction.ts', 'operators/fourier/phase-retrieval')
const alignment = of('metrics/aligned.ts', 'metrics/aligned')
const host = of('linalg/host-dft.ts', 'linalg/dft')
const coils = of('operators/fourier/coil-maps.ts', 'operators/fourier/multicoil')
const multicoil = of('operators/fourier/multicoil-mri.ts', 'operators/fourier/multicoil')
const sampled = of('operators/fourier/sampled.ts', 'operators/fourier/mri')

export const fourierEdits: readonly Edit[] = [
  axis(
    'dft-twiddle',
    '(j2 - o) * (k1 + a * k2 - o)',
    '(j2 - o) * (a * k2 - o)',
    'the second product of a split transform has no twiddle factors',
  ),
  axis(
    'dft-origin',
    'b * j1 * (k1 - o)',
    'b * j1 * k1',
    'a split transform about the centre forgets it once',
  ),
  axis('dft-scale', 'n ** -0.5, turn)', 'n ** -0.45, turn)', 'a split transform is not unitary'),
  axis('dft-imaginary', 'put(0, k, 1, j, scale * -im)', 'put(0, k, 1, j, scale * im)', 'i² is 1'),
  axis(
    'dft-order',
    'transpose([0, 2, 4, 3, 1])',
    'transpose([0, 2, 4, 1, 3])',
    'a split transform leaves its frequencies out of order',
  ),
  dft(
    'dft-inverse-sign',
    "map('dft2.inverse', 1, 2, 2)",
    "map('dft2.inverse', -1, 2, 2)",
    'the inverse is the transform',
  ),
  dft(
    'dft-centre',
    'Math.floor(n / 2) : 0',
    'Math.ceil(n / 2) : 0',
    'the middle of an odd side is the pixel after it',
  ),
  basis(
    'basis-scale',
    '(i === j ? 1 : Math.SQRT2)',
    'Math.SQRT2',
    'frequencies that are their own negatives are √2 too long',
  ),
  basis(
    'basis-pairs',
    '(i <= j ? i : plane + j)',
    '(i <= j ? i : plane + i)',
    'the second coordinate of a pair has another sign than is said',
  ),
  basis(
    'basis-negative',
    '(2 * zero(n) - k + n) % n',
    '(2 * zero(n) - k + n - 1) % n',
    'the negative of a frequency is the one beside it',
  ),
  circulant(
    'circulant-turn',
    's[i]! > 0 ? -value / s[i]! : 0',
    's[i]! > 0 ? value / s[i]! : 0',
    'U turns by minus the phase',
  ),
  circulant(
    'circulant-transposed',
    'back ? along.sub(across) : along.add(across)',
    'back ? along.add(across) : along.add(across)',
    'Uᵀ turns as U does',
  ),
  circulant(
    'circulant-cutoff',
    'value > least ? value : 0',
    'value',
    'what rounding leaves of a zero of the transfer function counts as seen',
  ),
  circulant(
    'circulant-adjoint',
    'factor.timesConjugate(fourier.forwardReal(y))',
    'factor.times(fourier.forwardReal(y))',
    'the adjoint of a convolution is the convolution',
  ),
  circulant(
    'circulant-middle-tap',
    'Math.floor(columns / 2), width)',
    'Math.floor((columns - 1) / 2), width)',
    'the middle tap of an even kernel is the one before',
  ),
  complex('complex-sign', '(value) => -value', '(value) => value', 'i² is 1'),
  complex(
    'complex-planes',
    'const at = i + plane * Math.floor(i / plane)',
    'const at = i',
    'of several factors the parts lie among each other',
  ),
  masks(
    'mask-middle',
    '(width - low + 1) >> 1',
    '(width - low) >> 1',
    'the middle columns of an even number of them miss frequency 0',
  ),
  masks(
    'mask-equispaced',
    '(width - low) / (count - low)',
    'width / count',
    'equispaced columns are too many by those of the middle',
  ),
  masks(
    'mask-decay',
    'Math.log(units[i]!) / weight',
    'Math.log(units[i]!) * weight',
    'columns far from the middle are favoured',
  ),
  masks(
    'mask-golden',
    '(Math.sqrt(5) - 1) * 0.5',
    '(3 - Math.sqrt(5)) * 0.4',
    'spokes are turned by another angle',
  ),
  masks(
    'mask-spokes',
    'places.size + next.length - wanted > wanted - places.size',
    'places.size + next.length > wanted',
    'the last spoke is left out where it would come closer',
  ),
  masks(
    'mask-centre-default',
    'acceleration <= 6 ? 0.08 : 0.04',
    '0.08',
    'the middle at acceleration 8 is that of 4',
  ),
  sampled(
    'mri-pair-singular-value',
    'Math.sqrt((measured[i]! + measured[other]!) / 2)',
    'Math.sqrt(measured[i]! + measured[other]!)',
    'of real images a pair of frequencies counts twice',
  ),
  sampled(
    'mri-conjugate',
    'at < other ? entry : -entry',
    'entry',
    'the imaginary part of a negative frequency has the sign of the other',
  ),
  sampled(
    'mri-own-negative',
    'at === other ? 1 : Math.SQRT1_2 / s[at]!',
    'Math.SQRT1_2 / s[at]!',
    'frequencies that are their own negatives have √½ in U',
  ),
  sampled(
    'mri-noise-of-real',
    'at === other ? 0 : at < other',
    'at < other',
    'the imaginary part of a frequency that has none comes into A⁺',
  ),
  sampled(
    'mri-display',
    '\n        .mul(2)\n        .sub(1),',
    ',',
    'the magnitude of a complex image is shown from mid-grey up',
  ),
  coils(
    'coil-squares',
    'total += a * a + b * b',
    'total += a * a',
    'sensitivities do not have sum of squares 1',
  ),
  coils(
    'coil-phase',
    '-dy / (dx * dx + dy * dy)]',
    'dy / (dx * dx + dy * dy)]',
    'the field of a wire has the conjugate phase',
  ),
  coils(
    'coil-currents',
    'plus[0] - minus[0], plus[1] - minus[1]',
    'plus[0] + minus[0], plus[1] + minus[1]',
    'both wires of a coil carry the same current',
  ),
  coils('coil-width', '(2 * i + side / 2)', '(2 * i + side)', 'coils are twice as wide'),
  coils(
    'coil-given-parts',
    '(2 * Math.floor(i / plane) + p)',
    '(Math.floor(i / plane) + coils * p)',
    'given maps are read as all real parts, then all imaginary ones',
  ),
  multicoil(
    'multicoil-conjugate',
    'timesConjugate(z).sum(2)',
    'times(z).sum(2)',
    'the adjoint does not conjugate the sensitivities',
  ),
  multicoil(
    'multicoil-mean',
    'timesConjugate(z).sum(2)',
    'timesConjugate(z).mean(2)',
    'the adjoint is the mean of the coils',
  ),
  multicoil(
    'multicoil-real',
    'z.slice(null, null, 0)',
    'z.slice(null, null, 1)',
    'the adjoint of real images is the imaginary part',
  ),
  multicoil(
    'multicoil-display',
    'magnitude(zeroFilled(y.add(grey))).sub(1)',
    'magnitude(zeroFilled(y)).sub(1)',
    'real images are shown as the magnitude of −1 … 1',
  ),
  host(
    'host-dft-sign',
    'unitRoot(sign * t, n)',
    'unitRoot(t, n)',
    'the transform on the host is its inverse',
  ),
  host(
    'host-dft-order',
    'part.re[k % m]!',
    'part.re[Math.floor(k / p)]!',
    'the transform on the host takes frequencies of its parts out of order',
  ),
  host(
    'host-dft-scale',
    'done.im[k]! / Math.sqrt(n)',
    'done.im[k]! / n',
    'the transform on the host is not unitary',
  ),
  amplitudes(
    'amplitude-at-zero',
    'where(none, onesLike(square), square).sqrt()',
    'square.sqrt()',
    'the gradient of an amplitude of 0 is not finite',
  ),
  amplitudes(
    'amplitude-value-at-zero',
    'where(none, zerosLike(square), where(',
    'where(none, onesLike(square), where(',
    'the amplitude of 0 is 1',
  ),
  amplitudes(
    'amplitude-picture',
    'logarithms.max(axes, true)',
    'logarithms.max(undefined, true)',
    'pictures of amplitudes depend on the other samples',
  ),
  amplitudes('amplitude-unit', 'x.add(1).div(2)', 'x.add(1)', 'intensities run from 0 to 2'),
  phases(
    'phase-oversample',
    '(oversample / 8) * side',
    '(oversample / 4) * side',
    'the frame of zeros is twice as wide',
  ),
  phases(
    'phase-sides',
    '[height, width].map',
    '[width, height].map',
    'the frame of an image that is not square has its sides exchanged',
  ),
  phases('phase-origin', "{ origin: 'centre' }", "{ origin: 'corner' }", 'frequency 0 is in the corner'),
  coded('coded-stream', '.fold(j)', '', 'all masks are one'),
  coded('coded-octanary', 'v < 0.8', 'v < 0.2', 'octanary masks have their sizes exchanged'),
  coded('coded-turns', 'Math.floor(4 * u)', 'Math.floor(2 * u)', 'octanary masks have two of four phases'),
  coded('coded-circle', 'Math.sin(2 * Math.PI * u)]', 'Math.sin(Math.PI * u)]', 'phases are not of size 1'),
  coded(
    'coded-display',
    'transpose([0, 1, 3, 2, 4])',
    'transpose([0, 1, 2, 3, 4])',
    'patterns side by side are cut into one another',
  ),
  coded('coded-origin', "{ origin: 'centre' }", "{ origin: 'corner' }", 'frequency 0 is in the corner'),
  alignment(
    'aligned-turn',
    'plane - 1 - (i % plane)',
    '(i % plane)',
    'an image turned by 180° is not turned',
  ),
  alignment(
    'aligned-correlation',
    'a.re[j]! * b.im[j]! - a.im[j]! * b.re[j]!',
    'a.im[j]! * b.re[j]! - a.re[j]! * b.im[j]!',
    'images are moved the other way',
  ),
  alignment('aligned-sign', 'sign * value', 'value', 'the sign is found and not undone'),
  alignment(
    'aligned-negative',
    'const negative = sign && agreement < 0',
    'const negative = agreement < 0',
    'the sign is undone where it was not to be',
  ),
  alignment(
    'aligned-channels',
    '=== true ? plane : channels * plane',
    '=== true ? channels * plane : channels * plane',
    'channels are always aligned together',
  ),
  alignment('aligned-move', '(q + right) % width', '(q + width - right) % width', 'columns are moved back'),
]
