import { gaussianNoise, sr } from '@tweedie/solvers'
import { normal, randomKey, scope } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { drawsOf, measure, problemFromSpec } from './problem.ts'

const operator = sr([1, 4, 4], { factor: 2 })
const truth = normal(
  [1, 2, 3].map((n) => randomKey(n)),
  [1, 4, 4],
)

test('sample n of a measurement has the noise of key.fold(n), so a batch equals its samples', () => {
  const key = randomKey(7).fold('measurement')
  const y = measure(operator, gaussianNoise(0.5), truth, key)
  const clean = operator.forward(truth)
  const drawn = scope(() => normal([key.fold(2)], [1, 2, 2]).dataSync())
  const [noisy, exact] = [y, clean].map((x) => x.slice([2, 3]).dataSync())
  drawn.forEach((z, i) => expect(noisy?.[i]).toBeCloseTo((exact?.[i] ?? 0) + 0.5 * z, 5))
})

test('draws of one measurement: y and truth as often, in memory of their own', () => {
  const y = operator.forward(truth.slice([0, 1]))
  const { problem, truth: many } = drawsOf(operator, gaussianNoise(0.1), { y, truth: undefined }, 3)
  expect(problem.y.shape).toEqual([3, 1, 2, 2])
  expect(many).toBeUndefined()
  expect(problem.y.isContiguous).toBe(true)
  expect(problem.y.storage).not.toBe(y.storage)
  const values = Array.from(y.dataSync())
  y.dispose()
  expect(Array.from(problem.y.dataSync())).toEqual([...values, ...values, ...values])
})

test('words and a truth make the problem that restore makes of them; words and a measurement take it as it is', () => {
  const spec = { operator: 'sr:2', noise: 0.5, shape: [1, 4, 4] }
  const first = truth.slice([0, 1])
  const { problem, truth: many } = problemFromSpec(spec, { truth: first }, { seed: 7, count: 2 })
  const key = randomKey(7).fold('measurement')
  const y = measure(operator, gaussianNoise(0.5), first, key).dataSync()
  expect(problem.y.shape).toEqual([2, 1, 2, 2])
  expect(Array.from(problem.y.dataSync())).toEqual([...y, ...y])
  expect(many?.shape).toEqual([2, 1, 4, 4])
  const measured = problemFromSpec(
    { ...spec, noise: 'poisson:peak=30' },
    { measurement: problem.y.slice([0, 1]) },
  )
  expect(Array.from(measured.problem.y.dataSync())).toEqual(Array.from(y))
  expect(measured).toMatchObject({ problem: { noise: { name: 'poisson' } }, truth: undefined })
  expect(() => problemFromSpec({ ...spec, operator: 'sr:3' }, { truth: first })).toThrow(/factor/)
})
