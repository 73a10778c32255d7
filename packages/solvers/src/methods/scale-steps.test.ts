// Methods whose scale is the length of a step: its sum over a run can be kept at another number of steps, and is told where nobody tried it.
import { tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { askedPrior } from '../laws/asked-prior.ts'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import type { Settings } from '../options/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { methods, presetsOf } from './index.ts'
import { known } from './known/known.test.helper.ts'

const names = methods.names.filter((name) => methods.find(name).info.options['scaleSteps'] !== undefined)
/** The option that is the length, by method; `scale` of the others. */
const lengths: Readonly<Record<string, string>> = { psld: 'omega' }
const lengthOf = (name: string) => lengths[name] ?? 'scale'

test('there are ten', () => {
  expect(names.toSorted()).toEqual(
    ['blind-dps', 'dps', 'dps-gsg', 'latent-dps', 'mcg', 'mpgd', 'mpgd-ae', 'p2l', 'psld', 'stsl'].toSorted(),
  )
  // No other has an option that says it is a length and stays as it is, but where it is one of ᾱ_t or of an inner descent.
  const others = methods.names.filter((name) =>
    Object.values(methods.find(name).info.options).some(({ doc }) =>
      doc.includes('length of a guidance step'),
    ),
  )
  expect(others.filter((name) => !names.includes(name))).toEqual(['resample'])
})

const prior = gaussianPrior({ mean: [0.2, 0, -0.1], covariance: 0.5 })
const operator = matrixOperator(tensor([[0.6, 0, 0.8]]))
const problem = { noise: gaussianNoise(0.2), y: tensor([[0.3], [-0.4]]) }
const restored = async (name: string, settings: Settings) => {
  const method = methods.find(name)
  const { needs } = method.info
  const asked = { ...problem, operator: askedOf(needs, operator) }
  const options = { ...known[name]?.small, gamma: undefined, steps: 10, seed: 1, ...settings }
  const { gamma, ...rest } = options
  return [...(await run(method.run(asked, askedPrior(needs, prior), rest))).dataSync()]
}

test.each(names)('%s: a scale that was found at 40 steps is four times as long at 10', async (name) => {
  const length = lengthOf(name)
  const [found, long, as] = [
    await restored(name, { [length]: 0.02, scaleSteps: 40 }),
    await restored(name, { [length]: 0.08 }),
    await restored(name, { [length]: 0.02 }),
  ]
  found.forEach((v, i) => expect(v).toBeCloseTo(long[i]!, 6))
  expect(as).not.toEqual(found)
})

test.each(names.filter((name) => name !== 'stsl'))('%s: advice where ζ·steps was not tried', (name) => {
  const { advice } = methods.find(name).info
  const length = lengthOf(name)
  expect(advice({})).toEqual([])
  for (const { settings } of presetsOf(methods.find(name))) {
    if (settings['guidance'] !== undefined) continue
    const steps = Number(settings['steps'])
    if (Number.isFinite(steps)) expect(advice(settings)).toEqual([])
  }
  const [says = ''] = advice({ [length]: 1e6, steps: 10 })
  expect(says).toMatch(/^scale·steps = 10000000 is outside \d+ … \d+ \(.+\); scale = /)
  const inside = Number(/scale = ([\d.]+)/.exec(says)?.[1])
  expect(advice({ [length]: inside, steps: 10 })).toEqual([])
  expect(advice({ [length]: inside / 10, scaleSteps: 100, steps: 10 })).toEqual([])
  expect(advice({ [length]: inside / 10, steps: 10 })).toHaveLength(1)
})
