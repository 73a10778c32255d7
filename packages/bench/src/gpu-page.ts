import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { vjp } from '@tweedie/autograd'
import type { Shape, Tensor } from '@tweedie/tensor'
import { conv2d, dispatch, fromData, groupNorm, matmul, normal, randomKey, zeros } from '@tweedie/tensor'
import type { KernelCounts } from '@tweedie/tensor/gpu'
import { countKernels, gpuSupportTable } from '@tweedie/tensor/gpu'
import { networks } from './cases/networks.ts'
import { measuredTable } from './gpu-measured.ts'

// Tables of docs/gpu.md: what kernels of the gpu device do, counted in their text, and which primitives it has.

type Counts = Omit<KernelCounts, 'primitive'>

/** The sum of counts. */
export const summed = (counts: readonly Counts[]): Counts =>
  counts.reduce((a, b) => ({
    launches: a.launches + b.launches,
    flops: a.flops + b.flops,
    loadedBytes: a.loadedBytes + b.loadedBytes,
    movedBytes: a.movedBytes + b.movedBytes,
  }))

type Forward = (x: Tensor, t: Tensor) => Tensor

/** A network of the benchmarks, and a picture and a time to show it. */
export function shown(
  name: 'digits' | 'adm',
  picture: Shape,
): { forward: Forward; inputs: [Tensor, Tensor] } {
  const { forward, params } = networks[name]('wasm')
  return {
    forward: (x, t) => forward(params, x, t),
    inputs: [normal(randomKey(1), picture), fromData([500], [1])],
  }
}

/** Value and gradient in the picture. */
export const withGradient =
  (forward: Forward) =>
  (x: Tensor, t: Tensor): Tensor[] => {
    const [y, back] = vjp((z: Tensor) => forward(z, t), x)
    return [y, ...back(y)]
  }

const mega = (n: number): string => (n / 1e6).toFixed(n < 1e7 ? 1 : 0)
const perFlop = ({ loadedBytes, flops }: Counts): string => (loadedBytes / flops).toFixed(2)

function networkRows(name: string, { forward, inputs }: ReturnType<typeof shown>): string[] {
  return [
    [name, forward],
    [`${name}, with VJP`, withGradient(forward)],
  ].map(([what, fn]) => {
    const all = summed(countKernels(fn as Forward, inputs))
    return `| ${what} | ${all.launches} | ${mega(all.flops)} | ${mega(all.loadedBytes)} | ${mega(all.movedBytes)} | ${perFlop(all)} |`
  })
}

const shapesOf = (shapes: readonly Shape[]): Tensor[] => shapes.map((shape) => zeros(shape))

/** Kernels alone: with threads of one element, and as they run. All but the first input are there before. */
const kernels: readonly [string, (...xs: Tensor[]) => Tensor, readonly Shape[]][] = [
  [
    'matmul 512',
    (a, b) => matmul(a!, b!),
    [
      [512, 512],
      [512, 512],
    ],
  ],
  [
    'matmul 1024',
    (a, b) => matmul(a!, b!),
    [
      [1024, 1024],
      [1024, 1024],
    ],
  ],
  [
    'conv 3×3 64→64 @64²',
    (x, w) => conv2d(x!, w!, { padding: 1 }),
    [
      [1, 64, 64, 64],
      [64, 64, 3, 3],
    ],
  ],
  [
    'conv 3×3 128→128 @64²',
    (x, w) => conv2d(x!, w!, { padding: 1 }),
    [
      [1, 128, 64, 64],
      [128, 128, 3, 3],
    ],
  ],
  [
    'conv 3×3 128→128 @64² stride 2',
    (x, w) => conv2d(x!, w!, { padding: 1, stride: 2 }),
    [
      [1, 128, 64, 64],
      [128, 128, 3, 3],
    ],
  ],
  [
    'conv 1×1 256→256 @32²',
    (x, w) => conv2d(x!, w!),
    [
      [1, 256, 32, 32],
      [256, 256, 1, 1],
    ],
  ],
  [
    'groupNorm+SiLU 128 @64²',
    (x, w, b) => groupNorm(x!, w!, b!, { groups: 32, silu: true }),
    [[1, 128, 64, 64], [128], [128]],
  ],
  [
    'attention 64 channels, 1024 tokens',
    (q, k, v) => dispatch('attention', [q!, k!, v!], { scale: 0.125 }),
    [
      [1, 64, 1024],
      [1, 64, 1024],
      [1, 64, 1024],
    ],
  ],
]

function kernelRows(): string[] {
  return kernels.map(([name, fn, shapes]) => {
    const [x, ...constants] = shapesOf(shapes)
    const [narrow, now] = [Number.POSITIVE_INFINITY, undefined].map((from) =>
      summed(countKernels((input) => fn(input, ...constants), [x!], from)),
    ) as [Counts, Counts]
    return `| ${name} | ${now.launches} | ${mega(now.flops)} | ${mega(narrow.loadedBytes)} | ${mega(now.loadedBytes)} | ${mega(now.movedBytes)} | ${perFlop(narrow)} | ${perFlop(now)} |`
  })
}

/** What was measured on a card, if it was. */
export function measuredOnACard(): string | undefined {
  const file = resolve(import.meta.dirname, '../../../docs/gpu-measured.json')
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/**
 * The tables of the page, by the name between the marks.
 * @param measured - What `npm run bench:gpu` has written on a card.
 */
export const gpuTables = (measured: string | undefined): Readonly<Record<string, string>> => ({
  measured: measuredTable(measured),
  networks: [
    '| | launches | Mflop | MB loaded by threads | MB that must move | bytes loaded a flop |',
    '|---|--:|--:|--:|--:|--:|',
    ...networkRows('digits prior @28²', shown('digits', [1, 1, 28, 28])),
    ...networkRows('ADM U-Net 64·(1,2,2) @32²', shown('adm', [1, 3, 32, 32])),
  ].join('\n'),
  kernels: [
    '| | launches | Mflop | MB loaded, one element a thread | MB loaded | MB that must move | bytes a flop, one element a thread | bytes a flop |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
    ...kernelRows(),
  ].join('\n'),
  support: gpuSupportTable(),
})

const marks = (name: string) => [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`] as const

/** A table of the page. */
export const tableOf = (page: string, name: string): string =>
  page.split(marks(name)[0])[1]!.split(marks(name)[1])[0]!.trim()

/** The page with its tables written anew. */
export const withTables = (page: string, tables: Readonly<Record<string, string>>): string =>
  Object.entries(tables).reduce((text, [name, table]) => {
    const [begin, end] = marks(name)
    const [before, rest] = text.split(begin) as [string, string]
    return `${before}${begin}\n\n${table}\n\n${end}${rest.split(end)[1]}`
  }, page)
