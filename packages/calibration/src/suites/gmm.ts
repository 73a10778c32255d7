import { exactPrior, gaussianMixturePrior, gaussianNoise, matrixOperator, vpLinear } from '@tweedie/solvers'
import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, uniform } from '@tweedie/tensor'
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Case, PosedProblem, Suite } from '../types.ts'

const host = { dtype: 'float64', device: 'reference' } as const

function numbers(draw: Tensor): number[] {
  using drawn = draw
  return Array.from(drawn.dataSync(), Number)
}

const normals = (key: Key, count: number) => numbers(normal(key, [count], host))
const uniforms = (key: Key, count: number) => numbers(uniform(key, [count], host))

/** The means (−8i, −8j, −8i, −8j, …), i, j ∈ {−2 … 2}. */
const means = (d: number): Float64Array[] =>
  Array.from({ length: 25 }, (_, k) => {
    const at = [-8 * (Math.floor(k / 5) - 2), -8 * ((k % 5) - 2)]
    return Float64Array.from({ length: d }, (_, i) => at[i % 2] ?? 0)
  })

/** A = U diag(s) V_{1:m}ᵀ of the decomposition of a Gaussian m×d matrix, s uniform in descending order. */
function measurement(key: Key, m: number, d: number): { A: Matrix; s: number[] } {
  const gaussian = Matrix.from1DArray(d, m, normals(key.fold('matrix'), m * d))
  const { leftSingularVectors: V, rightSingularVectors: U } = new SingularValueDecomposition(gaussian)
  const s = uniforms(key.fold('singular values'), m).sort((a, b) => b - a)
  return { A: U.mmul(Matrix.diag(s)).mmul(V.subMatrix(0, d - 1, 0, m - 1).transpose()), s }
}

function pose(d: number, m: number, seed: number): Case {
  const key = randomKey(seed).fold('gmm')
  const weights = normals(key.fold('weights'), 25).map((z) => z * z)
  const schedule = vpLinear()
  const prior = gaussianMixturePrior({ weights, means: means(d), covariances: 1, schedule })
  const { A, s } = measurement(key, m, d)
  const [share = 0] = uniforms(key.fold('noise level'), 1)
  const sigma = share * Math.max(...s)
  const truth = numbers(prior.law.sample([key.fold('truth')], host))
  const noise = normals(key.fold('noise'), m)
  const y = A.mmul(Matrix.columnVector(truth))
    .to1DArray()
    .map((clean, i) => clean + sigma * (noise[i] ?? 0))
  const posterior = mixturePosterior(prior.law.posterior(A, y, sigma))
  return {
    prior,
    problem: {
      operator: matrixOperator(fromData(Float64Array.from(A.to1DArray()), [m, d], host)),
      noise: gaussianNoise(sigma),
      y: fromData(Float64Array.from(y), [1, m], { dtype: 'float64' }),
    },
    truth: Float64Array.from(truth),
    posterior,
    conditional: exactPrior(prior.law.posterior(A, y, sigma).law, { schedule }),
    matrix: A,
  }
}

/** Dimensions and numbers of measurements of the protocol. */
const sizes: readonly (readonly [d: number, m: number])[] = [8, 80, 800].flatMap((d) =>
  [1, 2, 4].map((m) => [d, m] as const),
)

const problems: readonly PosedProblem[] = sizes.map(([d, m]) => ({
  name: `d=${d},dy=${m}`,
  title: `25 components in ${d} dimensions, ${m} of them measured`,
  pose: (seed) => pose(d, m, seed),
}))

/** The mixture of 25 Gaussians of MCGDiff. */
export const gmm: Suite = {
  name: 'gmm',
  title: 'Mixture of 25 Gaussians',
  source: 'arXiv 2308.07983 §4',
  problems,
  full: { seeds: 20, samples: 1000 },
  quick: { problems: ['d=8,dy=1', 'd=80,dy=2'], seeds: 3, samples: 300 },
  metrics: ['sw'],
  settings: () => undefined,
  published: [],
}
