import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tensor } from '../index.ts'
import {
  abs,
  add,
  conv2d,
  div,
  exp,
  fromData,
  matmul,
  maximum,
  mul,
  neg,
  normal,
  randomKey,
  scope,
  sigmoid,
  silu,
  sub,
  sum,
  transpose,
} from '../index.ts'
import type { Step } from './fuse.ts'
import { fuse, mostInputs } from './fuse.ts'
import type { GpuDevice } from './index.ts'
import { loadGpu } from './index.ts'

let device: GpuDevice
beforeAll(async () => {
  device = await loadGpu({ backend: 'cpu' })
})
afterAll(() => device.close())

const draw = (name: number, shape: readonly number[], on: string = 'gpu') =>
  normal(randomKey(name), shape, { device: on })

/** How many kernels a function takes for the results it returns, and their values. */
async function launches(fn: () => Tensor | readonly Tensor[]) {
  const before = device.stats().launches
  const made = scope(fn)
  const results = 'length' in made ? made : [made]
  const taken = device.stats().launches - before
  const values = await Promise.all(results.map((x) => x.data()))
  for (const x of results) x.dispose()
  return { taken, values }
}

describe('how many kernels', () => {
  const functions: readonly [what: string, taken: number, fn: (on: string) => Tensor | readonly Tensor[]][] =
    [
      ['a chain', 1, (on) => exp(neg(mul(add(draw(0, [6, 6], on), draw(1, [6, 6], on)), 0.5)))],
      [
        'a chain with a value that is wanted',
        2,
        (on) => {
          const inner = add(draw(0, [6, 6], on), 1)
          return [inner, exp(inner)]
        },
      ],
      [
        'what follows a product',
        1,
        (on) => silu(add(matmul(draw(0, [6, 6], on), draw(1, [6, 6], on)), draw(2, [6], on))),
      ],
      [
        'two products added',
        1,
        (on) => {
          const [a, b] = [draw(0, [6, 6], on), draw(1, [6, 6], on)]
          return add(matmul(a, b), matmul(b, a))
        },
      ],
      ['what follows a sum', 1, (on) => div(sum(draw(0, [6, 6], on), 1), 6)],
      [
        'what a loop reads is there before',
        2,
        (on) => matmul(mul(draw(0, [6, 6], on), 2), draw(1, [6, 6], on)),
      ],
      [
        'what is transposed after',
        2,
        (on) => add(transpose(matmul(draw(0, [6, 6], on), draw(1, [6, 6], on))), 1),
      ],
      [
        'a bias made of two',
        1,
        (on) => {
          const bias = add(draw(3, [4], on), draw(4, [4], on))
          return conv2d(draw(0, [1, 2, 6, 6], on), draw(1, [4, 2, 3, 3], on), { padding: 1, bias })
        },
      ],
      [
        'a residual that is a convolution',
        1,
        (on) => {
          const image = draw(0, [1, 2, 6, 6], on)
          const residual = conv2d(image, draw(2, [4, 2, 1, 1], on))
          return conv2d(image, draw(1, [4, 2, 3, 3], on), { padding: 1, residual })
        },
      ],
      [
        'one value for two',
        2,
        (on) => {
          const shared = sub(draw(0, [6, 6], on), 1)
          return [exp(shared), abs(shared)]
        },
      ],
      [
        'one sum for two',
        3,
        (on) => {
          const total = sum(draw(0, [6, 6], on), 1, true)
          return [mul(draw(1, [6, 6], on), total), add(draw(1, [6, 6], on), total)]
        },
      ],
      [
        'the same sum twice',
        3,
        (on) => {
          const a = draw(0, [6, 6], on)
          return [add(sum(a, 1, true), a), mul(sum(a, 1, true), a)]
        },
      ],
      ['the same result twice', 2, (on) => [exp(draw(0, [6, 6], on)), exp(draw(0, [6, 6], on))]],
      [
        'a value and what it is transposed',
        2,
        (on) => {
          const twice = mul(draw(0, [6, 6], on), 2)
          return add(twice, transpose(twice))
        },
      ],
      [
        'no one reads it, nor what it is made of',
        1,
        (on) => {
          const [a, b] = [draw(0, [6, 6], on), draw(1, [6, 6], on)]
          matmul(matmul(a, b), b)
          return neg(a)
        },
      ],
      [
        'no one reads it',
        1,
        (on) => {
          exp(draw(0, [6, 6], on))
          return neg(draw(1, [6, 6], on))
        },
      ],
      [
        'more inputs than a kernel takes',
        2,
        (on) =>
          Array.from({ length: mostInputs + 3 }, (_, i) => draw(i, [6, 6], on)).reduce((a, b) => add(a, b)),
      ],
    ]
  test.each(functions)('%s: %i', async (_what, taken, fn) => {
    const found = await launches(() => fn('gpu'))
    const expected = scope(() => fn('reference'))
    const all = 'length' in expected ? expected : [expected]
    expect(found.taken).toBe(taken)
    all.forEach((want, k) => {
      const values = want.dataSync()
      found.values[k]!.forEach((v, i) => expect(v).toBeCloseTo(values[i]!, 5))
    })
  })
})

/** Instructions of a random program over a growing list of matrices [4, 4]. */
const binaries = [add, sub, mul, maximum, matmul, (a: Tensor, b: Tensor) => add(a, transpose(b))]
const unaries = [
  neg,
  abs,
  sigmoid,
  silu,
  (a: Tensor) => mul(a, 0.5),
  (a: Tensor) => add(mul(a, sum(a, 0, true)), 0.25),
  (a: Tensor) => abs(transpose(a)),
]
const instruction = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99))

test('programs of any calls, with any results wanted, agree with the reference device', async () => {
  const program = fc.array(instruction, { minLength: 1, maxLength: 14 })
  await fc.assert(
    fc.asyncProperty(program, fc.nat(2 ** 14), async (instructions, wanted) => {
      const run = (on: string): Tensor[] =>
        scope(() => {
          const made = [draw(1, [4, 4], on), draw(2, [4, 4], on)]
          for (const [which, a, b] of instructions) {
            const [x, y] = [made[made.length - 1 - (a % made.length)]!, made[b % made.length]!]
            const binary = binaries[which % (binaries.length + unaries.length)]
            made.push(mul(binary?.(x, y) ?? unaries[which % unaries.length]!(x), 0.3))
          }
          return made.filter((_, i) => i === made.length - 1 || (wanted >> i) % 2 === 1)
        })
      const [actual, expected] = [run('gpu'), run('reference')]
      const values = await Promise.all(actual.map((x) => x.data()))
      values.forEach((found, k) => {
        const want = expected[k]!.dataSync()
        const size = Math.max(1, ...want.map(Math.abs))
        found.forEach((v, i) => expect(Math.abs(v - want[i]!)).toBeLessThan(1e-4 * size))
      })
      for (const x of [...actual, ...expected]) x.dispose()
      expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0 })
    }),
    { numRuns: 40 },
  )
})

test('the same calls with other results wanted are another plan', async () => {
  const x = fromData([1, 2], [2], { device })
  for (const wanted of [[2], [0, 2], [0, 1, 2], [1]]) {
    const { values } = await launches(() => {
      const made = [neg(x)]
      made.push(exp(made[0]!))
      made.push(abs(made[1]!))
      return wanted.map((i) => made[i]!)
    })
    values.forEach((found, k) =>
      expect(found[0]).toBeCloseTo([-1, Math.exp(-1), Math.exp(-1)][wanted[k]!]!, 6),
    )
  }
  x.dispose()
})

test('a number that changes takes no new kernel', async () => {
  const x = fromData([1, 2], [2], { device })
  await launches(() => div(add(mul(exp(x), 2), 3), 4))
  const { kernels } = device.stats()
  for (const k of [0.1, 0.7, -3]) {
    const { taken, values } = await launches(() => div(add(mul(exp(x), k), 1 - k), k))
    expect(taken).toBe(1)
    expect(values[0]![0]).toBeCloseTo((Math.E * k + 1 - k) / k, 5)
  }
  expect(device.stats().kernels).toBe(kernels)
  x.dispose()
})

test('an error stays with the results that need what failed', async () => {
  const view = {
    buffer: device.allocate('float32', 2),
    dtype: 'float32',
    shape: [2],
    strides: [1],
    offset: 0,
  } as const
  const call = { primitive: 'neg', inputs: [view], params: {}, shape: [2], dtype: 'float32' } as const
  const lost = device.run(call)
  const x = fromData([1, 2], [2], { device })
  const other = add(x, 1)
  await expect(device.read(lost, 'float32', 2)).rejects.toThrow(/neg: .*never written|never written/)
  expect(await other.data()).toEqual(Float32Array.of(2, 3))
})

test('results of equal steps that are both wanted are two buffers', () => {
  const step: Step = {
    body: 'const x = a0[(this.thread.x)];\nlet r = -x;\nreturn r;',
    length: 2,
    inputs: [-1],
  }
  const both = fuse([step, step, step], new Set([0, 1, 2]))
  expect(new Set(both.results.values()).size).toBe(3)
  const one = fuse([step, step], new Set([1]))
  expect([one.steps.length, one.results.get(1)]).toEqual([1, 0])
})
