import type { TapeRecord } from '@tweedie/autograd'
import { expect, test } from 'vitest'
import { keptCurve, memoryCurve, scheduleOf } from './curve.ts'
import type { ChainRun, Evaluation } from './engine/chain.ts'
import type { StepTape } from './engine/step.ts'
import { fields, turned } from './fields.ts'
import { totalOf, viewOf } from './graph.ts'
import { montageOf, statisticsOf } from './montage.ts'
import { bytesText, differenceOf, numberText, sameText, shapeText, timeText } from './words.ts'

/** x → a (halves) → b, c in one block → d, which takes a as well. */
const record = (op: string, inputs: number[], output: number, own: number): TapeRecord => ({
  ...{ op, inputs, outputs: [output], saved: [], bytes: own, own, forward: own / 10, backward: own / 5 },
})
const value = (id: number, side: number) =>
  ({ id, shape: [1, 2, side, side], dtype: 'float32', from: 'call' }) as const
const step = {
  tape: {
    nodes: [
      record('conv', [0, 9], 1, 10),
      record('norm', [1, 9], 2, 20),
      record('mul', [2, 2], 3, 30),
      record('add', [3, 1], 4, 40),
    ],
    values: [value(0, 8), value(1, 4), value(2, 4), value(3, 2), value(4, 4)],
  },
  blocks: [
    { id: 'a', title: 'A', nodes: [0] },
    { id: 'bc', title: 'BC', nodes: [1, 2] },
    { id: 'd', title: 'D', nodes: [3] },
  ],
} as unknown as StepTape

test('closed, the graph is of blocks; opened, of their calls; costs are sums; weights are no things', () => {
  const closed = viewOf(step, [])
  expect(closed.edges).toEqual([
    { from: 'x', to: 'a' },
    { from: 'a', to: 'bc' },
    { from: 'bc', to: 'd' },
    { from: 'a', to: 'd' },
  ])
  expect(closed.bands).toEqual([
    { id: 'x', lane: 0 },
    { id: 'a', lane: 1 },
    { id: 'bc', lane: 2 },
    { id: 'd', lane: 1 },
  ])
  expect(closed.items.map(({ id, kind, own, value }) => [id, kind, own, value])).toEqual([
    ['x', 'leaf', 0, 0],
    ['a', 'block', 10, 1],
    ['bc', 'block', 50, 3],
    ['d', 'block', 40, 4],
  ])
  const opened = viewOf(step, ['bc'])
  expect(opened.edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
    'x a',
    'a op1',
    'op1 op2',
    'op2 d',
    'a d',
  ])
  expect(opened.bands[2]).toEqual({ id: 'bc', lane: 2, ops: ['op1', 'op2'] })
  expect(opened.items.map(({ id }) => id)).toEqual(['x', 'a', 'bc', 'op1', 'op2', 'd'])
  expect(totalOf(step)).toEqual({ own: 100, forward: 10, backward: 20 })
})

test('a curve of many points keeps its peaks, and where they are', () => {
  const n = 10_000
  const at = Float64Array.from({ length: n }, (_, k) => k)
  const bytes = Float64Array.from({ length: n }, (_, k) => (k === 7777 ? 500 : (k % 7) + 1))
  const points = memoryCurve({ at, bytes }, 2 * n, 1000, 50)
  const top = points.reduce((best, point) => (point[1] > best[1] ? point : best))
  expect(top[1]).toBe(0.5)
  expect(Math.abs(top[0] - 7777 / (2 * n))).toBeLessThan(1 / 50)
  expect(points.length).toBeLessThanOrEqual(4 * 50)
  expect(points.every(([x], k) => x >= (points[k - 1]?.[0] ?? 0))).toBe(true)
  expect(points.at(-1)?.[0]).toBeCloseTo(0.5, 3)
})

const evaluation = (step: number, from: number, taped: boolean, kept = 1): Evaluation => ({
  ...{ step, from, to: from + 1, taped, kept },
})

test('equal heights are equal factors of what is kept', () => {
  const stairs = keptCurve(
    [evaluation(0, 0, false, 1), evaluation(1, 1, false, 10), evaluation(2, 2, true, 100)],
    6,
    [1, 100],
  )
  expect(stairs.map(([x, y]) => [Math.round(6 * x), y])).toEqual([
    [0, 0],
    [1, 0],
    [1, 0.5],
    [2, 0.5],
    [2, 1],
    [3, 1],
  ])
})

test('the schedule has each evaluation and each way back, in parts of the time', () => {
  const bars = scheduleOf({
    evaluations: [evaluation(0, 0, false), evaluation(1, 1, true)],
    back: [{ step: 1, from: 2, to: 5 }],
    milliseconds: 10,
  })
  expect(bars.map(({ kind, step, from, to }) => `${kind} ${step} ${10 * from} ${10 * to}`)).toEqual([
    'plain 0 0 1',
    'taped 1 1 2',
    'back 1 2 5',
  ])
})

test('a tensor is a picture of its channels; a number is none', () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i + 1)
  expect(montageOf([1, 3, 2, 2], data)).toEqual({
    height: 5,
    width: 5,
    // Two tiles above, one below, with lines of zeros between.
    data: Float32Array.of(1, 2, 0, 5, 6, 3, 4, 0, 7, 8, 0, 0, 0, 0, 0, 9, 10, 0, 0, 0, 11, 12, 0, 0, 0),
  })
  const square = montageOf([1, 1, 4], data.subarray(0, 4))
  expect(square).toEqual({ height: 2, width: 2, data: data.slice(0, 4) })
  expect(montageOf([1, 1, 2, 1, 2, 1], data.subarray(0, 4))).toEqual(square)
  expect(montageOf([1, 1, 4, 3], data)).toEqual({ height: 4, width: 3, data })
  expect(montageOf([1, 5], data.subarray(0, 5))).toMatchObject({ height: 2, width: 3 })
  expect(montageOf([], Float32Array.of(3))).toBeUndefined()
  expect(statisticsOf(Float32Array.of(-3, 1, 2))).toEqual({
    ...{ least: -3, most: 2, mean: 0, rms: Math.sqrt(14 / 3) },
  })
})

test('two gradients are compared by their bits', () => {
  const a = Float32Array.of(1, -2, 0)
  expect(differenceOf(a, a.slice())).toEqual({ count: 0, most: 0 })
  expect(differenceOf(a, Float32Array.of(1, -1.5, -0))).toEqual({ count: 2, most: 0.25 })
  const run = (gradient: Float32Array) => ({ gradient }) as unknown as ChainRun
  expect(sameText(run(a), run(a.slice()))).toBe('the same 3 numbers, bit for bit')
  expect(sameText(run(Float32Array.of(1, -1.5, 0)), run(a))).toBe(
    '1 of 3 numbers differ, by 0.250 of the largest',
  )
})

test('numbers in words; what is opened in the address', () => {
  expect([0, 1023, 1024, 75_264, 1_376_904].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.00 KiB',
    '73.5 KiB',
    '1.31 MiB',
  ])
  expect([0.123, 3.21, 45.6, 1234].map(timeText)).toEqual(['0.12 ms', '3.2 ms', '46 ms', '1.23 s'])
  expect([shapeText([]), shapeText([1, 28])]).toEqual(['a number', '1 × 28'])
  expect([0, 1.2345, 1e-7].map(numberText)).toEqual(['0', '1.23', '1.0e-7'])
  expect(turned(['a'], 'b')).toBe('a.b')
  expect(turned(['a', 'b'], 'a')).toBe('b')
  expect([fields.open.read('d0r0.op3'), fields.open.read('a..b')]).toEqual(['d0r0.op3', undefined])
})
