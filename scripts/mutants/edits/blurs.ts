import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const boundary = of('operators/boundary.ts', 'operators/operators', 'operators/sampling', 'operators/blur')
const resize = of('operators/sampling/resize.ts', 'operators/sampling')
const sr = of('operators/sampling/sr.ts', 'operators/sampling')
const convolution = of('operators/blur/convolution.ts', 'operators/blur', 'operators/operators')
const gaussian = of('operators/blur/blur.ts', 'operators/blur', 'operators/operators')
const uniform = of('operators/blur/uniform-blur.ts', 'operators/blur')
const kernels = of('operators/blur/kernel-parts.ts', 'operators/blur', 'operators/harness')
const anyKernel = of('operators/blur/kernel-blur.ts', 'operators/blur')
const motion = of('operators/blur/motion-blur.ts', 'operators/catalog', 'operators/blur')
const path = of('operators/blur/motion-path.ts', 'operators/blur/motion')
const pen = of('operators/blur/motion-kernel.ts', 'operators/blur/motion')
const bent = of('operators/nonlinear/nonlinear-blur.ts', 'operators/nonlinear')
const curve = of('operators/nonlinear/nonlinear-blur-curve.ts', 'operators/nonlinear')

export const blurEdits: readonly Edit[] = [
  resize(
    'taps-place',
    'centre - (taps.length - 1) / 2',
    'centre - taps.length / 2',
    'taps lie half a pixel off',
  ),
  resize('taps-sum', 'weight / total', 'weight', 'weights are not put over their sum'),
  sr(
    'taps-columns',
    'tapsMatrix(width, f, own)',
    'tapsMatrix(width, f, [...own].reverse())',
    'the taps of columns are turned around',
  ),
  sr(
    'taps-default',
    'if (taps !== undefined) {',
    'if (taps !== undefined && taps.length === 0) {',
    'taps are passed over',
  ),
  boundary(
    'boundary-reflect',
    '2 * extent - 2',
    '2 * extent',
    'reflection at the edge repeats the last pixel',
  ),
  boundary(
    'boundary-symmetric',
    'symmetric: (extent) => [2 * extent, -1]',
    'symmetric: (extent) => [2 * extent - 2 || 1, 0]',
    'the symmetric border is mirrored about its pixel',
  ),
  resize(
    'resize-keys',
    '1.5 * x ** 3 - 2.5 * x ** 2 + 1',
    '1.25 * x ** 3 - 2.25 * x ** 2 + 1',
    'a = −¾ in Keys’ middle',
  ),
  resize('resize-keys-tail', '-0.5 * x ** 3 +', '-0.75 * x ** 3 +', 'another a in Keys’ outer part'),
  resize(
    'resize-aliased',
    'const x = Math.abs(first + k - centre) / factor',
    'const x = Math.abs(first + k - centre)',
    'the kernel is not stretched: no antialiasing',
  ),
  resize(
    'resize-centre',
    '(i + 0.5) * factor - 0.5',
    'i * factor',
    'pixels of the small image have their middle at their corner',
  ),
  resize('resize-sum', 'weight / total', 'weight / factor', 'the weights of a row do not sum to 1'),
  resize(
    'resize-border',
    "extent, 'symmetric')",
    "extent, 'reflect')",
    'the border is mirrored about its pixel',
  ),
  resize('resize-lobes', 'sinc(x / 3)', 'sinc(x / 2)', 'Lanczos’ window of another width'),
  resize(
    'resize-first',
    'Math.ceil(centre - reach * factor)',
    'Math.ceil(centre - reach)',
    'the kernel is cut off on one side',
  ),
  resize('resize-gaussian', 'Math.exp(-2 * x ** 2)', 'Math.exp(-1 * x ** 2)', 'the Gaussian is wider by √2'),
  sr(
    'sr-axes',
    'separableParts(along(height), along(width), channels)',
    'separableParts(along(width), along(height), channels)',
    'rows and columns change places',
  ),
  convolution(
    'blur-turned',
    'i + first - k + middle',
    'i + first + k - middle',
    'a correlation, not a convolution',
  ),
  convolution(
    'blur-valid-first',
    '? taps.length - 1 - middle : 0',
    '? middle : 0',
    'valid starts a row off for even sizes',
  ),
  convolution('blur-valid-extent', 'extent - size + 1', 'extent - size', 'valid yields a row too few'),
  gaussian('blur-rcond', 'boundary, rcond)', 'boundary, undefined)', 'rcond of the blur is not used'),
  gaussian(
    'blur-std-x',
    '[gaussianTaps(size, std), gaussianTaps(size, stdX)]',
    '[gaussianTaps(size, stdX), gaussianTaps(size, std)]',
    'stdX is along the vertical axis',
  ),
  uniform('uniform-sum', 'fill(1 / size)', 'fill(1 / size ** 2)', 'the window does not sum to 1'),
  uniform('uniform-boundary', 'boundary, rcond)', "'circular', rcond)", 'every border is circular'),
  kernels(
    'kernel-turned',
    'constant(data.toReversed(), [1, 1, rows, columns])',
    'constant(data, [1, 1, rows, columns])',
    'small kernels are correlated',
  ),
  kernels(
    'kernel-adjoint',
    '{ padding: [rows - 1, columns - 1] }',
    '{ padding: [columns - 1, rows - 1] }',
    'the adjoint pads the other axis',
  ),
  kernels(
    'kernel-rcond',
    'transferOf(kernel, height, width), rcond)',
    'transferOf(kernel, height, width))',
    'rcond of a circular blur is not used',
  ),
  kernels(
    'kernel-around',
    'Math.ceil(side / 16) * 16',
    'Math.floor(side / 16) * 16 + 16 * Math.sign(16 - side)',
    'a large kernel wraps around',
  ),
  kernels(
    'kernel-before',
    'const before = [rows - 1 - Math.floor(rows / 2), columns - 1 - Math.floor(columns / 2)]',
    'const before = [Math.floor(rows / 2), Math.floor(columns / 2)]',
    'kernels of even sides are a pixel off',
  ),
  kernels(
    'kernel-fold',
    'scatterAdd(scatterAdd(y, columns(y), width, 3), rows(y), height, 2)',
    'y.slice(null, null, [top, top + height], [left, left + width])',
    'the adjoint forgets what lies beyond the border',
  ),
  kernels(
    'kernel-large-place',
    'const [top, left] = [rows - 1 - Math.floor(rows / 2), columns - 1 - Math.floor(columns / 2)]',
    'const [top, left] = [rows - 1 - Math.floor(rows / 2), columns - Math.floor(columns / 2)]',
    'large kernels are a column off',
  ),
  anyKernel(
    'kernel-sum',
    "sum === 'one' ? normalised(taps) : taps",
    "sum === 'one' ? taps : taps",
    'kernels are not divided by their sum',
  ),
  anyKernel(
    'disk-edge',
    'radius + 0.5 - Math.hypot',
    'radius - Math.hypot',
    'the disk is half a pixel smaller',
  ),
  motion(
    'motion-seed',
    "randomKey(seed).fold('motionBlur')",
    "randomKey(0).fold('motionBlur')",
    'all seeds give one path',
  ),
  path(
    'motion-steps',
    'Math.expm1(30 * Math.log1p(',
    'Math.expm1(15 * Math.log1p(',
    'the cut of steps is that of Beta(1, 15)',
  ),
  path(
    'motion-step-law',
    'Math.log1p(-next() * below) / 30',
    'Math.log1p(-next() * below) / 20',
    'steps are Beta(1, 20)',
  ),
  path('motion-jitter', '{ length: 21 }', '{ length: 20 }', 'jitter is Beta(2, 19)'),
  path(
    'motion-length',
    '0.75 * diagonal * (next() + intensity ** 2 * next())',
    '0.75 * diagonal * (next() + intensity * next())',
    'paths grow with the intensity itself',
  ),
  path(
    'motion-step-scale',
    '(1 - intensity + least) * diagonal',
    '(1 - intensity / 2 + least) * diagonal',
    'steps are too long',
  ),
  path('motion-angle', 'intensity * Math.PI * next()', 'Math.PI * next()', 'straight paths bend'),
  path(
    'motion-sign',
    'next() < jitter ? -1 : 1',
    'next() < jitter ? 1 : -1',
    'signs change most of the time',
  ),
  path(
    'motion-mode',
    'triangular(next, intensity * widest,',
    'triangular(next, widest,',
    'angles have another peak',
  ),
  path(
    'motion-turn',
    'const turn = Math.PI * next()',
    'const turn = (Math.PI / 2) * next()',
    'paths lie in a quarter',
  ),
  path('motion-centre', '[px - mx, py - my]', '[px - mx, py]', 'paths are not centred'),
  pen('motion-kernel-sum', 'value / total', 'value', 'the kernel does not sum to 1'),
  pen('motion-kernel-sign', 'Math.max(0, value)', 'value', 'a kernel has negative taps'),
  pen(
    'motion-kernel-axes',
    '[column - (side - 1) / 2, row - (side - 1) / 2]',
    '[row - (side - 1) / 2, column - (side - 1) / 2]',
    'rows and columns of a path change places',
  ),
  pen(
    'motion-kernel-middle',
    '[column - (side - 1) / 2,',
    '[column - side / 2 + 1.5,',
    'the path is off the middle',
  ),
  bent(
    'bent-corners',
    'corner % 2 === 0 ? 1 - right : right',
    'corner % 2 === 0 ? right : 1 - right',
    'left and right corners change places',
  ),
  bent('bent-one-kernel', 'key.fold(corner)', 'key.fold(0)', 'the kernel is the same everywhere'),
  bent(
    'bent-light',
    'inLight(toLight(x.add(1).div(2)))',
    'inLight(x.add(1).div(2))',
    'values are averaged, not light',
  ),
  bent('bent-saturates', 'mul(exposure).clamp(0, 1)', 'mul(exposure)', 'what is brighter than white is kept'),
  bent('bent-exposure', 'light.mul(exposure).clamp(0, 1)', 'light.clamp(0, 1)', 'the exposure is not used'),
  bent('bent-range', 'x.add(1).div(2)', 'x.add(1)', 'the data range is taken to be [−½, 0]'),
  bent(
    'bent-seed',
    "randomKey(seed).fold('nonlinearBlur')",
    "randomKey(0).fold('nonlinearBlur')",
    'all seeds give one blur',
  ),
  curve('curve-power', '.pow(2.4)', '.pow(2.2)', 'the power of a plain gamma'),
  curve(
    'curve-line',
    'minimum(v, join).sub(join).div(slope)',
    'minimum(v, join).sub(join).div(slope * 2)',
    'the line has half its slope',
  ),
  curve('curve-inverse', '.pow(1 / 2.4)', '.pow(1 / 2.2)', 'the curve is not undone'),
]
