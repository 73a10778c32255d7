import { normal, OptionError, randomKey, type Tensor, tensor, zeros } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { gaussianFit, placed } from './gaussian-fit.ts'

const float64 = { dtype: 'float64' } as const
const N = 32
const keys = Array.from({ length: N }, (_, i) => randomKey(3).fold(i))

it('finds the posterior of a Gaussian whose potential is diagonal too', () => {
  // p = N((1, −2), 0.25·I), g = N(y; x, diag): precisions add.
  const [mu, s, y, noise] = [[1, -2], 0.5, [0, 3], [0.5, 1]]
  const row = (v: readonly number[]) => tensor([[...v]], float64)
  const gradient = (x: Tensor) => x.sub(row(y)).div(row(noise))
  const p = { mean: row(mu).add(zeros([N, 2], float64)), deviation: s }
  const start = { mean: p.mean, logDeviation: zeros([N, 2], float64) }
  for (const divergence of ['closed', 'sampled'] as const) {
    const { mean, logDeviation } = gaussianFit(gradient, p, start, {
      ...{ steps: 400, learningRate: 0.02, keys, divergence },
    })
    const [m, v] = [mean.mean(0).dataSync(), logDeviation.mean(0).dataSync()]
    for (const j of [0, 1]) {
      const precision = 1 / s ** 2 + 1 / noise[j]!
      // Adam does not settle: with these keys it is off by at most a third of that.
      expect(Math.abs(m[j]! - (mu[j]! / s ** 2 + y[j]! / noise[j]!) / precision)).toBeLessThan(0.03)
      expect(Math.abs(v[j]! + Math.log(precision) / 2)).toBeLessThan(0.05)
    }
  }
})

it('without updates it is where it began, and what was given stays', () => {
  const start = { mean: tensor([[1, 2]]), logDeviation: tensor([[0, Math.log(2)]]) }
  const p = { mean: zeros([1, 2]), deviation: 1 }
  const options = { steps: 0, learningRate: 1, keys: keys.slice(0, 1) }
  const fit = gaussianFit((x) => x, p, start, options)
  expect(Array.from(placed(fit, tensor([[3, 3]])).dataSync())).toEqual([4, 8])
  const moved = gaussianFit((x) => x, p, start, { ...options, steps: 3 })
  expect(Array.from(start.mean.dataSync())).toEqual([1, 2])
  expect(Array.from(moved.mean.dataSync())).not.toEqual([1, 2])
  expect(() => gaussianFit((x) => x, p, start, { ...options, learningRate: 0 })).toThrow(OptionError)
})

it('draws what is asked of it by other numbers than x', () => {
  const seen: Tensor[] = []
  const gradient = (x: Tensor, own: Parameters<typeof normal>[0]) => {
    const drawn = normal(own, [2], float64)
    seen.push(drawn.mul(1), x.mul(1))
    return x
  }
  const start = { mean: zeros([2, 2], float64), logDeviation: zeros([2, 2], float64) }
  const options = { steps: 2, learningRate: 0.1, keys: keys.slice(0, 2) }
  const numbers: number[] = []
  gaussianFit(
    (x, own) => {
      const out = gradient(x, own)
      for (const t of seen.splice(0)) numbers.push(...Array.from(t.dataSync(), Number))
      return out
    },
    { mean: start.mean, deviation: 1 },
    start,
    options,
  )
  expect(numbers.length).toBe(16)
  expect(new Set(numbers).size).toBe(16)
})

it('fits each sample of a batch as if it were alone', () => {
  const row = (v: readonly number[]) => tensor([[...v]], float64)
  const samples = [[1, -2], [30, 4], [0, 0.1]] // biome-ignore format: a list
  const gradient = (x: Tensor) => x.square().sub(2)
  for (const optimizer of ['adam', 'normalised'] as const) {
    const fit = (which: readonly number[]) => {
      const mean = tensor(
        which.map((i) => samples[i]!),
        float64,
      )
      const own = which.map((i) => keys[i]!)
      const start = { mean, logDeviation: mean.mul(0) }
      const options = { steps: 3, learningRate: 0.5, optimizer, keys: own }
      const found = gaussianFit(gradient, { mean: row([0, 0]), deviation: 2 }, start, options)
      return [found.mean, found.logDeviation].map((t) => Array.from(t.dataSync()))
    }
    const [mean, spread] = fit([0, 1, 2])
    for (const i of [0, 1, 2])
      expect(fit([i])).toEqual([mean!.slice(2 * i, 2 * i + 2), spread!.slice(2 * i, 2 * i + 2)])
  }
})
