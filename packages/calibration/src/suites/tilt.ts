import { gaussianMixturePrior, gaussianPrior } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Case, PosedProblem, Suite, Variant } from '../types.ts'
import { doubleWellCase } from './double-well.ts'
import { linearCase, normals } from './pose.ts'

/** p(x)·exp(r(x)) with the reward r = −‖B x − c‖²/(2τ²): what a measurement y = c of B x with the noise τ does. */
const rewarded = (
  parts: Omit<Parameters<typeof linearCase>[0], 'truth' | 'y' | 'A'> & {
    B: Matrix
    c: Float64Array
    seed: number
  },
): Case => {
  const { prior, sigma, B, c, seed } = parts
  const posed = linearCase({ prior, A: B, sigma, truth: new Float64Array(B.columns), y: c })
  // There is no truth that c was measured of: it is a draw of the tilted law.
  const { values } = posed.posterior.sample([randomKey(seed).fold('tilt').fold('truth')])
  return { ...posed, truth: values }
}

const gaussian = (seed: number): Case =>
  rewarded({
    prior: gaussianPrior({
      mean: [0, 0],
      covariance: [
        [1, 0.8],
        [0.8, 1],
      ],
    }),
    B: Matrix.eye(2),
    c: Float64Array.of(2, -1),
    sigma: 1,
    seed,
  })

const mixture = (seed: number): Case =>
  rewarded({
    prior: gaussianMixturePrior({
      weights: [0.4, 0.2, 0.3, 0.1],
      means: [
        [-4, -4],
        [0, 0],
        [4, 4],
        [-4, 4],
      ],
      covariances: 1,
    }),
    B: new Matrix([[1, 0.3]]),
    c: Float64Array.of(1.5),
    sigma: 1,
    seed,
  })

/** Eight modes about 11 apart; the reward draws to a point in their midst. */
function many(seed: number): Case {
  const d = 30
  const key = randomKey(seed).fold('tilt').fold('many')
  return rewarded({
    prior: gaussianMixturePrior({
      weights: new Float64Array(8).fill(1),
      means: Array.from({ length: 8 }, (_, k) => normals(key.fold(k), d).map((z) => 1.5 * z)),
      covariances: 1,
    }),
    B: Matrix.eye(d),
    c: new Float64Array(d).fill(0.5),
    sigma: 3,
    seed,
  })
}

const problems: readonly PosedProblem[] = [
  { name: 'gaussian-2d', title: 'a Gaussian in 2 dimensions, drawn to a point', pose: gaussian },
  { name: 'mixture-2d', title: '4 modes in 2 dimensions, drawn to a line', pose: mixture },
  { name: 'mixture-30d', title: '8 modes in 30 dimensions, drawn to a point', pose: many },
  {
    name: 'dw-4,T=2',
    title: '4 particles with double wells between them at temperature 2, drawn together',
    pose: doubleWellCase,
  },
]

const cloud = ['one run'] as const

/**
 * The rows of DriftLite's table, each the particles of one run but for pure guidance, which has no weights: each sample is a run
 * of one particle, with all of the guidance in its drift and without annealing.
 */
const variants: readonly Variant[] = [
  { name: 'pure-guidance', method: 'afdps', settings: { particles: 1, gamma: 0 }, populations: ['runs'] },
  { name: 'c=0', method: 'g-smc', settings: { c: 0 }, populations: cloud },
  { name: 'c=0.5', method: 'g-smc', settings: { c: 0.5 }, populations: cloud },
  { name: 'c=1', method: 'afdps', settings: { c: 1 }, populations: cloud },
  { name: 'vcg', method: 'driftlite', settings: { control: 'variance' }, populations: cloud },
  { name: 'ecg', method: 'driftlite', settings: { control: 'energy' }, populations: cloud },
]

/** Laws tilted by a reward: p(x)·exp(r(x)). */
export const tilt: Suite = {
  name: 'tilt',
  title: 'Laws tilted by a reward',
  source:
    'after DriftLite (Ren et al., arXiv 2509.21655), which tilts a mixture in 30 dimensions by a quadratic reward, and DW-4; ' +
    'means and rewards of the mixtures are ours, and so is the prior of DW-4: 800 states of long chains, each blurred by 0.1',
  problems,
  full: { seeds: 3, samples: 500, limit: 30 },
  quick: { problems: ['mixture-2d'], seeds: 2, samples: 200, limit: 2 },
  metrics: ['sw', 'observed-w1', 'mean-error', 'variance-error', 'mmd', 'occupancy', 'evidence-bias'],
  settings: () => undefined,
  variants,
  published: [
    ['pure-guidance', 'sw', 1.714, 0.232],
    ['pure-guidance', 'observed-w1', 0.627, 0.003],
    ['pure-guidance', 'mmd', 0.771, 0.085],
    ['c=1 (one run)', 'sw', 0.194, 0.082], // its G-SMC
    ['c=1 (one run)', 'observed-w1', 0.118, 0.004],
    ['c=1 (one run)', 'mmd', 0.087, 0.039],
    ['vcg (one run)', 'sw', 0.048, 0.002], // its VCG-SMC
    ['vcg (one run)', 'observed-w1', 0.107, 0.005],
    ['vcg (one run)', 'mmd', 0.021, 0.001],
  ].map(([row, metric, value, error]) => ({
    problem: 'dw-4,T=2',
    row: String(row),
    metric: String(metric),
    value: Number(value),
    error: Number(error),
    provenance: 'read in the paper',
    source:
      "arXiv 2509.21655, Table 1, reward tilting of DW-4 at T = 2, λ' = 0.5: mean ± std of 5 runs with a trained network; its appendix, " +
      'which says how reward, steps and distances are scaled, could not be read',
  })),
}
