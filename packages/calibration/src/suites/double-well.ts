import type { ExactPrior } from '@tweedie/solvers'
import { exactPrior, gaussianMixture } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import type { ChainPosterior } from '../posteriors/chain.ts'
import { chainPosterior } from '../posteriors/chain.ts'
import type { DoubleWell } from '../posteriors/double-well.ts'
import { doubleWell } from '../posteriors/double-well.ts'
import { streamOf } from '../posteriors/stream.ts'
import type { Case } from '../types.ts'
import { drawKeysOf, linearCase } from './pose.ts'

/** Temperature and strength of the reward −½·λ'·‖x‖² of the published DW-4: particles are drawn together. */
const [temperature, lambda] = [2, 0.5] as const

/** States of either law that the prior is made of, and how much each is blurred. */
const [kernels, blur] = [400, 0.1] as const

const key = randomKey(0).fold('DW-4 at T = 2')

/** Chains of a system; the numbers that its symmetries leave as they are have to converge as well. */
function chainsOf(system: DoubleWell, purpose: string, states: number, effective: number): ChainPosterior {
  const stream = streamOf(key.fold(purpose).fold('starts'))
  return chainPosterior({
    name: 'Hamiltonian chains, turned and permuted',
    target: system,
    options: {
      starts: Array.from({ length: 4 }, () =>
        Float64Array.from({ length: system.dimension }, () => 2 * stream.normal()),
      ),
      key: key.fold(purpose),
      leaps: 10,
      symmetry: system.symmetry,
      warmUp: 2000,
      states,
      every: 8,
      watch: (x) => [system.logDensity(x), ...system.distances(x).sort()],
    },
    until: { rHat: 1.02, effective },
  })
}

let made: { readonly prior: ExactPrior; readonly tilted: ChainPosterior } | undefined

/**
 * The prior and the tilted law, which are the same for all seeds. States of both make the prior, so that where the reward draws to
 * there are as many as elsewhere; p/(½p + ½p·e^r/Z) is what a state of either weighs, Z = E e^r.
 */
function laws() {
  if (made) return made
  const reward = (x: Float64Array) => Math.exp((-lambda / 2) * x.reduce((sum, v) => sum + v * v, 0))
  const free = chainsOf(doubleWell(4, 0, temperature), 'prior', 2500, 400)
  const tilted = chainsOf(doubleWell(4, lambda, temperature), 'tilted', 6000, 1000)
  const all = free.chains().states.flatMap(pointsIn)
  const Z = all.reduce((sum, x) => sum + reward(x), 0) / all.length
  const means = [free, tilted].flatMap((law, k) => pointsIn(law.sample(drawKeysOf(key.fold(k), kernels))))
  const law = gaussianMixture({
    weights: means.map((x) => 1 / (1 + reward(x) / Z)),
    means,
    covariances: blur ** 2,
  })
  made = { prior: exactPrior(law, { name: 'double-well' }), tilted }
  return made
}

const pointsIn = (points: Points): Float64Array[] =>
  Array.from({ length: points.count }, (_, i) => pointAt(points, i))

/**
 * DW-4 at T = 2 tilted by −¼‖x‖², in the 6 coordinates that are left without the mean. The denoiser is the exact one of 800 weighed
 * states of long chains, each blurred by 0.1: of that law the conditional is known in closed form, and the row `exact-score`
 * shows what the states in place of the law cost.
 */
export function doubleWellCase(seed: number): Case {
  const { prior, tilted } = laws()
  const posed = linearCase({
    prior,
    A: Matrix.eye(6),
    sigma: 1 / Math.sqrt(lambda),
    truth: new Float64Array(6),
    y: new Float64Array(6),
  })
  const { values } = tilted.sample([randomKey(seed).fold('tilt').fold('dw-4')])
  return { ...posed, posterior: tilted, truth: values, observed: doubleWell(4).distances }
}
