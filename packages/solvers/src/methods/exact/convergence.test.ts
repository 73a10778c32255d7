// What the weighted particles say of the target against its closed form, over a Gaussian prior: the error of mean and
// covariance falls as K^−½. Over R runs of n numbers its logarithm has a standard error of about 1/√(2Rn), and the slope over
// a range of K by a factor of 9 one of √2/(√(2Rn)·ln 9) = 0.04: a fit within 0.2 of −½ is five of them.
import type { Tensor } from '@tweedie/tensor'
import { fromData, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import type { SmcShown } from '../../particles/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { GuidedStep } from '../../types.ts'
import { fpsSmc, mcgDiff, mcgDiffTimes, smcDiff, tds } from '../index.ts'
import type { State, Steps } from './chain.test.helper.ts'
import { chainOf, ddimOf, given, large, mean, slopeOf, startOf, stepOf } from './chain.test.helper.ts'

const float64 = { dtype: 'float64' } as const
const covariance = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const prior = gaussianPrior({ mean: [0.3, -0.2], covariance })
const { schedule } = prior
const [N, y, steps] = [100, 1.1, 8]
const problemOf = (a: readonly number[], sigmaY: number) => ({
  operator: matrixOperator(tensor([[...a]], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(N).fill(y), [N, 1]),
})
type Step = GuidedStep & SmcShown<{ readonly x: Tensor }>
type Runs = (particles: number) => AsyncGenerator<Step, Tensor>

interface Moments {
  readonly mean: Matrix
  readonly covariance: Matrix
}
/** Mean and covariance of the final weighted particles of each row, and the paths that lead there. */
async function weighted(
  generator: AsyncGenerator<Step, Tensor>,
): Promise<{ rows: Moments[]; paths: number[][] }> {
  let rows: Moments[] = []
  const paths: number[][] = []
  await run(generator, {
    onStep: ({ i, steps: all, particles: { x }, weights, state }) => {
      const { path } = state['shared'] as { path?: Tensor }
      if (path !== undefined) paths.push(Array.from(path.dataSync()))
      if (i < all - 1) return
      const data = x.dataSync()
      const K = data.length / 2 / N
      rows = weights.map((w, row) => {
        const at = (k: number, j: number) => data[2 * (row * K + k) + j]!
        const m = [0, 1].map((j) => w.reduce((sum, v, k) => sum + v * at(k, j), 0))
        const c = [0, 1].map((j) =>
          [0, 1].map((l) => w.reduce((sum, v, k) => sum + v * (at(k, j) - m[j]!) * (at(k, l) - m[l]!), 0)),
        )
        return { mean: Matrix.columnVector(m), covariance: new Matrix(c) }
      })
    },
  })
  return { rows, paths }
}
const squared = (a: Matrix, b: Matrix) =>
  Matrix.sub(a, b)
    .to1DArray()
    .reduce((sum, v) => sum + v * v, 0)

/** Fits the errors of runs of so many particles. */
async function falls(
  runs: Runs,
  truth: (row: number, paths: readonly number[][]) => Moments,
  counts = [8, 24, 72],
) {
  const errors = { mean: [] as number[], covariance: [] as number[] }
  for (const K of counts) {
    const { rows, paths } = await weighted(runs(K))
    const truths = rows.map((_, row) => truth(row, paths))
    for (const of of ['mean', 'covariance'] as const)
      errors[of].push(Math.sqrt(mean(rows.map((m, row) => squared(m[of], truths[row]![of])))))
  }
  if (process.env['SHOW'])
    console.log(slopeOf(counts, errors.mean), slopeOf(counts, errors.covariance), errors)
  expect(Math.abs(slopeOf(counts, errors.mean) + 0.5)).toBeLessThan(0.2)
  expect(Math.abs(slopeOf(counts, errors.covariance) + 0.5)).toBeLessThan(0.2)
}

describe('the error falls as K^−½', () => {
  const a = [1, 0.5]
  const norm = Math.hypot(...a)
  const times = respace(schedule, steps, 'guided')

  it('TDS, of the posterior of the chain', async () => {
    const truth = given(chainOf(prior, times, large), a, y, 0.64)
    await falls(
      (particles) => tds(problemOf(a, 0.8), prior, { steps, particles, seed: 3 }),
      () => truth,
    )
  })

  it('MCGDiff, of the chain conditioned on x_τ', async () => {
    const level = 0.8 / norm
    const grid = mcgDiffTimes(schedule, steps, [level])
    const tau = grid.findIndex(({ t }) => Math.abs(schedule.sigma(t) / schedule.alpha(t) - level) < 1e-9)
    const alpha = schedule.alpha(grid[tau]!.t)
    const unit = a.map((v) => v / norm)
    const at = given(chainOf(prior, grid.slice(0, tau), ddimOf(1)), unit, (alpha * y) / norm, 0.1)
    const truth = grid.slice(tau).reduce((state, pair) => stepOf(prior, state, pair, ddimOf(1)), at)
    const options = { steps, kappa: 0.1, seed: 3 }
    // Of fewer all are soon the children of one.
    const runs: Runs = (particles) => mcgDiff(problemOf(a, 0.8), prior, { ...options, particles })
    await falls(runs, () => truth, [12, 36, 108])
  })

  /** Kalman's filter of the path of a row, in the coordinates of the decomposition. */
  const filtered = (
    problem: ReturnType<typeof problemOf>,
    by: readonly number[],
    sigmaY: number,
    kernel: Steps,
  ) => {
    const svd = problem.operator.svd()
    const place = svd.singularValues.findIndex((s) => s > 0)
    const direction = Array.from(svd.v(tensor([[0, 1].map((j) => Number(j === place))], float64)).dataSync())
    const size = Math.hypot(...by)
    return (row: number, paths: readonly number[][]): State => {
      const v = (t: number) => ((schedule.alpha(t) * sigmaY) / size) ** 2
      let state = startOf(2, schedule.sigma(times[0]!.t) ** 2)
      // The start of the path says nothing that its first step does not: x_T is all noise.
      for (const [i, at] of times.entries()) {
        const last = i === times.length - 1
        const level = (schedule.sigma(at.t) / schedule.alpha(at.t)) ** 2
        const moved = stepOf(prior, state, at, kernel)
        state = given(moved, direction, paths[i]![2 * row + place]!, last && sigmaY === 0 ? level : v(at.s))
        if (!last || sigmaY > 0) continue
        // What is measured is set to it.
        const gone = direction.map((_, j) =>
          [0, 1].map((l) => Number(j === l) - direction[j]! * direction[l]!),
        )
        const P = new Matrix(gone)
        const put = Matrix.mul(Matrix.columnVector(direction), paths[i]![2 * row + place]!)
        state = { ...state, mean: P.mmul(state.mean).add(put), covariance: P.mmul(state.covariance).mmul(P) }
      }
      return state
    }
  }

  it('FPS-SMC, of the filter of its path', async () => {
    const options = { steps, kernel: 'ddim', c: 1, seed: 3 } as const
    const problem = problemOf(a, 0.8)
    await falls(
      (particles) => fpsSmc(problem, prior, { ...options, particles }),
      filtered(problem, a, 0.8, ddimOf(1)),
    )
  })

  it('SMCDiff, of the filter of its path', async () => {
    const problem = problemOf([0.6, 0.8], 0)
    await falls(
      (particles) => smcDiff(problem, prior, { steps, particles, seed: 3 }),
      filtered(problem, [0.6, 0.8], 0, large),
    )
  })
})
