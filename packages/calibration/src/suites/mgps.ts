import type { Settings } from '@tweedie/solvers'
import { gaussianPrior } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Case, Suite } from '../types.ts'
import { linearCase, measured, normals, orthogonal, truthOf } from './pose.ts'

/** N(0, QᵀΛQ), Λ from 0.05 to 2 in geometric progression; y = A x₀ + 0.1·ε of a Gaussian m×n matrix. */
function pose(n: number, m: number, seed: number): Case {
  const key = randomKey(seed).fold('mgps').fold(n)
  const widths = Array.from({ length: n }, (_, i) => 0.05 * (2 / 0.05) ** (i / (n - 1)))
  const Q = orthogonal(key.fold('Q'), n)
  const covariance = Q.transpose().mmul(Matrix.diag(widths)).mmul(Q)
  const prior = gaussianPrior({
    mean: new Float64Array(n),
    covariance: Matrix.add(covariance, covariance.transpose()).mul(0.5),
  })
  const A = Matrix.from1DArray(m, n, normals(key.fold('A'), m * n))
  const sigma = 0.1
  const truth = truthOf(prior, key.fold('truth'))
  return linearCase({ prior, A, sigma, truth, y: measured(A, truth, sigma, key.fold('noise')) })
}

/** Steps down the data term that are stable where ‖A‖² is some (√100 + √50)². */
const own: Readonly<Record<string, Settings>> = {
  'flow-dps': { scale: 0.003 },
  'pnp-flow': { scale: 0.003 },
}

/** A Gaussian of many dimensions, of which the distance to the posterior is known in closed form. */
export const mgps: Suite = {
  name: 'mgps',
  title: 'A Gaussian in 100 dimensions',
  source:
    'MGPS, its Gaussian example: 50 Gaussian measurements of 100 dimensions, σ_y = 0.1. The covariance of the prior is ours, ' +
    'and so is the two-dimensional problem beside it, as in github.com/YazidJanati/mgps test_gaussian.py 48d8854.',
  problems: [
    { name: 'n=100,m=50', title: '50 measurements of 100 dimensions', pose: (seed) => pose(100, 50, seed) },
    { name: 'n=2,m=2', title: '2 measurements of 2 dimensions', pose: (seed) => pose(2, 2, seed) },
  ],
  full: { seeds: 3, samples: 200, limit: 20 },
  quick: { problems: ['n=100,m=50'], seeds: 2, samples: 100, limit: 2 },
  metrics: ['w2', 'mean-error', 'variance-error', 'whitened', 'whitened-measured', 'whitened-unmeasured'],
  settings: (method) => own[method],
  published: [],
}
