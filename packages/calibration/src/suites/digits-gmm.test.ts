import { factorMixture, isLinear, operatorFromSpec, operators } from '@tweedie/solvers'
import { normal, randomKey, ShapeError } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import type { DigitsSource } from '../digits/source.ts'
import { pointAt, pointsOf } from '../points.ts'
import { exactDraws, exactScore } from '../rows/references.ts'
import { digitsGmm } from './digits-gmm.ts'

const n = 784
const numbers = (name: string, count: number) =>
  Array.from(
    normal(randomKey(2).fold(name), [count], { dtype: 'float64', device: 'reference' }).dataSync(),
    Number,
  )
const law = factorMixture({
  weights: [1],
  means: [numbers('mean', n)],
  factors: [Matrix.from1DArray(n, 3, numbers('factor', 3 * n))],
  background: 0.2,
})
const source: DigitsSource = {
  law: () => law,
  pictures: () => pointsOf(Float64Array.from(numbers('pictures', 2 * n)), n),
  network: () => ({ name: 'network', shape: [1, 28, 28], schedule, denoise: (x) => x.mul(0.5) }),
}
const suite = digitsGmm(source)
const found = (name: string) => {
  const problem = suite.problems.find((one) => one.name === name)
  if (!problem) throw new TypeError(`no problem ${name}`)
  return problem
}
const { schedule } = found('denoise').pose(0).prior

describe('the suite of digits', () => {
  it('has every linear operator of the registry that takes a grey picture, but for one of 14,400 numbers', () => {
    const linear = [...operators].flatMap((entry) => {
      try {
        return isLinear(entry.make([1, 28, 28], {})) ? [entry.info.name] : []
      } catch (error) {
        if (error instanceof ShapeError) return []
        throw error
      }
    })
    const texts = suite.problems.map(({ title }) => title.split(', σ_y')[0] ?? '')
    for (const text of new Set(texts)) expect(isLinear(operatorFromSpec(text, [1, 28, 28]))).toBe(true)
    const ours = new Set(texts.map((text) => text.split(':')[0]))
    expect([...ours].toSorted()).toEqual(linear.filter((name) => name !== 'inverse-scattering').toSorted())
    expect(new Set(suite.problems.map(({ name }) => name)).size).toBe(suite.problems.length)
  })

  it('poses the same case for the same seed, its posterior that of the very y that methods get', () => {
    const problem = found('rows,0.2')
    const [one, again, other] = [problem.pose(3), problem.pose(3), problem.pose(4)]
    expect(one.problem.y.dataSync()).toEqual(again.problem.y.dataSync())
    expect(one.problem.y.dataSync()).not.toEqual(other.problem.y.dataSync())
    expect(one.problem.y.dtype).toBe('float32')
    const dense = law.posterior(one.matrix ?? [], Array.from(one.problem.y.dataSync(), Number), 0.2)
    expect(one.posterior.mean()).toEqual(dense.law.mean())
    expect(one.posterior.logEvidence).toBe(dense.logEvidence)
  })

  it('has the truth as one more draw of the posterior: Mahalanobis’ distance is χ² of 784', () => {
    const problem = found('random')
    const seeds = 6
    const distances = Array.from({ length: seeds }, (_, seed) => {
      const { posterior, truth } = problem.pose(seed)
      const at = (x: Float64Array) => posterior.logDensity?.(x) ?? Number.NaN
      return 2 * (at(posterior.mean()) - at(truth))
    })
    const sum = distances.reduce((a, b) => a + b, 0)
    expect(Math.abs(sum - seeds * n)).toBeLessThan(5 * Math.sqrt(2 * seeds * n))
  })

  it('measures a held-out picture once for both priors', () => {
    const [own, network] = [found('rows,digit'), found('rows,digit,network')].map((problem) =>
      problem.pose(1),
    )
    expect(own?.truth).toEqual(pointAt(source.pictures(), 1))
    expect(network?.problem.y.dataSync()).toEqual(own?.problem.y.dataSync())
    expect([own?.prior.name, network?.prior.name]).toEqual(['digits-gmm', 'network'])
    expect(network?.conditional).toBeUndefined()
  })

  it('is sampled by its exact score as by exact draws: means agree with the posterior’s', async () => {
    const posed = found('denoise,0.2').pose(0)
    const mean = posed.posterior.mean()
    for (const row of [exactDraws, exactScore({ steps: 10 })]) {
      const { values, count } = await row.draw(posed, { samples: 16, seed: 0 })
      let sum = 0
      for (let i = 0; i < n; i++) {
        let average = 0
        for (let k = 0; k < count; k++) average += (values[k * n + i] ?? 0) / count
        sum += (average - (mean[i] ?? 0)) ** 2
      }
      // The posterior is narrower than the noise; the mean of 16 draws is σ/√16 away a pixel, twice that with the error of 10 steps.
      expect(Math.sqrt(sum / n)).toBeLessThan((2 * 0.2) / Math.sqrt(16))
    }
  })
})
