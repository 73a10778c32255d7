// MGPS with its exact draw on a Gaussian prior: its law in closed form, by matrices, and what the midpoint does to it.
import { eye, fromData, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import type { Moments } from '../../guidance/under-samplers.test.helper.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import type { ExactPrior } from '../../priors/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { bridge } from '../../samplers/index.ts'
import { respace, timeWithin, ve, vpLinear } from '../../schedules/index.ts'
import { mgps } from '../index.ts'
import { repeated } from '../law-of-method.test.helper.ts'
import { w2, wholeLaw } from './whole-law.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { heard } = await import('./whole-law.test.helper.ts')
  return heard(await original<typeof import('@tweedie/tensor')>())
})

const A = [[1.2, -0.4], [0.3, 0.7], [0.5, 0.2]] // biome-ignore format: a matrix
const [y, sigmaY] = [[0.9, -0.3, 0.4], 0.1]
const law = { mean: [0.3, -0.2], covariance: [[1, 0.6], [0.6, 0.8]] } // biome-ignore format: a matrix
const operator = matrixOperator(tensor(A, { dtype: 'float64' }))
const problemOf = (rows: number) => ({ operator, noise: gaussianNoise(sigmaY), y: repeated(y, rows) })
const exactOf = (prior: ExactPrior): Moments => {
  const { law } = prior.law.posterior(A, y, sigmaY)
  return { mean: Matrix.columnVector(law.mean()), covariance: law.covariance() }
}

/** The law in closed form. */
function chain(prior: ExactPrior, alpha: number, steps: number): Moments {
  const { schedule } = prior
  const [H0, I] = [new Matrix(A), Matrix.eye(2)]
  /** x̂₀ = M x + c. */
  const affine = (t: number) => {
    const out = prior.denoise(fromData(Float64Array.from([0, 0, ...eye(2).dataSync()]), [3, 2]), t).dataSync()
    const c = Matrix.columnVector([out[0]!, out[1]!])
    return { c, M: new Matrix([[out[2]! - out[0]!, out[4]! - out[0]!], [out[3]! - out[1]!, out[5]! - out[1]!]]) } // biome-ignore format: a matrix
  }
  const times = respace(schedule, steps, 'linspace')
  let [mean, S] = [Matrix.zeros(2, 1), Matrix.eye(2, 2, schedule.sigma(times[0]!.t) ** 2)]
  for (const { t, s } of times.slice(0, -1)) {
    const mid = timeWithin(schedule, s, alpha)
    const known = bridge({ schedule, t, s: mid, end: schedule.clean })
    const [at, low] = [affine(t), affine(mid)]
    const B = Matrix.add(Matrix.mul(I, known.ofX), Matrix.mul(at.M, known.ofEnd))
    const H = H0.mmul(low.M)
    const v = known.deviation ** 2
    const P = inverse(
      Matrix.add(
        Matrix.mul(I, 1 / v),
        H.transpose()
          .mmul(H)
          .mul(sigmaY ** -2),
      ),
    )
    const r = Matrix.sub(Matrix.columnVector(y), H0.mmul(low.c)).mul(sigmaY ** -2)
    const to = bridge({ schedule, t, s, end: mid })
    const F = P.mmul(B)
      .mul(to.ofEnd / v)
      .add(Matrix.mul(I, to.ofX))
    const f = P.mmul(Matrix.mul(at.c, known.ofEnd / v).add(H.transpose().mmul(r))).mul(to.ofEnd)
    const Q = Matrix.add(Matrix.mul(P, to.ofEnd ** 2), Matrix.mul(I, to.deviation ** 2))
    mean = F.mmul(mean).add(f)
    S = F.mmul(S).mmul(F.transpose()).add(Q)
  }
  const { M, c } = affine(times.at(-1)!.t)
  return { mean: M.mmul(mean).add(c), covariance: M.mmul(S).mmul(M.transpose()) }
}

describe.each([
  ['VP', vpLinear()],
  ['VE', ve({ sigmaMax: 10 })],
] as const)('on %s', (_, schedule) => {
  const prior = gaussianPrior({ ...law, schedule })

  it.each([0.2, 0.5, 1])('α = %d: the law of the method is that of the chain', async (alpha) => {
    const options = { alpha, steps: 12, fit: 'exact', warm: 0 } as const
    const ours = await wholeLaw((rows) => run(mgps(problemOf(rows), prior, options)))
    const wanted = chain(prior, alpha, 12)
    expect(Matrix.sub(ours.mean, wanted.mean).norm()).toBeLessThan(1e-7)
    expect(Matrix.sub(ours.covariance, wanted.covariance).norm()).toBeLessThan(1e-7)
  })
})

it('has a midpoint that is nearest to the posterior, strictly inside: 0.85 here', () => {
  const prior = gaussianPrior(law)
  const alphas = [0.05, 0.25, 0.5, 0.75, 0.85, 0.95, 1]
  const curve = alphas.map((alpha) => w2(chain(prior, alpha, 100), exactOf(prior)))
  if (process.env['SHOW']) console.log(curve)
  expect(curve.indexOf(Math.min(...curve))).toBe(4)
  // No chance in it. It falls to there and rises after it.
  for (const k of [1, 2, 3, 4]) expect(curve[k]!).toBeLessThan(0.8 * curve[k - 1]!)
  for (const k of [5, 6]) expect(curve[k]!).toBeGreaterThan(1.2 * curve[k - 1]!)
})
