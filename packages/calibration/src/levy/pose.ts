import type { Settings } from '@tweedie/solvers'
import { exactPrior, gaussianNoise, gaussianPrior, matrixOperator } from '@tweedie/solvers'
import { fromData, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { keeper } from '../posteriors/keeper.ts'
import { mixturePosterior } from '../posteriors/mixture.ts'
import { streamOf } from '../posteriors/stream.ts'
import type { Case, PosedProblem, Posterior } from '../types.ts'
import { gibbsPrior } from './gibbs-prior.ts'
import type { Increments } from './increments.ts'
import { signal } from './increments.ts'
import { noiseLevel } from './noise.ts'
import type { LevyOperator } from './operators.ts'
import { length } from './operators.ts'
import { levyPosterior } from './posterior.ts'

const host = { dtype: 'float64' } as const

/** Chains of the last cases, 10 MB each: rows of a table ask for the same case one after the other. */
const kept = keeper<Posterior>(8)

/** The walk of Gaussian increments: covariance variance·min(i, j), i, j = 1 … d. */
const gaussianWalk = (variance: number) =>
  gaussianPrior({
    mean: new Float64Array(length),
    covariance: Matrix.from1DArray(
      length,
      length,
      Array.from(
        { length: length ** 2 },
        (_, at) => variance * (1 + Math.min(Math.floor(at / length), at % length)),
      ),
    ),
  })

function pose(law: Increments, operator: LevyOperator, seed: number): Case {
  const key = randomKey(seed).fold('levy').fold(law.name)
  const truth = signal(law, length, streamOf(key.fold('signal')))
  const sigma = noiseLevel(law.name, operator.name)
  const noise = streamOf(key.fold(operator.name).fold('noise'))
  const A = operator.matrix
  const y = A.mmul(Matrix.columnVector(Array.from(truth)))
    .to1DArray()
    .map((clean) => clean + sigma * noise.normal())
  return {
    problem: {
      operator: matrixOperator(fromData(Float64Array.from(A.to1DArray()), [A.rows, length], host)),
      noise: gaussianNoise(sigma),
      y: fromData(Float64Array.from(y), [1, A.rows], host),
    },
    truth,
    matrix: A,
    ...known(law, operator, Float64Array.from(y), sigma, seed),
  }
}

/** The prior and the posterior: in closed form for Gaussian increments, else by Gibbs sampling. */
function known(
  law: Increments,
  { name, matrix }: LevyOperator,
  y: Float64Array,
  sigma: number,
  seed: number,
): Pick<Case, 'prior' | 'posterior' | 'conditional'> {
  if (law.fixed !== undefined) {
    const prior = gaussianWalk(law.fixed)
    const found = prior.law.posterior(matrix, y, sigma)
    return { prior, posterior: mixturePosterior(found), conditional: exactPrior(found.law) }
  }
  const key = randomKey(seed).fold('levy posterior')
  return {
    prior: gibbsPrior({ increments: law, length, burnIn: 30, states: 100 }),
    posterior: kept(`${law.name},${name},${seed}`, () =>
      levyPosterior({ increments: law, matrix, y, sigma, key }),
    ),
  }
}

/** ζ' of C-DPS, ρ₀ of DiffPIR with ζ = 0.3, η₀ of DPnP, by the mean squared error of the mean on other signals of the Gauss law. */
const tuned: Readonly<Record<string, { dps: number; diffpir: number; dpnp: number }>> = {
  identity: { dps: 0.0316, diffpir: 0.01, dpnp: 0.501 },
  convolution: { dps: 0.1, diffpir: 0.01, dpnp: 2.93 },
  sampling: { dps: 0.1, diffpir: 1e-4, dpnp: 0.501 },
  fourier: { dps: 0.1, diffpir: 1e-4, dpnp: 2.93 },
}

function settings(law: Increments, operator: string): NonNullable<PosedProblem['settings']> {
  const own = tuned[operator]
  // A step of the Gibbs denoiser takes as long as some thousands of the closed form.
  const steps = law.fixed === undefined ? 100 : 1000
  return (method): Settings | undefined => {
    if (!own) return undefined
    if (method === 'dps') return { steps, scale: Math.SQRT2 * own.dps, scaleSteps: 1000 }
    const lambda = own.diffpir / noiseLevel(law.name, operator) ** 2
    if (method === 'diffpir') return { steps, zeta: 0.3, lambda, init: 'zeros' }
    // Every index below η, up to 700, in the protocol.
    if (method === 'dpnp') return { eta0: own.dpnp, priorSteps: law.fixed === undefined ? 5 : 60 }
    if (method === 'exact-score' || method === 'prior') return { steps }
    return undefined
  }
}

/** A law measured by an operator as a problem of the suite. */
export const posed = (law: Increments, operator: LevyOperator): PosedProblem => ({
  name: `${law.name},${operator.name}`,
  title: `${law.title} increments, ${operator.title}`,
  pose: (seed) => pose(law, operator, seed),
  settings: settings(law, operator.name),
})
