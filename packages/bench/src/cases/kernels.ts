import type { Shape } from '@tweedie/tensor'
import { sizeOf } from '@tweedie/tensor'
import type { BenchCase, ChainName } from './case.ts'

const product = (label: string, m: number, k: number, n: number): BenchCase => ({
  name: `matmul ${label}`,
  op: { kind: 'matmul' },
  wrt: [],
  inputs: { a: [m, k], b: [k, n] },
  cost: { flops: 2 * m * k * n },
})

interface ConvSize {
  readonly channels: readonly [number, number]
  readonly extent: number
  readonly kernel?: number
  readonly stride?: number
  readonly batch?: number
}

/** Forward, input gradient and weight gradient of a convolution with zeros around that keep the extent at stride 1. */
function convolution({
  channels: [cin, cout],
  extent,
  kernel = 3,
  stride = 1,
  batch = 1,
}: ConvSize): BenchCase[] {
  const out = Math.ceil(extent / stride)
  const dy: Shape = [batch, cout, out, out]
  const inputs = { x: [batch, cin, extent, extent], w: [cout, cin, kernel, kernel] }
  const label = [
    `conv ${kernel}×${kernel} ${cin}→${cout} @${extent}²`,
    ...(batch > 1 ? [`×${batch}`] : []),
    ...(stride > 1 ? [`stride ${stride}`] : []),
  ].join(' ')
  const common = {
    op: { kind: 'conv2d', stride, padding: (kernel - 1) / 2 },
    cost: { flops: 2 * sizeOf(dy) * cin * kernel ** 2 },
  } as const
  return [
    { name: `${label} forward`, wrt: [], inputs, ...common },
    { name: `${label} input gradient`, wrt: ['x'], inputs: { ...inputs, dy }, ...common },
    { name: `${label} weight gradient`, wrt: ['w'], inputs: { ...inputs, dy }, ...common },
  ]
}

/** An op and its gradient in all inputs, whose cost is told for both. */
function both(
  label: string,
  op: BenchCase['op'],
  inputs: Readonly<Record<string, Shape>>,
  dy: Shape,
  costs: readonly [BenchCase['cost'], BenchCase['cost']],
): BenchCase[] {
  return [
    { name: `${label} forward`, op, wrt: [], inputs, cost: costs[0] },
    { name: `${label} backward`, op, wrt: Object.keys(inputs), inputs: { ...inputs, dy }, cost: costs[1] },
  ]
}

/** The arrays that must be read or written at least: input and result; input, cotangent and gradient. */
const moved = (shape: Shape): readonly [BenchCase['cost'], BenchCase['cost']] => [
  { bytes: 8 * sizeOf(shape) },
  { bytes: 12 * sizeOf(shape) },
]

function groupNormSilu(channels: number, extent: number): BenchCase[] {
  const x: Shape = [1, channels, extent, extent]
  const inputs = { x, weight: [channels], bias: [channels] }
  const op = { kind: 'groupNormSilu', groups: 32, eps: 1e-5 } as const
  return both(`groupNorm+SiLU ${channels} @${extent}²`, op, inputs, x, moved(x))
}

const softmax = (n: number): BenchCase[] =>
  both(`softmax ${n}²`, { kind: 'softmax' }, { x: [n, n] }, [n, n], moved([n, n]))

/** Two products forward; four backward. */
function attention(heads: number, headDim: number, tokens: number): BenchCase[] {
  const shape: Shape = [heads, tokens, headDim]
  const flops = 4 * heads * tokens ** 2 * headDim
  const label = `attention ${heads}×${headDim} ${tokens} tokens`
  return both(label, { kind: 'attention' }, { q: shape, k: shape, v: shape }, shape, [
    { flops },
    { flops: 2 * flops },
  ])
}

/** Told as the operations of a radix-2 FFT, 5·n·log₂ n for n complex numbers, whatever an engine does. */
const dft = (n: number): BenchCase => ({
  name: `dft ${n}² complex`,
  op: { kind: 'dft' },
  wrt: [],
  inputs: { x: [2, n, n] },
  cost: { flops: 5 * n ** 2 * Math.log2(n ** 2) },
})

const chain = (name: ChainName, n: number): BenchCase => ({
  name: `chain ${name} 1M`,
  op: { kind: 'chain', name },
  wrt: [],
  inputs: { x: [n], y: [n] },
  cost: { bytes: (name === 'exp(−x²)' ? 8 : 12) * n },
})

/** Next to nothing to compute: what it takes to call an op at all. */
const dispatch: BenchCase = {
  name: 'add of [1] and [1]',
  op: { kind: 'chain', name: 'x + y' },
  wrt: [],
  inputs: { x: [1], y: [1] },
  cost: null,
}

/** The kernel suite: the shapes that U-Nets of this field are made of. */
export const kernelCases: readonly BenchCase[] = [
  ...[256, 512, 1024].map((n) => product(`${n}`, n, n, n)),
  product('1000×77×333', 1000, 77, 333),
  ...convolution({ channels: [64, 64], extent: 64 }),
  ...convolution({ channels: [128, 128], extent: 32 }),
  ...convolution({ channels: [256, 256], extent: 16 }),
  ...convolution({ channels: [128, 128], extent: 64 }),
  ...convolution({ channels: [3, 64], extent: 64 }),
  ...convolution({ channels: [128, 128], extent: 64, stride: 2 }),
  ...convolution({ channels: [32, 32], extent: 28, batch: 16 }),
  ...convolution({ channels: [256, 256], extent: 32, kernel: 1 }),
  ...groupNormSilu(128, 64),
  ...softmax(1024),
  ...attention(4, 64, 256),
  ...attention(4, 64, 1024),
  ...[64, 128, 256, 384, 512].map(dft),
  ...(['x·y + x', 'silu(x) · y', 'exp(−x²)'] as const).map((name) => chain(name, 2 ** 20)),
  dispatch,
]
