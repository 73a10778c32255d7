// Every method on a network of a flow: a network of the velocity, told t from noise to data, on the straight path with the times of
// a VP schedule. Where a method depends on x_t by α_t and σ_t alone, it restores what it does with the VP prior.
import type { Tensor } from '@tweedie/tensor'
import { normal, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { askedPrior } from '../laws/asked-prior.ts'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { gaussianMixturePrior, networkPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { flowVelocity } from '../samplers/index.ts'
import { flowScale, flowTime, vpLinear } from '../schedules/index.ts'
import type { Prior, Schedule } from '../types.ts'
import { methods } from './index.ts'
import { known } from './known/known.test.helper.ts'
import { byLeastSquares } from './known/units.test.helper.ts'

const own = vpLinear({ T: 50 })
/** x/(α + σ): α′ and σ′ by the rule for quotients. */
const straight: Schedule = {
  ...own,
  name: 'straight',
  alpha: (t) => own.alpha(t) / flowScale(own, t),
  sigma: (t) => flowTime(own, t),
  slopes: (t) => {
    const [a, s, scale] = [own.slopes(t).alpha, own.slopes(t).sigma, flowScale(own, t)]
    const turn = (own.alpha(t) * s - own.sigma(t) * a) / scale ** 2
    return { alpha: -turn, sigma: turn }
  },
}
const law = {
  weights: [1, 2, 1],
  means: [[-1, 0.5, 0, 1], [1, 0, 0.5, -1], [0, 0, 0, 0]], // biome-ignore format: a table
  covariances: 0.2,
  shape: [1, 2, 2],
}
const exact = (schedule: Schedule): Prior => gaussianMixturePrior({ ...law, schedule })
const velocity = flowVelocity(exact(own))
const network = networkPrior({
  name: 'velocity',
  shape: [1, 2, 2],
  schedule: straight,
  predicts: 'velocity',
  predict: velocity,
})
const operator = matrixOperator(tensor([[0.8, 0.6, 0, 0], [0, 0, 0, 1]], { dtype: 'float64' }), { inShape: [1, 2, 2] }) // biome-ignore format: a matrix
const y = normal([randomKey(40)], [2], { dtype: 'float64' })
const list = (x: Tensor) => Array.from(x.dataSync())

/** Why a method restores something else. */
const others: Readonly<Record<string, string>> = Object.fromEntries([
  ...['dps', 'blind-dps', 'mcg', 'latent-dps', 'psld', 'stsl', 'p2l', 'resample', 'dpg', 'dps-gsg'].map(
    (name) => [name, 'its steps of length ζ are in the units of x_t'],
  ),
  ['pigdm', 'α_t·r_t² is a weight of x_t on VP alone; ot-ode has that of any schedule'],
  ['mpgd', 'c/√ᾱ_s is in the units of VP'],
  ['mpgd-ae', 'as mpgd'],
  ['score-sde', 'its corrector goes by ‖x_t‖'],
  ['repaint', 'the large variance of an ancestral step is in the units of x_t'],
  ['smc-diff', 'as repaint: the large variance'],
  ['tds', 'as repaint: the large variance, and resampling that turns on it'],
  ['pnp-dm', 'as repaint: the large variance'],
  ...['mgps', 'mgdm', 'dcps', 'sitcom'].map((name) => [name, 'its updates have lengths in the units of x_t']),
  ['dream-sampler', 'z̄ mixes estimates by ᾱ_t'],
])

describe.each(methods.names)('%s on a network of a flow', (name) => {
  const method = methods.find(name)
  const { needs } = method.info
  const restore = async (prior: Prior) => {
    const settings = { steps: 5, seed: 1, ...known[name]?.small }
    const problem = { operator: askedOf(needs, operator), noise: gaussianNoise(0.1), y }
    return list(await run(method.run(problem, askedPrior(needs, prior), settings)))
  }
  const why = others[name]

  it(
    why === undefined ? 'restores what it does on VP, to 1e-9' : `restores, differently: ${why}`,
    async () => {
      // Priors of latents and classes are made here; they are taken to the path by their schedule.
      const made = askedPrior(needs, network) !== network
      const [ours, seen] = [await restore(exact(own)), await restore(made ? exact(straight) : network)]
      expect(seen.every(Number.isFinite)).toBe(true)
      const apart = Math.max(...ours.map((v, i) => Math.abs(v - (seen[i] ?? Number.NaN))))
      // A least squares of few particles multiplies the rounding of its logarithms by its condition.
      if (why === undefined) expect(apart).toBeLessThan(byLeastSquares.includes(name) ? 1e-6 : 1e-9)
      else expect(apart).toBeGreaterThan(1e-6)
    },
  )
})
