import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, ve, vpLinear } from '../../schedules/index.ts'
import { fpsSmc, mcgDiff, mcgDiffTimes } from '../index.ts'
import { decomposition, list, priorOn, problemOf } from '../written-out-problem.test.helper.ts'
import { tauOf } from './mcg-diff-times.ts'

const float64 = { dtype: 'float64' } as const
const root = (level: number) => 1 / Math.sqrt(1 + level ** 2)

describe.each([vpLinear(), ve({ sigmaMax: 50 })])('the grid on %o', (schedule) => {
  const rootAt = (t: number) => root(noiseLevel(schedule, t))

  it('without levels has equal decrements of √ᾱ', () => {
    const grid = mcgDiffTimes(schedule, 12, [])
    expect(grid.length).toBe(12)
    expect(grid[0]!.t).toBe(schedule.noisiest)
    expect(grid.at(-1)!.s).toBe(schedule.clean)
    const size = (1 - rootAt(schedule.noisiest)) / 12
    for (const [k, { t, s }] of grid.entries()) {
      expect(rootAt(s) - rootAt(t)).toBeCloseTo(size, 9)
      if (k > 0) expect(t).toBe(grid[k - 1]!.s)
    }
  })

  it('has the levels of the coordinates on it, each once, and as many steps', () => {
    const levels = [0.3, 1.5, 0.3, 0, Infinity, Number.NaN, 1e6]
    const grid = mcgDiffTimes(schedule, 12, levels)
    expect(grid.length).toBe(12)
    for (const level of [0.3, 1.5]) {
      const at = grid.filter(({ t }) => Math.abs(noiseLevel(schedule, t) - level) < 1e-9)
      expect(at.length).toBe(1)
      expect(tauOf(schedule, grid, level)).toBe(at[0]!.t)
    }
    for (const { t, s } of grid) expect(noiseLevel(schedule, s)).toBeLessThan(noiseLevel(schedule, t))
  })

  it('of many levels has none, and the nearest time stands for each', () => {
    const levels = [0.2, 0.4, 0.8, 1.6, 3.2]
    const grid = mcgDiffTimes(schedule, 10, levels)
    expect(grid).toEqual(mcgDiffTimes(schedule, 10, []))
    for (const level of levels) {
      const away = grid.map(({ t }) => Math.abs(rootAt(t) - root(level)))
      expect(tauOf(schedule, grid, level)).toBe(grid[away.indexOf(Math.min(...away))]!.t)
    }
    expect(mcgDiffTimes(schedule, 11, levels)).not.toEqual(mcgDiffTimes(schedule, 11, []))
  })

  it('knows the clean end of no noise, and nothing of more noise than x_T', () => {
    const grid = mcgDiffTimes(schedule, 5, [])
    expect(tauOf(schedule, grid, 0)).toBe(schedule.clean)
    expect(tauOf(schedule, grid, 1e6)).toBeUndefined()
  })
})

describe('what must not matter', () => {
  const covariance = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
  const prior = gaussianPrior({ mean: [0.3, -0.2], covariance })
  const solved = async (
    method: typeof mcgDiff | typeof fpsSmc,
    matrix: readonly (readonly number[])[],
    y: readonly number[],
    sigmaY: number,
    options: object = {},
  ) => {
    let logEvidence = 0
    const problem = {
      operator: matrixOperator(
        tensor(
          matrix.map((row) => [...row]),
          float64,
        ),
      ),
      noise: gaussianNoise(sigmaY),
      y: tensor([[...y]], float64),
    }
    const x = await run(
      method.run(problem, prior, { steps: 8, particles: 6, rankTolerance: 0, ...options }),
      {
        onStep: (step) =>
          void (logEvidence = (step as unknown as { logEvidence: readonly number[] }).logEvidence[0]!),
      },
    )
    return { x: Array.from(x.dataSync()), logEvidence }
  }
  const A = [[1, 0.5], [0.2, -0.4]] // biome-ignore format: a matrix

  it.each([
    ['MCGDiff', mcgDiff, {}],
    ['MCGDiff', mcgDiff, { last: 'likelihood' }],
    ['FPS-SMC', fpsSmc, {}],
  ] as const)('%s: the unit of y; the evidence is a density', async (_, method, options) => {
    const one = await solved(method, A, [0.7, 0.1], 0.5, options)
    const ten = await solved(
      method,
      A.map((row) => row.map((v) => 10 * v)),
      [7, 1],
      5,
      options,
    )
    one.x.forEach((v, i) => expect(ten.x[i]).toBeCloseTo(v, 9))
    expect(ten.logEvidence).toBeCloseTo(one.logEvidence - 2 * Math.log(10), 8)
  })

  it('MCGDiff: a coordinate of which y says less than x_T', async () => {
    const of = async (s: number) => {
      let logEvidence = 0
      const problem = problemOf(0.4, { ...decomposition, s: [2, s, 0] })
      const x = await run(mcgDiff(problem, priorOn('linear'), { steps: 8, particles: 6, rankTolerance: 0 }), {
        onStep: (step) => void (logEvidence = step.logEvidence[0]!),
      })
      return { x: list(x), logEvidence }
    }
    const [faint, none] = [await of(1e-6), await of(0)]
    expect(faint.x).toEqual(none.x)
    expect(faint.logEvidence).toBeCloseTo(none.logEvidence, 9)
  })
})
