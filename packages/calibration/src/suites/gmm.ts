import type { Settings } from '@tweedie/solvers'
import { exactPrior, gaussianMixturePrior, gaussianNoise, matrixOperator, methods } from '@tweedie/solvers'
import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, uniform } from '@tweedie/tensor'
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Case, PosedProblem, Suite } from '../types.ts'
import { gmmPublished } from './gmm-published.ts'
import { rootSchedule } from './root-schedule.ts'

const host = { dtype: 'float64', device: 'reference' } as const

function numbers(draw: Tensor): number[] {
  using drawn = draw
  return Array.from(drawn.dataSync(), Number)
}

const normals = (key: Key, count: number) => numbers(normal(key, [count], host))
const uniforms = (key: Key, count: number) => numbers(uniform(key, [count], host))

/** ᾱ of the noisiest time: β from 0.02 down to 1e-4 in 999 steps, from ᾱ₀ = 1. */
const lowestAlphaBar = Array.from({ length: 999 }, (_, i) => 0.02 + ((1e-4 - 0.02) * i) / 998).reduce(
  (product, beta) => product * (1 - beta),
  1,
)
const schedule = rootSchedule(Math.sqrt(lowestAlphaBar))

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
  const prior = gaussianMixturePrior({ weights, means: means(d), covariances: 1, schedule })
  const { A, s } = measurement(key, m, d)
  const [share = 0] = uniforms(key.fold('noise level'), 1)
  const sigma = share * Math.max(...s)
  const truth = numbers(prior.law.sample([key.fold('truth')], host))
  const noise = normals(key.fold('noise'), m)
  const y = A.mmul(Matrix.columnVector(truth))
    .to1DArray()
    .map((clean, i) => clean + sigma * (noise[i] ?? 0))
  const posterior = prior.law.posterior(A, y, sigma)
  return {
    prior,
    problem: {
      operator: matrixOperator(fromData(Float64Array.from(A.to1DArray()), [m, d], host)),
      noise: gaussianNoise(sigma),
      y: fromData(Float64Array.from(y), [1, m], { dtype: 'float64' }),
    },
    truth: Float64Array.from(truth),
    posterior: mixturePosterior(posterior),
    conditional: exactPrior(posterior.law, { schedule }),
    matrix: A,
  }
}

/** Numbers of steps of the protocol, and DDIM's η there. */
const grids = [
  { steps: 20, eta: 0.6 },
  { steps: 100, eta: 0.85 },
] as const

/** Methods whose steps are iterations, not times on the way from noise: they keep their own number. */
const iterative = new Set([
  ...['score-prior', 'efficient-score-prior', 'red-diff', 'rlsd', 'csgm', 'dmplug', 'shred', 'd-flow'],
  ...['pnp-dm', 'pmc', 'daps', 'score-ald', 'kadkhodaie-simoncelli', 'snips'],
])

/** Of those with levels of their own: means lie up to 16√d from 0. */
const levels: Readonly<Record<string, Settings>> = {
  'rto-tu': { sigmaMax: 100 },
  'map-tu': { sigmaMax: 100 },
  dpnp: { eta0: 30 },
}

/** What the protocol sets of methods beside the steps. */
const protocol: Readonly<Record<string, Settings>> = {
  dps: { scale: 0.1 },
  ddrm: { eta: 0.85, etaB: 1 },
  tmpd: { covariance: 'dense' }, // of at most four numbers
  'mcg-diff': { kappa: 1e-4, particles: 1000 },
}

/** Whether a method takes the η of the integrator: those of DDIM whose own is that of ancestral steps. */
function takesEta(name: string): boolean {
  if (name === 'exact-score' || name === 'prior') return true
  return methods.names.includes(name) && methods.find(name).info.options['eta']?.default === 1
}

const settingsOf = (name: string, { steps, eta }: (typeof grids)[number]): Settings | undefined =>
  name in levels
    ? levels[name]
    : iterative.has(name)
      ? undefined
      : { steps, spacing: 'trailing', ...(takesEta(name) && { eta }), ...protocol[name] }

const problems: readonly PosedProblem[] = grids.flatMap((grid) =>
  [8, 80, 800].flatMap((d) =>
    [1, 2, 4].map((m) => ({
      name: `d=${d},dy=${m},steps=${grid.steps}`,
      title: `25 components in ${d} dimensions, ${m} of them measured, ${grid.steps} steps with η = ${grid.eta}`,
      pose: (seed: number) => pose(d, m, seed),
      settings: (name: string) => settingsOf(name, grid),
    })),
  ),
)

/**
 * The mixture of 25 Gaussians of MCGDiff: means on a grid of 5×5, repeated along all coordinates, random weights, and m numbers
 * measured by a random matrix of random singular values with random noise. Both steps and the integrator's η are those of the
 * protocol, at equal decrements of √ᾱ; MCGDiff's grid has the times of the measured coordinates as well.
 */
export const gmm: Suite = {
  name: 'gmm',
  title: 'Mixture of 25 Gaussians',
  source: 'arXiv 2308.07983 §4: its priors, measurements, steps and settings; 500 fixed directions',
  problems,
  full: { seeds: 20, samples: 300, limit: 4 },
  quick: {
    problems: ['d=8,dy=1,steps=20', 'd=80,dy=2,steps=20'],
    seeds: 2,
    samples: 300,
    rows: [
      'exact-score',
      'prior',
      'mcg-diff',
      'dps',
      'ddrm',
      'ddnm-plus',
      'tmpd',
      'pigdm',
      'mmps',
      'dmps',
      'tds',
      'diffpir',
      'ddsmc',
      'mgps',
      'mgdm',
      'dcps',
    ],
  },
  metrics: ['sw'],
  settings: () => undefined,
  populations: ['one run'],
  pairs: [
    ['mcg-diff (one run)', 'dps'],
    ['mcg-diff (one run)', 'pigdm'],
  ],
  published: gmmPublished,
}
