import type { KernelCall, View } from '../../device.ts'
import type { PrimitiveName } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { Index } from './index-math.ts'
import { add, address, constant, coordinates, divide, Once, render, scale } from './index-math.ts'
import type { Planner, Stage } from './program.ts'
import { accumulate, element, literal, mergeAxes, threadOf, unrolled } from './program.ts'

/*
 * Attention of q [… d, M] over k [… d, N] with v [… e, N]: scores [… M, N], then of each row its largest score and
 * the sum of exponentials beside it, then the weighted values. Weights are made where they are needed, of the scores;
 * they are not stored.
 */

type Source = Stage['inputs'][number]
type Call = KernelCall<'attention' | 'attentionGrad'>

/** The extents of a call, its leading axes as one or more that all inputs walk alike. */
interface Geometry {
  readonly lead: readonly number[]
  readonly strides: readonly (readonly number[])[]
  readonly inputs: readonly View[]
  /** Of queries and keys, of values; queries; keys. */
  readonly d: number
  readonly e: number
  readonly m: number
  readonly n: number
  readonly batch: number
}

function geometryOf({ inputs }: Call): Geometry {
  const [q, k, v] = inputs as readonly [View, View, View]
  const { shape: lead, strides } = mergeAxes(
    q.shape.slice(0, -2),
    inputs.map((view) => view.strides.slice(0, -2)),
  )
  const [d, m, n, e] = [q.shape.at(-2)!, q.shape.at(-1)!, k.shape.at(-1)!, v.shape.at(-2)!]
  return { lead, strides, inputs, d, e, m, n, batch: sizeOf(lead) }
}

/** An element of input `which`, that is argument `argument`, of batch b. */
function elementOf(g: Geometry, which: number, argument: number, b: Index, i: Index, j: Index): string {
  const { strides, offset } = g.inputs[which]!
  const own = { strides: [...g.strides[which]!, ...strides.slice(-2)], offset }
  return element(argument, address(own, [...coordinates(b, g.lead), i, j]))
}

const kernel = (lines: readonly string[], length: number, inputs: readonly Source[]): Stage => ({
  body: lines.join('\n'),
  length,
  inputs,
})

/** Where a score is among [batch, M, N], and a number of a row among [2][batch][M]. */
const scoreAt = ({ m, n }: Geometry, b: Index, i: Index, j: Index) => add(scale(b, m * n), scale(i, n), j)
const rowAt = ({ batch, m }: Geometry, which: 0 | 1, b: Index, i: Index) =>
  add(constant(which * batch * m), scale(b, m), i)

/** Finds `top`, the largest of a row's scores. */
const largest = (g: Geometry, score: (k: Index) => string): string[] => [
  `let top = ${score(constant(0))};`,
  unrolled('k', g.n, (k) =>
    [`const s = ${score(k)};`, 'if (s > top) { top = s; }', 'if (!(s === s)) { top = s; }'].join('\n'),
  ),
]

/** Stage 0: the scores. Stage 1: of each row the largest, and Σ e^(score − largest). */
function scored(g: Geometry, factor: number): [Stage, Stage] {
  const scores = g.batch * g.m * g.n
  const once = new Once()
  const [b, i, j] = once.all(coordinates(threadOf(scores), [g.batch, g.m, g.n])) as [Index, Index, Index]
  const dot = accumulate(g.d, ['total'], ([into], c) => {
    return `${into} = ${into} + ${elementOf(g, 0, 0, b, c, i)} * ${elementOf(g, 1, 1, b, c, j)};`
  })
  const rows = 2 * g.batch * g.m
  const [which, ...place] = coordinates(threadOf(rows), [2, g.batch, g.m]) as [Index, Index, Index]
  const own = new Once()
  const [of, row] = own.all(place) as [Index, Index]
  const score = (k: Index) => element(0, scoreAt(g, of, row, k))
  return [
    kernel(
      [...once.lines, 'let total = 0;', dot, `return total * ${literal('attention', factor)};`],
      scores,
      [0, 1],
    ),
    kernel(
      [
        ...own.lines,
        ...largest(g, score),
        'let total = 0;',
        `if (${render(which)} > 0) {`,
        accumulate(g.n, ['total'], ([into], k) => `${into} = ${into} + expOf(${score(k)} - top);`),
        'top = total;',
        '}',
        'return top;',
      ],
      rows,
      [{ stage: 0 }],
    ),
  ]
}

/** e^(score − largest) of a row, that is the weight but for the row's sum; scores and rows are these arguments. */
const unscaled = (g: Geometry, [scores, rows]: readonly [number, number], b: Index, i: Index, j: Index) =>
  `expOf(${element(scores, scoreAt(g, b, i, j))} - ${element(rows, rowAt(g, 0, b, i))})`
const weight = (g: Geometry, from: readonly [number, number], b: Index, i: Index, j: Index) =>
  `${unscaled(g, from, b, i, j)} / ${element(from[1], rowAt(g, 1, b, i))}`

/** Of short rows each thread finds the largest score and the sum for itself: that is less work than one kernel more. */
const shortRow = 128

const attention: Planner<'attention'> = (call) => {
  const g = geometryOf(call)
  const length = sizeOf(call.shape)
  const once = new Once()
  const [b, c, i] = once.all(coordinates(threadOf(length), [g.batch, g.e, g.m])) as [Index, Index, Index]
  const [scores, rows] = scored(g, call.params.scale)
  if (g.n <= shortRow) {
    const score = (j: Index) => element(0, scoreAt(g, b, i, j))
    const own = [
      ...once.lines,
      ...largest(g, score),
      'let total = 0;',
      accumulate(g.n, ['total'], ([into], j) => `${into} = ${into} + expOf(${score(j)} - top);`),
      'const sum = total;',
      'total = 0;',
      accumulate(g.n, ['total'], ([into], j) => {
        return `${into} = ${into} + expOf(${score(j)} - top) * ${elementOf(g, 2, 1, b, c, j)};`
      }),
      'return total / sum;',
    ]
    return [scores, kernel(own, length, [{ stage: 0 }, 2])]
  }
  const sum = accumulate(g.n, ['total'], ([into], j) => {
    return `${into} = ${into} + ${unscaled(g, [0, 1], b, i, j)} * ${elementOf(g, 2, 2, b, c, j)};`
  })
  return [
    scores,
    rows,
    kernel(
      [...once.lines, 'let total = 0;', sum, `return total / ${element(1, rowAt(g, 1, b, i))};`],
      length,
      [{ stage: 0 }, { stage: 1 }, 2],
    ),
  ]
}

/**
 * The gradients in q, k and v, one after another: with P the weights and S the slopes of the scores, k Sᵀ, (q S)ᵀ and
 * (dy P)ᵀ.
 */
const attentionGrad: Planner<'attentionGrad'> = (call) => {
  const g = geometryOf(call)
  const scores = g.batch * g.m * g.n
  const place = coordinates(threadOf(scores), [g.batch, g.m, g.n]) as [Index, Index, Index]
  // Stage 2: the gradients of the weights, dyᵀ v.
  const once = new Once()
  const [b, i, j] = once.all(place) as [Index, Index, Index]
  const ofWeights = kernel(
    [
      ...once.lines,
      'let total = 0;',
      accumulate(g.e, ['total'], ([into], c) => {
        return `${into} = ${into} + ${elementOf(g, 3, 0, b, c, i)} * ${elementOf(g, 2, 1, b, c, j)};`
      }),
      'return total;',
    ],
    scores,
    [3, 2],
  )
  // Stage 3: their mean in each row, by the weights.
  const rows = new Once()
  const [of, row] = rows.all(coordinates(threadOf(g.batch * g.m), [g.batch, g.m])) as [Index, Index]
  const inRow = kernel(
    [
      ...rows.lines,
      'let total = 0;',
      accumulate(g.n, ['total'], ([into], k) => {
        const slope = element(2, scoreAt(g, of, row, k))
        return `${into} = ${into} + ${unscaled(g, [0, 1], of, row, k)} * ${slope};`
      }),
      `return total / ${element(1, rowAt(g, 1, of, row))};`,
    ],
    g.batch * g.m,
    [{ stage: 0 }, { stage: 1 }, { stage: 2 }],
  )
  // Stage 4: the weights, then the slopes of the scores.
  const [which, ...at] = coordinates(threadOf(2 * scores), [2, g.batch, g.m, g.n]) as [
    Index,
    Index,
    Index,
    Index,
  ]
  const mean = element(3, add(scale(at[0], g.m), at[1]))
  const slopes = kernel(
    [
      `let r = ${weight(g, [0, 1], ...at)};`,
      `if (${render(which)} > 0) { r = r * (${element(2, scoreAt(g, ...at))} - ${mean}) * ${literal('attentionGrad', call.params.scale)}; }`,
      'return r;',
    ],
    2 * scores,
    [0, 1, 2, 3].map((stage) => ({ stage })),
  )
  // Stage 5: the three products, in the order of the result.
  const sizes = [g.batch * g.d * g.m, g.batch * g.d * g.n, g.batch * g.e * g.n] as const
  const length = sizes[0] + sizes[1] + sizes[2]
  const thread = threadOf(length)
  const saved = (which: 0 | 1, b: Index, i: Index, j: Index) =>
    element(0, add(constant(which * scores), scoreAt(g, b, i, j)))
  const product = (first: number, size: number, condition: string, body: (from: Index) => string) =>
    size === 0 ? '' : `if (${condition}) {\n${body(add(thread, constant(-first)))}\n}`
  const sum = (count: number, term: (k: Index) => string) =>
    accumulate(count, ['total'], ([into], k) => `${into} = ${into} + ${term(k)};`)
  const split = (from: Index, rows: number, columns: number) => {
    const [row, column] = coordinates(from, [g.batch, rows, columns]).slice(1) as [Index, Index]
    return [divide(from, rows * columns), row, column] as const
  }
  const [first, second] = [sizes[0], sizes[0] + sizes[1]]
  const products = kernel(
    [
      'let total = 0;',
      product(0, sizes[0], `${render(thread)} < ${first}`, (from) => {
        const [b, c, i] = split(from, g.d, g.m)
        return sum(g.n, (k) => `${elementOf(g, 1, 2, b, c, k)} * ${saved(1, b, i, k)}`)
      }),
      product(first, sizes[1], `${render(thread)} >= ${first} && ${render(thread)} < ${second}`, (from) => {
        const [b, j, c] = split(from, g.n, g.d)
        return sum(g.m, (k) => `${elementOf(g, 0, 1, b, c, k)} * ${saved(1, b, k, j)}`)
      }),
      product(second, sizes[2], `${render(thread)} >= ${second}`, (from) => {
        const [b, j, c] = split(from, g.n, g.e)
        return sum(g.m, (k) => `${elementOf(g, 3, 3, b, c, k)} * ${saved(0, b, k, j)}`)
      }),
      'return total;',
    ],
    length,
    [{ stage: 4 }, 0, 1, 3],
  )
  return [...scored(g, call.params.scale), ofWeights, inRow, slopes, products]
}

/** Attention and its gradient: two or three kernels, and six. */
export const attentionPlanners = { attention, attentionGrad } satisfies { [P in PrimitiveName]?: Planner<P> }
