import type { Edit } from '../edit.ts'
import { editsOf, inside as insideOf } from './of.ts'
import { valueEdits } from './values.ts'

const src = 'packages/tensor/src'
const of = editsOf(src)
const inside = (...paths: readonly string[]) => insideOf(src, ...paths)

const philox = of('random/philox.ts')
const random = of('random/random.ts')
const elementwise = of('reference/elementwise.ts')
const reduceLoops = of('reference/reduce.ts')
const softmaxLoops = of('reference/softmax.ts')
const contract = of('reference/contract.ts')
const groupNorm = of('reference/group-norm.ts')
const attention = of('reference/attention.ts')
const move = of('reference/move.ts')
const epilogue = of('reference/epilogue.ts')
const reduceOps = of('ops/reduce.ts')
const elementOps = of('ops/elementwise.ts')
const create = of('ops/create.ts')
const attentionOps = of('ops/attention.ts')
const groupNormOps = of('ops/group-norm.ts')
const views = of('views.ts')
const shape = of('shape.ts')
const winograd = of('wasm/conv/winograd/transforms.ts')
const statistics = of('wasm/normalise/statistics.ts')
const lanes = of('wasm/lanes/math.ts')
const softmax = of('wasm/normalise/softmax.ts')
const builder = of('wasm/asm/function.ts')
const groupNormLoops = of('wasm/normalise/group-norm-loops.ts')
const heap = of('wasm/runtime/heap.ts')

const randomness: readonly Edit[] = [
  philox(
    'philox-constant',
    '0xd2511f53, x0)\n    const low0',
    '0xd2511f55, x0)\n    const low0',
    'a multiplier of Philox',
    inside('random'),
  ),
  philox('philox-rounds', 'round < 10', 'round < 7', 'Philox with seven rounds', inside('random')),
  philox(
    'philox-carry',
    '(Math.imul(a0, b1) + (middle & 0xffff)) | 0',
    '(Math.imul(a0, b1) + middle) | 0',
    'the carry of the high product counts twice',
    inside('random'),
  ),
  philox(
    'philox-key-bump',
    '0xbb67ae85',
    '0xbb67ae86',
    'the second key grows by another number',
    inside('random'),
  ),
  random(
    'normal-cosine',
    'radius * Math.cos(angle)',
    'radius * Math.sin(angle)',
    'pairs of normals are equal',
    inside('random'),
  ),
  random(
    'normal-angle',
    '(2 * Math.PI * (words[i + 1]! + 0.5))',
    '(Math.PI * (words[i + 1]! + 0.5))',
    'the angle of Box–Muller covers half a turn',
    inside('random'),
  ),
  random(
    'normal-radius',
    'Math.sqrt(-2 * Math.log(',
    'Math.sqrt(-1.9 * Math.log(',
    'normals of variance 0.95',
    inside('random'),
  ),
  random(
    'normal-half',
    'Math.log((words[i]! + 0.5) / 2 ** 32)',
    'Math.log((words[i]! + 1) / 2 ** 32)',
    'the middle of a cell of the radius is its end',
    {
      ...inside('random'),
      equivalent: 'half of 2⁻³² in a uniform moves float32 draws by less than any test of a law can see',
    },
  ),
  random(
    'uniform-resolution',
    '(words[i]! >>> 8) / 2 ** 24',
    '(words[i]! >>> 8) / (2 ** 24 - 1)',
    'a uniform draw can be 1',
    inside('random'),
  ),
  random(
    'permutation-bias',
    'Math.floor(units[i]! * (i + 1))',
    'Math.floor(units[i]! * i)',
    'permutations without fixed points (Sattolo)',
    inside('random'),
  ),
  random(
    'integers-bias',
    'if (word < limit && i < count)',
    'if (i < count)',
    'integers with the bias of the remainder',
    inside('random'),
  ),
  random(
    'name-length',
    'by.length, 2 + block,',
    '0, 2 + block,',
    'a name folds without its length',
    inside('random'),
  ),
  random(
    'fold-high-word',
    'philox4x32(by >>> 0, Math.floor(by / 2 ** 32), 0, 1,',
    'philox4x32(by >>> 0, 0, 0, 1,',
    'numbers beyond 2³² fold like small ones',
    inside('random'),
  ),
  random(
    'seed-high-word',
    'makeKey(seed >>> 0, Math.floor(seed / 2 ** 32))',
    'makeKey(seed >>> 0, 0)',
    'seeds beyond 2³² are those below',
    inside('random'),
  ),
  random(
    'draw-counter',
    'philox4x32((first + at) / 4, 0, 0, 0,',
    'philox4x32((first + at) >>> 3, 0, 0, 0,',
    'every block of four words comes twice',
    inside('random'),
  ),
]

const reference: readonly Edit[] = [
  elementwise('silu-slope', 's * (1 + x * (1 - s))', 's * (1 + x * s)', "SiLU's slope"),
  elementwise(
    'clamp-order',
    'Math.min(Math.max(v, low!), high!)',
    'Math.max(v, low!)',
    'clamp has no upper end',
  ),
  elementwise(
    'less-equal',
    'le: (a, b) => (a <= b ? 1 : 0)',
    'le: (a, b) => (a < b ? 1 : 0)',
    'less-or-equal is less',
  ),
  elementwise(
    'erf-scale',
    '(2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum',
    '(2 / Math.sqrt(Math.PI)) * Math.exp(-z) * sum',
    'erf near 0',
  ),
  elementwise('sub-order', '= p[i]! - q[i]!', '= q[i]! - p[i]!', 'a difference is turned round'),
  elementwise(
    'affine-shift',
    'a! * values[i]! + b!',
    'a! * (values[i]! + b!)',
    'affine shifts before it scales',
  ),
  reduceLoops(
    'argmax-tie',
    'x > best || (Number.isNaN(x)',
    'x >= best || (Number.isNaN(x)',
    'argmax takes the last of equals',
  ),
  reduceLoops(
    'reduce-min-start',
    'fold(Infinity, Math.min)',
    'fold(0, Math.min)',
    'the least of positive numbers is 0',
  ),
  reduceLoops(
    'cumsum-reset',
    'let total = 0\n        for (let j = 0; j < length; j++) {\n          const at',
    'let total = 1\n        for (let j = 0; j < length; j++) {\n          const at',
    'cumulative sums start at 1',
  ),
  softmaxLoops(
    'softmax-grad-inner',
    '(g[start + i]! - inner)',
    'g[start + i]!',
    "softmax's gradient without its mean",
  ),
  contract(
    'matmul-third-column',
    'factor * right[at + 2]!',
    'factor * right[at + 1]!',
    'of four columns of a product the third is the second',
  ),
  contract(
    'matmul-last-columns',
    'total += left[row + l]! * right[at]!',
    'total += left[l]! * right[at]!',
    'columns left over take the first row',
  ),
  contract(
    'conv-padding-side',
    'p * stride[0] + u * rhsDilation[0] - padding[0][0]',
    'p * stride[0] + u * rhsDilation[0] - padding[0][1]',
    'the top padding is the bottom one',
  ),
  contract(
    'conv-dilation-axis',
    'q * stride[1] + v * rhsDilation[1]',
    'q * stride[1] + v * rhsDilation[0]',
    'the dilation of rows along columns',
  ),
  contract(
    'conv-groups',
    'Math.floor(o / (outChannels / groups)) * perGroup',
    'Math.floor(o / groups) * perGroup',
    'groups of output channels',
  ),
  groupNorm(
    'group-norm-eps',
    '1 / Math.sqrt(variance + eps)',
    '1 / (Math.sqrt(variance) + eps)',
    'ε outside of the root',
  ),
  groupNorm(
    'group-norm-mean-term',
    '(h[i]! - meanH - n * meanHn)',
    '(h[i]! - n * meanHn)',
    "group norm's gradient without the mean",
  ),
  groupNorm(
    'group-norm-channel',
    'g * perGroup + Math.floor(i / pixels)',
    'g + Math.floor(i / pixels)',
    'weights of other channels',
  ),
  attention(
    'attention-scale',
    'const ds = scale * p[n]! * (dp[n]! - inner)',
    'const ds = p[n]! * (dp[n]! - inner)',
    "attention's gradient without the scale",
  ),
  attention('attention-dv', 'g * p[n]!', 'g', 'the gradient in the values ignores the weights'),
  move(
    'pad-low',
    '(low[axis]! + (Math.floor',
    '(0 * low[axis]! + (Math.floor',
    'padding goes to the end only',
  ),
  move(
    'scatter-overwrite',
    'out.data[to + k]! += values',
    'out.data[to + k]! = values',
    'scatterAdd keeps the last of several',
  ),
  epilogue(
    'epilogue-order',
    "activation === 'silu' ? silu(z) : z",
    "activation === 'silu' ? silu(sum) + z - sum : z",
    'SiLU before the bias',
  ),
  epilogue(
    'epilogue-row-bias',
    "params.bias === 'row' ? Math.floor(at / columns) % rows : at % columns",
    "params.bias === 'row' ? at % rows : at % columns",
    'a bias per row along columns',
  ),
]

const ops: readonly Edit[] = [
  reduceOps(
    'variance-correction',
    'options.correction ?? 0',
    'options.correction ?? 1',
    "variance's default correction is 1",
  ),
  reduceOps(
    'mean-denominator',
    "return div(sum(x, axes, keepDims), countOf('mean', x, axes))",
    'return div(sum(x, axes, keepDims), x.size)',
    'the mean of an axis is over all elements',
  ),
  reduceOps(
    'logsumexp-top',
    'add(log(sum(exp(sub(x, pivot)), reduced, true)), pivot)',
    'log(sum(exp(x), reduced, true))',
    'logSumExp overflows',
  ),
  elementOps(
    'sub-reversed',
    "return affine('sub', b, -1, a)",
    "return affine('sub', b, 1, -a)",
    'number − tensor with the other sign',
  ),
  elementOps('greater-equal', '=> lessEqual(b, a)', '=> less(b, a)', 'greater-or-equal is greater'),
  create(
    'linspace-count',
    '((stop - start) * i) / (count - 1)',
    '((stop - start) * i) / count',
    'linspace leaves out its end',
  ),
  create('arange-step', 'start + i * step', 'start + i', 'the step of arange is 1'),
  create('eye-diagonal', 'values[i * n + i] = 1', 'values[i * n] = 1', 'ones in the first column'),
  attentionOps(
    'attention-default-scale',
    '1 / Math.sqrt(channels || 1)',
    '1 / (channels || 1)',
    'attention is scaled by 1/d',
  ),
  groupNormOps(
    'group-norm-default-eps',
    'options.eps ?? 1e-5',
    'options.eps ?? 1e-6',
    'another default ε of group norm',
  ),
  views('slice-offset', 'offset += at * x.strides[i]!', 'offset += at', 'slices start at the wrong element'),
  shape(
    'broadcast-stride',
    'i < lead || view.shape[i - lead] === 1 ? 0',
    'i < lead ? 0',
    'axes of extent 1 do not repeat',
  ),
  shape('negative-axis', 'axis < 0 ? axis + rank : axis', 'axis < 0 ? -axis : axis', 'axis −1 is axis 1'),
]

const kernels: readonly Edit[] = [
  winograd(
    'winograd-points',
    'const [a, b] = [5 / 8, 3 / 2]',
    'const [a, b] = [5 / 8, 7 / 4]',
    'other interpolation points',
    {
      ...inside('wasm/conv/winograd/winograd.test.ts'),
      equivalent: 'any two points give the same convolution up to rounding',
    },
  ),
  winograd(
    'winograd-constant',
    '1 / (2 * a2 * (a2 - b2))',
    '1 / (a2 * (a2 - b2))',
    "a constant of Winograd's transform",
    inside('wasm/conv/winograd/winograd.test.ts'),
  ),
  winograd(
    'winograd-two-output',
    'add(m3, sub(m1, m2))',
    'add(m3, sub(m2, m1))',
    'a sign of F(2, 3)',
    inside('wasm/conv/winograd/winograd.test.ts'),
  ),
  statistics(
    'group-norm-pivot',
    "f.local('f64', f64.promoteF32(f32.load(at)))",
    "f.local('f64', 0)",
    'sums of squares without a pivot: cancellation at large means',
    inside('wasm/normalise/group-norm.test.ts'),
  ),
  statistics(
    'group-norm-mean',
    'f64.add(pivot, f64.div(sum, n))',
    'f64.div(sum, n)',
    'the mean without its pivot',
    inside('wasm/normalise/group-norm.test.ts'),
  ),
  softmax(
    'wasm-softmax-mask',
    'f.set(h, masked(v128.load(a), lanes))',
    'f.set(h, v128.load(a))',
    'lanes beyond the row count in the gradient of softmax',
    inside('wasm/normalise/softmax.test.ts'),
  ),
  softmax(
    'wasm-softmax-inner',
    'f32x4.sub(v128.load(dy), inner)',
    'v128.load(dy)',
    "softmax's gradient without its mean, in the kernel",
    inside('wasm/normalise/softmax.test.ts'),
  ),
  groupNormLoops(
    'wasm-group-norm-weight',
    'f64.add(product, f64.mul(ofChannel, sums.product()))',
    'f64.add(product, sums.product())',
    "a channel's weight is left out of the gradient's mean",
    inside('wasm/normalise/group-norm.test.ts'),
  ),
  lanes(
    'exp-coefficient',
    '[0.49999994, 0.1666652',
    '[0.49999994, 0.1666752',
    "a coefficient of exp's polynomial",
  ),
  lanes(
    'log-coefficient',
    '0.3333333, -0.2500083',
    '0.3333333, -0.2500283',
    "a coefficient of log's polynomial",
  ),
  builder(
    'builder-minus-zero',
    "Object.is(value, -0) ? '-0' : value}`, f32x4",
    'value}`, f32x4',
    'constants 0 and −0 are one',
    inside('wasm/asm'),
  ),
  builder(
    'builder-prelude',
    '...vector(declarations), ...this.#prelude]',
    '...vector(declarations)]',
    'vector constants are never set',
    inside('wasm/asm'),
  ),
  builder(
    'builder-wide-fusion',
    'this.#fused ? f64x2.relaxedMadd(a, b, c) : ',
    '',
    'float64 sums are never fused',
    inside('wasm/asm'),
  ),
  builder(
    'builder-negated-product',
    'f32x4.sub(c, f32x4.mul(a, b))',
    'f32x4.sub(f32x4.mul(a, b), c)',
    'c − a·b has the other sign where it is not fused',
    inside('wasm/asm'),
  ),
  lanes('fade-top', 'const top = f.f32(87)', 'const top = f.f32(8)', 'e⁻ˣ is 0 from 8 on'),
  heap(
    'heap-over-read',
    '(Math.ceil(bytes / alignment) + 1) * alignment',
    'Math.ceil(bytes / alignment) * alignment',
    'no room to read beyond the end of a block',
  ),
]

export const tensorEdits: readonly Edit[] = [...randomness, ...reference, ...ops, ...kernels, ...valueEdits]
