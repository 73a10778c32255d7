import type { ExactPrior, Settings } from '@tweedie/solvers'
import { gaussianMixturePrior, gaussianNoise, poissonNoise, shownOperator, ve } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import { fromData, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { ChainPosterior } from '../posteriors/chain.ts'
import { keeper } from '../posteriors/keeper.ts'
import type { Ridges } from '../posteriors/ridge.ts'
import { ridgePosterior } from '../posteriors/ridge-posterior.ts'
import type { Case, PosedProblem, Suite } from '../types.ts'
import { bipsdaPublished } from './bipsda-published.ts'
import {
  applied,
  batchOfOne,
  linearCase,
  measured,
  normals,
  numbers,
  operatorOf,
  orthogonal,
  truthOf,
  uniforms,
} from './pose.ts'

const d = 10
/** What is the same for all seeds is drawn of this key. */
const fixed = randomKey(0).fold('bipsda')

/** 0.4·N(−5·1, I) + 0.3·N(0, Λ) + 0.3·N(5·1, QᵀΛQ), Λ = diag(1 … 2), Q orthogonal. */
function prior(): ExactPrior {
  const widths = Array.from({ length: d }, (_, i) => 1 + i / (d - 1))
  const Q = orthogonal(fixed.fold('Q'), d)
  const turned = Q.transpose().mmul(Matrix.diag(widths)).mmul(Q)
  const symmetric = Matrix.add(turned, turned.transpose()).mul(0.5)
  return gaussianMixturePrior({
    weights: [0.4, 0.3, 0.3],
    means: [-5, 0, 5].map((level) => new Float64Array(d).fill(level)),
    covariances: { each: [1, widths, symmetric] },
    schedule: ve({ sigmaMax: 10 }),
  })
}

const keyOf = (name: string, seed: number): Key => randomKey(seed).fold('bipsda').fold(name)

const observed = [0, 1, 2, 4, 5, 6, 7, 9]

/** Eight of ten coordinates. */
const inpainting = (name: string, sigma: number, seed: number): Case => {
  const key = keyOf(name, seed)
  const A = Matrix.zeros(observed.length, d)
  observed.forEach((column, row) => {
    A.set(row, column, 1)
  })
  const law = prior()
  const truth = truthOf(law, key.fold('truth'))
  return linearCase({ prior: law, A, sigma, truth, y: measured(A, truth, sigma, key.fold('noise')) })
}

/** Photons sent, and what x is moved by so that most of it absorbs. */
const [photons, shift] = [1000, 10]

/** log n! by log Γ's asymptotic series from n + 8 on (Stirling); exact to 10⁻¹⁰. */
function logFactorial(n: number): number {
  let [z, product] = [n + 1, 1]
  for (; z < 9; z++) product *= z
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7)
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - Math.log(product)
}

/** Counts k ~ Poisson(1000·exp(−A(x + 10))), measured as k − 1, in which a Poisson noise of peak 2 has the rate y + 1. */
function xRay(seed: number): Case {
  const key = keyOf('x-ray', seed)
  const entries = uniforms(fixed.fold('x-ray'), 15 * d).map((u) => 0.01 + 0.04 * u)
  const A = Matrix.from1DArray(15, d, entries)
  const offset = applied(A, new Float64Array(d).fill(shift))
  const lines = operatorOf(A)
  const operator = shownOperator('x-ray', {
    inShape: [d],
    outShape: [15],
    forward: (x) => {
      const { dtype, device } = x
      const through = lines.forward(x).add(fromData(offset, [1, 15], { dtype, device }))
      return through.neg().exp().mul(photons).sub(1)
    },
  })
  const noise = poissonNoise(2)
  const law = prior()
  const truth = truthOf(law, key.fold('truth'))
  using clean = batchOfOne(applied(A, truth).map((u, i) => photons * Math.exp(-u - (offset[i] ?? 0)) - 1))
  const y = numbers(noise.sample([key.fold('noise')], clean))
  const count = (i: number) => Math.round((y[i] ?? 0) + 1)
  const rate = (i: number, u: number) => photons * Math.exp(-u - (offset[i] ?? 0))
  return ridged(law, truth, y, { operator, noise }, key, {
    matrix: A,
    log: (i, u) => {
      const through = Math.log(photons) - u - (offset[i] ?? 0)
      return count(i) * through - Math.exp(through) - logFactorial(count(i))
    },
    slope: (i, u) => rate(i, u) - count(i),
    curvature: (i, u) => -rate(i, u),
  })
}

/** Magnitudes y = (Bx)² + 25·ε of five Gaussian projections. */
function phaseRetrieval(seed: number): Case {
  const key = keyOf('phase-retrieval', seed)
  const [m, sigma] = [5, 25]
  const B = Matrix.from1DArray(m, d, normals(fixed.fold('phase retrieval'), m * d))
  const projections = operatorOf(B)
  const operator = shownOperator('phase-retrieval', {
    inShape: [d],
    outShape: [m],
    forward: (x) => projections.forward(x).square(),
  })
  const law = prior()
  const truth = truthOf(law, key.fold('truth'))
  const errors = normals(key.fold('noise'), m)
  const y = applied(B, truth).map((u, i) => u ** 2 + sigma * (errors[i] ?? 0))
  const off = (i: number, u: number) => (y[i] ?? 0) - u ** 2
  return ridged(law, truth, y, { operator, noise: gaussianNoise(sigma) }, key, {
    matrix: B,
    log: (i, u) => -((off(i, u) / sigma) ** 2) / 2 - Math.log(2 * Math.PI * sigma ** 2) / 2,
    slope: (i, u) => (2 * u * off(i, u)) / sigma ** 2,
    curvature: (i, u) => (2 * off(i, u) - 4 * u ** 2) / sigma ** 2,
  })
}

/** Chains are run once for all rows of a case. */
const kept = keeper<ChainPosterior>(40)

const ridged = (
  law: ExactPrior,
  truth: Float64Array,
  y: Float64Array,
  problem: Pick<Case['problem'], 'operator' | 'noise'>,
  key: Key,
  ridges: Ridges,
): Case => ({
  prior: law,
  problem: { ...problem, y: batchOfOne(y) },
  truth,
  posterior: kept(key.words.join(), () => ridgePosterior(law.law, ridges, key.fold('chain'))),
})

const problems: readonly PosedProblem[] = [
  {
    name: 'inpainting-low',
    title: '8 of 10 coordinates, σ_y = 0.1',
    pose: (seed) => inpainting('inpainting-low', 0.1, seed),
  },
  {
    name: 'inpainting-high',
    title: '8 of 10 coordinates, σ_y = 5',
    pose: (seed) => inpainting('inpainting-high', 5, seed),
  },
  {
    name: 'x-ray',
    title: '15 counts of photons behind an absorber',
    pose: xRay,
    settings: (row) => (row === 'lang-tu' || row === 'lang-tc' ? { innerSteps: 1000 } : undefined),
  },
  { name: 'phase-retrieval', title: 'squares of 5 projections, σ_y = 25', pose: phaseRetrieval },
]

/** Of methods with levels of their own; the grid of others is that of 7th roots from σ = 10 to 0.01, a thousandth of it. */
const own: Readonly<Record<string, Settings>> = {
  daps: {
    steps: 200,
    sigmaMax: 10,
    sigmaMin: 0.01,
    odeSteps: 5,
    innerSteps: 100,
    learningRate: 5e-5,
    decay: 1,
  },
  'rto-tu': {},
  'map-tu': {},
  // Modes are 16 apart.
  dpnp: { eta0: 10 },
}

/** Three modes in ten dimensions, measured in four ways. */
export const bipsda: Suite = {
  name: 'bipsda',
  title: 'Three modes in ten dimensions',
  source:
    'Crafts & Villa, arXiv 2503.03007, and github.com/Evan1578/BIPSDA c0c5e2e. Q, A and B are draws of ours, since theirs are ' +
    "torch's; references of the problems that are not linear are Hamiltonian chains with jumps, theirs DREAM; 3 trials of " +
    '500 samples in place of 100 of 10,000',
  problems,
  full: { seeds: 3, samples: 500, limit: 20 },
  quick: { problems: ['inpainting-low'], seeds: 2, samples: 100, limit: 2 },
  metrics: ['mean-error', 'variance-error', 'cmd', 'mmd', 'sw', 'occupancy'],
  settings: (method) => own[method] ?? { spacing: 'karras' },
  variants: [
    // Dense matrices of each sample, 20,000 steps of a chain.
    { name: 'rto-tc', method: 'rto-tu', settings: { estimate: 'covariance' }, most: 200 },
    { name: 'rto-ode', method: 'rto-tu', settings: { estimate: 'ode' } },
    { name: 'lang-tu', method: 'rto-tu', settings: { draw: 'langevin' }, most: 50 },
    {
      name: 'lang-tc',
      method: 'rto-tu',
      settings: { draw: 'langevin', estimate: 'covariance' },
      most: 50,
    },
    { name: 'map-tc', method: 'map-tu', settings: { estimate: 'covariance' }, most: 200 },
    { name: 'map-ode', method: 'map-tu', settings: { estimate: 'ode' } },
  ],
  published: bipsdaPublished,
}
