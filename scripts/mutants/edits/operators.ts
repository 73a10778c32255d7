import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const operator = (file: string) => of(`operators/${file}`, 'operators')
const sr = operator('sampling/sr.ts')
const blur = operator('blur/blur.ts')
const convolution = operator('blur/convolution.ts')
const separable = operator('blur/separable.ts')
const keep = operator('pixels/keep.ts')
const hidden = operator('pixels/hidden.ts')
const grey = operator('pixels/grey.ts')

export const operatorEdits: readonly Edit[] = [
  sr(
    'pool-adjoint',
    'repeat(y.div(f ** 2))',
    'repeat(y.div(f))',
    'the adjoint of average pooling is f times too large',
  ),
  sr(
    'pool-singular-values',
    'fill(1 / f)',
    'fill(1 / f ** 2)',
    'the singular values of average pooling are 1/f²',
  ),
  sr(
    'pool-dct-phase',
    '(i + 0.5)) / n)',
    '(i + (n > 4 ? 0.4 : 0.5))) / n)',
    "super-resolution's DCT is not orthogonal from factor 5",
  ),
  sr(
    'pool-dct-scale',
    '(k === 0 ? 1 : 2) / n',
    '(k === 0 || k > 4 ? 1 : 2) / n',
    "super-resolution's DCT is not normal from row 5",
  ),
  convolution(
    'blur-normalised',
    'return taps.map((tap) => tap / total)',
    'return taps',
    'the blur kernel does not sum to 1',
  ),
  convolution(
    'blur-reflect',
    '2 * extent - 2',
    '2 * extent',
    'reflection at the edge repeats the last pixel',
  ),
  convolution('blur-exponent', 'Math.exp(-0.5 *', 'Math.exp(-1 *', 'the Gaussian lacks ½'),
  blur(
    'blur-axes',
    'convolutionMatrix(taps, height, boundary),\n      convolutionMatrix(taps, width, boundary),',
    'convolutionMatrix(taps, height, boundary),\n      convolutionMatrix([...taps].fill(1 / taps.length) as never, width, boundary),',
    'rows are blurred by a box',
  ),
  keep('mask-planes', '? [channels, height * width] :', '? [1, height * width] :', 'one channel is measured'),
  hidden('box-edge', 'row >= top + h', 'row > top + h', 'the box hides one row too many'),
  hidden(
    'box-centre',
    '[(height - h) >> 1,',
    '[(height - h + 1) >> 1,',
    'the box is a row too low where it cannot be in the middle',
  ),
  hidden(
    'random-count',
    'Math.round(fraction * pixels)',
    'Math.floor(fraction * pixels)',
    'the number hidden is rounded down',
  ),
  hidden('random-kept', 'order.slice(hidden)', 'order.slice(0, hidden)', 'what should be hidden is kept'),
  grey('grey-pinv', 'y.div(norm ** 2)', 'y.div(norm)', 'the pseudo-inverse of grey over ‖w‖'),
  grey(
    'grey-luma',
    '[0.299, 0.587, 0.114]',
    '[0.2126, 0.7152, 0.0722]',
    "BT.709's weights under the name of BT.601",
  ),
  separable(
    'separable-order',
    'a.s[Math.floor(i / b.s.length) % a.s.length]! * b.s[i % b.s.length]!',
    'a.s[i % a.s.length]! * b.s[Math.floor(i / a.s.length) % b.s.length]!',
    'singular values in the order of columns',
  ),
]
