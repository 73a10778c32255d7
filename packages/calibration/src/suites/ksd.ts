import { gaussianMixturePrior } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import type { PosedProblem, Suite } from '../types.ts'
import { ksdPublished } from './ksd-published.ts'
import { linearCase, measured } from './pose.ts'

const d = 16

/** (x₁, x₂) ~ 0.8·N(0, I) + 0.2·N((3, 3), 2I), all others N(0, 1). */
const prior = () =>
  gaussianMixturePrior({
    weights: [0.8, 0.2],
    means: [new Float64Array(d), Float64Array.from({ length: d }, (_, i) => (i < 2 ? 3 : 0))],
    covariances: { each: [1, Float64Array.from({ length: d }, (_, i) => (i < 2 ? 2 : 1))] },
  })

const truth = Float64Array.of(3, 2, 0.5, -0.5, 1, 0.8, -0.6, 1.1, -0.9, 0.4, 0, -1.2, 0.7, -0.3, 0.5, -0.8)

/** Rows of an operator that sees single coordinates, each times a number. */
const picking = (factors: readonly number[], first: number): Matrix => {
  const A = Matrix.zeros(factors.length, d)
  factors.forEach((factor, i) => {
    A.set(i, first + i, factor)
  })
  return A
}

const operators: Readonly<Record<string, Matrix>> = {
  A1: picking(
    Array.from({ length: 14 }, (_, i) => 0.1 + 0.05 * i),
    2,
  ),
  A2: picking([3, 3, 3, 3], 0),
}

/** c of the kernel: 1/(median singular value + 1). */
function kernelScale(A: Matrix): number {
  const { diagonal } = new SingularValueDecomposition(A, { autoTranspose: true })
  const s = diagonal.sort((a, b) => a - b)
  const middle = (s.length - 1) / 2
  const median = ((s[Math.floor(middle)] ?? 0) + (s[Math.ceil(middle)] ?? 0)) / 2
  return 1 / (median + 1)
}

const problems: readonly PosedProblem[] = Object.entries(operators).flatMap(([name, A]) =>
  [0.2, 0.5].map((sigma) => ({
    name: `${name},sigma=${sigma}`,
    title:
      name === 'A1'
        ? `14 of 16 coordinates, weighed by 0.1 … 0.75, σ_y = ${sigma}; the two that are a mixture are not seen`
        : `3 times the first 4 of 16 coordinates, σ_y = ${sigma}`,
    pose: (seed) => ({
      ...linearCase({
        prior: prior(),
        A,
        sigma,
        truth,
        y: measured(A, truth, sigma, randomKey(seed).fold('ksd').fold(name)),
      }),
      ksdScale: kernelScale(A),
    }),
  })),
)

/** The 16-dimensional toy problems on which samplers are told apart by a score-based Stein discrepancy. */
export const ksd: Suite = {
  name: 'ksd',
  title: 'A mixture in 16 dimensions, judged by its score',
  source:
    'Qiu et al., arXiv 2602.04189v2; 5 draws of the noise, one truth. Draws of the noise are ours, and are those of one ' +
    'operator at both noise levels. The discrepancy is the one with the exact score.',
  problems,
  full: { seeds: 5, samples: 500, limit: 20 },
  quick: { problems: ['A1,sigma=0.2'], seeds: 2, samples: 100, limit: 2 },
  metrics: ['ksd', 'rmse', 'sw', 'mean-error', 'variance-error', 'occupancy'],
  settings: () => undefined,
  published: ksdPublished,
}
