import { normal, OptionError, randomKey, tanh } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { inpaint } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import type { Operator, Problem } from '../../types.ts'
import type { At } from '../follows.test.helper.ts'
import { follows, tweedie } from '../follows.test.helper.ts'
import type { MmpsOptions, TmpdOptions } from '../index.ts'
import { mmps, tmpd, UnfitError } from '../index.ts'
import type { Rows, Vector } from '../written-out.test.helper.ts'
import { dot, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  firstSample,
  float64,
  list,
  n,
  names,
  priorOn,
  problemOf,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'

const sigmaY = 0.4
const m = A.length
const unit = (j: number) => Array.from({ length: m }, (_, i) => (i === j ? 1 : 0))

/** v ↦ A C_t Aᵀv, C_t = (σ_t²/α_t)·Jᵀ, for the matrix H of the operator at x̂₀. */
const spreadOf =
  ({ alpha, sigma, back }: At, H: Rows = A) =>
  (v: Vector) =>
    times(H, back(times(transposed(H), v))).map((u) => (u * sigma ** 2) / alpha)
const residual = ({ x0 }: At) => plus([1, y], [-1, times(A, x0)])
const through = (at: At, w: Vector, H: Rows = A) => tweedie(at, at.back(times(transposed(H), w)))

function rows(at: At) {
  const sums = spreadOf(at)(y.map(() => 1))
  return through(
    at,
    residual(at).map((r, i) => r / (Math.max(sums[i]!, 0) + sigmaY ** 2)),
  )
}
function dense(at: At, H: Rows = A, r: Vector = residual(at)) {
  const columns = y.map((_, j) => spreadOf(at, H)(unit(j)))
  const whole = new Matrix(transposed(columns)).add(Matrix.eye(m).mul(sigmaY ** 2))
  return through(
    at,
    inverse(whole)
      .mmul(Matrix.columnVector([...r]))
      .to1DArray(),
    H,
  )
}
/** The signs of the draws of step i. */
function signs(i: number, probes: number): Vector[] {
  const streams = noiseStreams({ seed, firstSample, count: 1, dtype: 'float64' })
  const z = list(streams.normal(i, 'probes', [probes, m])).map((v) => (v < 0 ? -1 : 1))
  return Array.from({ length: probes }, (_, j) => z.slice(j * m, (j + 1) * m))
}
const diagonal = (probes: number) => (at: At) => {
  const each = signs(at.i, probes).map((v) => spreadOf(at)(v).map((u, i) => u * v[i]!))
  const mean = y.map((_, i) => each.reduce((sum, v) => sum + v[i]!, 0) / probes)
  return through(
    at,
    residual(at).map((r, i) => r / (Math.max(mean[i]!, 0) + sigmaY ** 2)),
  )
}

describe.each(names)('TMPD on %s', (name) => {
  const cases: readonly (readonly [TmpdOptions, (at: At) => ReturnType<typeof tweedie>])[] = [
    [{}, rows],
    [{ eta: 0.3, clip: [-0.6, 0.9] }, rows],
    [{ covariance: 'dense', eta: 0 }, (at) => dense(at)],
    [{ covariance: 'diagonal' }, diagonal(1)],
    [{ covariance: 'diagonal', probes: 3 }, diagonal(3)],
  ]
  it.each(cases)('%j', (options, says) => follows(tmpd, problemOf(sigmaY), name, options, says))

  it('to first order at x̂₀ where the operator is not linear', () => {
    const linear = problemOf(sigmaY)
    const operator: Operator = {
      name: 'saturating',
      inShape: [n],
      outShape: [m],
      forward: (v) => tanh(linear.operator.forward(v)),
    }
    const measured = (x0: Vector) => times(A, x0).map(Math.tanh)
    const says = (at: At) => {
      const H = measured(at.x0).map((v, i) => A[i]!.map((a) => a * (1 - v * v)))
      return dense(at, H, plus([1, y], [-1, measured(at.x0)]))
    }
    return follows(tmpd, { ...linear, operator }, name, { covariance: 'dense' }, says, measured)
  })
})

/** k iterations of conjugate gradients from 0 (Hestenes & Stiefel), in plain numbers; ends at pᵀMp ≤ 0. */
function conjugate(apply: (v: Vector) => Vector, b: Vector, iterations: number, tolerance = 1e-10): Vector {
  let x: Vector = b.map(() => 0)
  let [r, p]: [Vector, Vector] = [b, b]
  for (let k = 0; k < iterations && dot(r, r) > tolerance ** 2 * dot(b, b); k++) {
    const image = apply(p)
    if (!(dot(p, image) > 0)) break
    const alpha = dot(r, r) / dot(p, image)
    x = plus([1, x], [alpha, p])
    const next = plus([1, r], [-alpha, image])
    p = plus([1, next], [dot(next, next) / dot(r, r), p])
    r = next
  }
  return x
}

describe.each(names)('MMPS on %s', (name) => {
  const cases: readonly MmpsOptions[] = [
    {},
    { iterations: 1, eta: 0.3 },
    { iterations: 2, clip: [-0.6, 0.9] },
    { iterations: 3, tolerance: 0.5 },
  ]
  it.each(cases)('%j', (options) =>
    follows(mmps, problemOf(sigmaY), name, options, (at) => {
      const apply = (v: Vector) => plus([1, spreadOf(at)(v)], [sigmaY ** 2, v])
      return through(at, conjugate(apply, residual(at), options.iterations ?? 3, options.tolerance))
    }),
  )
})

describe('moments', () => {
  const prior = priorOn('linear')
  const zero = { ...problemOf(0.1), noise: gaussianNoise(0) }

  it.each([
    ['TMPD', (p: Problem) => tmpd(p, prior)],
    ['MMPS', (p: Problem) => mmps(p, prior)],
  ] as const)('%s refuses σ_y = 0, and operators without gradient', (_, make) => {
    expect(() => make(zero)).toThrow(OptionError)
    const { operator, ...rest } = problemOf(0.1)
    expect(() => make({ ...rest, operator: { ...operator, differentiable: false } })).toThrow(UnfitError)
  })

  it('row sums are the diagonal of a mask on a white prior: all forms are one', async () => {
    const white = gaussianPrior({ mean: new Array(16).fill(0.1), covariance: 0.6, shape: [1, 4, 4] })
    const operator = inpaint([1, 4, 4], { box: 2 })
    const y = normal([randomKey(1), randomKey(2)], operator.outShape, float64)
    const problem = { operator, noise: gaussianNoise(0.2), y }
    const end = (covariance: 'rows' | 'diagonal' | 'dense') =>
      run(tmpd(problem, white, { covariance, steps: 10 })).then(list)
    const [sums, estimated, whole] = [await end('rows'), await end('diagonal'), await end('dense')]
    whole.forEach((v, i) => {
      expect(sums[i]).toBeCloseTo(v, 8)
      expect(estimated[i]).toBeCloseTo(v, 8)
    })
    const solved = list(await run(mmps(problem, white, { steps: 10 })))
    whole.forEach((v, i) => expect(solved[i]).toBeCloseTo(v, 8))
  })
})
