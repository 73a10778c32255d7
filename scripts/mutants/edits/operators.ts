import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const defined = (file: string) =>
  of(`operators/${file}`, 'operators/define', 'operators/operators', 'operators/catalog')
const spectral = (file: string) => of(`operators/${file}`, 'operators/spectral')
const operator = (file: string) => of(`operators/${file}`, 'operators')
const sr = operator('sampling/sr.ts')
const blocks = operator('sampling/block-dct.ts')
const convolution = operator('blur/convolution.ts')
const separable = operator('blur/separable.ts')
const keep = operator('pixels/keep.ts')
const hidden = operator('pixels/hidden.ts')
const grey = operator('pixels/grey.ts')
const compose = defined('compose.ts')
const kinds = defined('define.ts')
const inpaint = defined('pixels/inpaint.ts')
const masks = defined('pixels/hidden.ts')
const weights = defined('pixels/channel-weights.ts')
const spectrum = spectral('spectrum.ts')
const parts = operator('parts.ts')

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
  blocks(
    'pool-dct-phase',
    '(i + 0.5)) / n)',
    '(i + (n > 4 ? 0.4 : 0.5))) / n)',
    "super-resolution's DCT is not orthogonal from factor 5",
  ),
  blocks(
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
  convolution('blur-exponent', 'Math.exp(-0.5 *', 'Math.exp(-1 *', 'the Gaussian lacks ½'),
  keep('mask-planes', '? [channels, height * width] :', '? [1, height * width] :', 'one channel is measured'),
  hidden('box-edge', 'row < top + h', 'row <= top + h', 'the box hides one row too many'),
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
  weights(
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
  compose('compose-order', 'a.forward(b.forward(x))', 'b.forward(a.forward(x))', 'B after A'),
  compose(
    'compose-adjoint',
    'b.adjoint(a.adjoint(y))',
    'a.adjoint(b.adjoint(y))',
    'the adjoint of A ∘ B is AᵀBᵀ',
  ),
  compose(
    'compose-linear',
    '!isLinear(a) || !isLinear(b)',
    '!isLinear(b)',
    'linear after nothing but linear is linear',
  ),
  compose(
    'compose-display',
    '...(hasDisplay(a) &&',
    '...(!hasDisplay(a) &&',
    'a composition shows y as it is',
  ),
  kinds(
    'kind-unfilled',
    'make(shape, fill(info.name, info.options, given))',
    'make(shape, { ...given } as never)',
    'options are neither checked nor filled in',
  ),
  kinds(
    'kind-linear',
    'kindOf(definition, false,',
    'kindOf(definition, true,',
    'all kinds say that they are linear',
  ),
  inpaint(
    'inpaint-ways',
    'given(box ?? at ?? margin, random, keep, hide, mask) > 1',
    'given(box ?? at ?? margin, random, keep, hide, mask) > 2',
    'a box and random pixels are one way',
  ),
  inpaint(
    'inpaint-seed',
    'if (seed !== undefined && given(random, margin) === 0)',
    'if (seed !== undefined && box !== undefined && given(random, margin) === 0)',
    'a seed without random pixels is not refused',
  ),
  masks(
    'mask-own',
    'shared: flags.length === plane }',
    'shared: true }',
    'every mask is shared by the channels',
  ),
  masks('box-fits', 'if (h > height || w > width)', 'if (h > height)', 'a box may be wider than the image'),
  weights(
    'grey-mean',
    '() => 1 / channels)',
    '() => 1 / 3)',
    'the mean of the channels is a third of their sum',
  ),
  spectrum(
    'spectrum-values',
    'singularValues[place] = values[k]!',
    'singularValues[place] = values[0]!',
    'all singular values are the first',
  ),
  parts(
    'adjoint-transpose',
    'vjp(forward, at)[1](y)[0]',
    'vjp(forward, at)[1](y.mul(2))[0]',
    'derived adjoints are doubled',
  ),
  parts(
    'pinv-derived',
    'pinvFromSvd(svd())',
    'pinvFromSvd(svd(), { cutoff: 0.5 })',
    'derived pseudo-inverses lack half of A',
  ),
]
