// Every method on a schedule that begins where nothing of x₀ is left, α_t = 0, as the straight path does: a run ends, or is refused
// before any work and says which grid would do.
import { normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { askedPrior } from '../laws/asked-prior.ts'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import type { Settings } from '../options/index.ts'
import { countCalls, gaussianMixturePrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { flow } from '../schedules/index.ts'
import { methods } from './index.ts'
import { known } from './known/known.test.helper.ts'

const pictures = gaussianMixturePrior({
  weights: [1, 2, 1],
  means: [[-1, 0.5, 0, 1], [1, 0, 0.5, -1], [0, 0, 0, 0]], // biome-ignore format: a table
  covariances: 0.2,
  shape: [1, 2, 2],
  schedule: flow(),
})
const operator = matrixOperator(tensor([[0.8, 0.6, 0, 0], [0, 0, 0, 1]], { dtype: 'float64' }), { inShape: [1, 2, 2] }) // biome-ignore format: a matrix
const y = normal([randomKey(40)], [2], { dtype: 'float64' }).mul(0.5)

/** Those that divide by α_t, and with which settings; one that goes by a grid of noise levels says so itself. */
const refused: readonly (readonly [name: string, settings?: Settings])[] = [
  ...['tmpd', 'mmps', 'lgd-mc', 'dmps', 'dpg', 'red-diff', 'rlsd', 'blind-red-diff', 'tds'].map(
    (name) => [name] as const,
  ),
  ['latent-rlsd', { spacing: 'linspace' }],
  ['dps', { guidance: 'likelihood' }],
  ['diffpir', { data: 'gradient', spacing: 'linspace' }],
  ['shred', { samplerSpacing: 'linspace' }],
  ['blind-shred', { samplerSpacing: 'linspace' }],
]
const byLevels = ['snips', 'score-sde', 'enkg', 'afdps', 'g-smc', 'driftlite']

const started = (name: string, settings: Settings, prior = pictures) => {
  const method = methods.find(name)
  const { needs } = method.info
  const problem = { operator: askedOf(needs, operator), noise: gaussianNoise(0.1), y }
  const options = { steps: 6, seed: 1, ...known[name]?.small, ...settings }
  return method.run(problem, askedPrior(needs, prior), options)
}

describe.each(methods.names)('%s', (name) => {
  const always = refused.some(([other, settings]) => other === name && settings === undefined)
  const settings = always ? { spacing: 'leading' } : byLevels.includes(name) ? undefined : {}
  it(always ? 'restores on a grid that begins below' : 'restores, or asks for another grid', async () => {
    if (settings === undefined) return expect(() => started(name, {})).toThrow(OptionError)
    const x = await run(started(name, settings))
    expect(Array.from(x.dataSync()).every(Number.isFinite)).toBe(true)
  })
})

it.each(refused.map(([name, settings = {}]) => ({ name, settings })))(
  '$name $settings is refused where α_t = 0, and says what would do',
  ({ name, settings }) => {
    const counted = countCalls(pictures)
    expect(() => started(name, settings, counted)).toThrow(
      /pacing: .* needs a finite noise level to begin at; 'flow' has an infinite one at t = 1: take one that begins below, such as leading/,
    )
    expect(counted.calls.total).toBe(0)
  },
)
