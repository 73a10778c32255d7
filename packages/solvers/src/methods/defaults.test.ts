import type { Tensor } from '@tweedie/tensor'
import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { askedPrior } from '../laws/asked-prior.ts'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { vpLinear } from '../schedules/index.ts'
import { dpsDefaultScale, methods } from './index.ts'
import { known } from './known/known.test.helper.ts'

const run = { seed: 0, firstSample: 0, resume: undefined }

const prior = gaussianPrior({
  mean: [0.3, -0.2, 0.1],
  covariance: [
    [1, 0.4, 0],
    [0.4, 0.8, 0.1],
    [0, 0.1, 0.6],
  ],
  schedule: vpLinear({ T: 40 }),
})
const problem = {
  operator: matrixOperator(
    tensor([
      [1, 0.2, 0],
      [0, 1e-3, 0],
    ]),
  ),
  noise: gaussianNoise(0.3),
  y: tensor([[0.5, 0.1]]),
}
const orthonormal = matrixOperator(
  tensor([
    [0.8, 0.6, 0],
    [0, 0, 1],
  ]),
)
async function trajectory(name: string, options: object): Promise<number[]> {
  const out: number[] = []
  const method = methods.find(name)
  const operator = method.info.needs.includes('orthonormal') ? orthonormal : problem.operator
  const asked = { ...problem, operator: askedOf(method.info.needs, operator) }
  const posed = askedPrior(method.info.needs, prior)
  const steps = method.run(asked, posed, { steps: 40, ...known[name]?.lighter, ...options })
  for await (const { x } of steps) out.push(...Array.from((x as Tensor).dataSync()))
  return out
}

describe.each(methods.names)('%s', (name) => {
  const { defaults = {}, lighter = {} } = { ...known[name] }

  it('has exactly the published options', () => {
    const { options } = methods.find(name).info
    expect(Object.keys(options).sort()).toEqual([...Object.keys(run), ...Object.keys(defaults)].sort())
    for (const [option, [value, whose]] of Object.entries(defaults)) {
      expect(options[option]?.default, `${option}: ${whose}`).toBe(value)
    }
  })

  it('does where nothing is said what it does where they are said, and something else for others', async () => {
    const said = Object.fromEntries(
      Object.entries(defaults).flatMap(([option, [value]]) =>
        option === 'steps' || value === undefined || Object.hasOwn(lighter, option) ? [] : [[option, value]],
      ),
    )
    const silent = await trajectory(name, {})
    expect(await trajectory(name, said)).toEqual(silent)
    for (const [option, value] of Object.entries(said)) {
      if (typeof value !== 'number') continue
      const half = value === 0 ? 0.5 : value / 2 // a tolerance of 0.5 or 5e-5, a rate of 0.05 …
      const accepts = (v: number) => methods.find(name).info.options[option]?.accepts(v) === true
      const other = known[name]?.other?.[option] ?? [half, Math.floor(half)].find(accepts) ?? value + 1
      // σ_y > 0.3·1e-3: the second singular value is a thousandth of the first, above every tolerance but 0.5.
      const unseen = option === 'rankTolerance' && value > 0
      const beside = known[name]?.beside?.[option]
      const before = beside === undefined ? silent : await trajectory(name, beside)
      const moved = await trajectory(name, { ...beside, [option]: other })
      if (unseen) expect(moved, option).toEqual(before)
      else expect(moved, option).not.toEqual(before)
    }
  })
})

it("DPS's step is 0.3 at 1000 steps and keeps the sum at fewer", async () => {
  expect([1000, 100, 40].map(dpsDefaultScale)).toEqual([0.3, 3, 7.5])
  expect(await trajectory('dps', { scale: 7.5 })).toEqual(await trajectory('dps', {}))
  // A grid may take more steps than were asked for: the sum is over those there are.
  const wider = { steps: 24, spacing: 'ddim' } // 40 of 40
  expect(await trajectory('dps', { ...wider, scale: 7.5 })).toEqual(await trajectory('dps', wider))
})
