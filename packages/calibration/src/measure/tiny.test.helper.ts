// Two problems of two numbers, rows that are quick, and one metric: for tests of what measures them.
import { gaussianNoise, gaussianPrior, matrixOperator } from '@tweedie/solvers'
import { fromData, NonFiniteError, normal, randomKey, tensor } from '@tweedie/tensor'
import { defineSampleMetric } from '../metrics/define.ts'
import { pointsOf } from '../points.ts'
import { mixturePosterior } from '../posteriors/mixture.ts'
import { exactDraws } from '../rows/references.ts'
import type { Case, Draw, PosedProblem, Row, Suite } from '../types.ts'
import type { Plan } from './plan.ts'

const pose =
  (sigma: number) =>
  (seed: number): Case => {
    const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
    const A = tensor([[1, 0]], { dtype: 'float64' })
    using z = normal(randomKey(seed), [3], { dtype: 'float64', device: 'reference' })
    const [a = 0, b = 0, noise = 0] = z.dataSync()
    const y = a + sigma * noise
    return {
      prior,
      problem: {
        operator: matrixOperator(A),
        noise: gaussianNoise(sigma),
        y: fromData(Float64Array.of(y), [1, 1], { dtype: 'float64' }),
      },
      truth: Float64Array.of(a, b),
      posterior: mixturePosterior(prior.law.posterior([[1, 0]], [y], sigma)),
    }
  }

const problem = (name: string, sigma: number): PosedProblem => ({
  name,
  title: `σ = ${sigma}`,
  pose: pose(sigma),
})

/** |sample mean − posterior mean|. */
export const off = defineSampleMetric({
  name: 'off',
  title: 'distance of the means',
  unit: '',
  better: 'lower',
  source: 'this test',
  of: (samples, { posed }) =>
    Math.hypot(
      ...posed.posterior
        .mean()
        .map(
          (m, j) =>
            samples.values.filter((_, k) => k % 2 === j).reduce((s, v) => s + v / samples.count, 0) - m,
        ),
    ),
})

/** log p(y), which no case here lacks, and the truth's distance from the sample mean as two numbers of a case. */
export const pair = defineSampleMetric({
  name: 'pair',
  title: 'log p(y), and how many samples there are',
  unit: '',
  better: 'target',
  target: 0,
  source: 'this test',
  needs: ['logEvidence'],
  of: (samples, { posed }) => [posed.posterior.logEvidence ?? 0, samples.count],
})

/** A row that draws `shift` away from exact draws, in `steps` steps. */
export const shifted = (name: string, shift: number, more: Partial<Row> = {}): Row => ({
  name,
  kind: 'method',
  words: `${name}:shift=${shift}`,
  lacks: () => undefined,
  draw: async (posed, draw: Draw) => {
    draw.onProgress?.(0.5)
    await new Promise((resolve) => setTimeout(resolve, 0))
    const { values, dimension } = await exactDraws.draw(posed, { ...draw, seed: draw.seed + 100 })
    return {
      ...pointsOf(
        values.map((v) => v + shift),
        dimension,
      ),
      cost: { nfe: 3, vjps: 1, operatorCalls: 2, peakBytes: 8, seconds: 0.25 },
    }
  },
  ...more,
})

export const unfit = shifted('unfit', 0, { lacks: () => 'it wants pictures' })
export const diverging = shifted('diverging', 0, {
  draw: () => Promise.reject(new NonFiniteError('NaN in step 3')),
})

export const tiny: Suite = {
  name: 'tiny',
  title: 'Two numbers',
  source: 'this test',
  problems: [problem('near', 0.1), problem('far', 2)],
  full: { seeds: 3, samples: 20 },
  quick: { seeds: 1, samples: 10 },
  metrics: ['off', 'pair'],
  settings: () => undefined,
  published: [
    {
      problem: 'near',
      row: 'good',
      metric: 'off',
      value: 0.5,
      error: 0.1,
      provenance: 'second hand',
      source: 'nowhere',
    },
  ],
}

export const planOf = (
  rows: readonly Row[],
  extent: { seeds?: number; samples?: number; limit?: number } = {},
): Plan => ({
  suite: tiny,
  extent: { problems: ['near', 'far'], seeds: 3, samples: 20, ...extent },
  problems: tiny.problems.map((posed) => ({ posed, rows })),
  metrics: [off, pair],
})

/** For threads. */
export const plans = async ({ seeds }: { readonly seeds: number }): Promise<readonly Plan[]> => [
  planOf([exactDraws, shifted('good', 0.01), shifted('bad', 1), unfit, diverging], { seeds }),
]
