import { normal, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { askedPrior } from '../laws/asked-prior.ts'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import type { Settings } from '../options/index.ts'
import { gaussianMixturePrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { methods, UnfitError } from './index.ts'
import { known } from './known/known.test.helper.ts'
import {
  byAdam,
  byLeastSquares,
  formsInUnitsOfY,
  formsWithoutUnits,
  inUnitsOfY,
} from './known/units.test.helper.ts'

// Two changes of a problem that leave its posterior as it is: another order of the samples, another unit of the measurement.

/** The sample whose draws each row of a batch gets, where it is not its own. */
let order: readonly number[] | undefined

// Every draw of a run goes through its streams: here they are dealt to other rows.
vi.mock('../run/streams.ts', async (original) => {
  const { noiseStreams } = await original<typeof import('../run/streams.ts')>()
  return {
    noiseStreams: (options: Parameters<typeof noiseStreams>[0]) => {
      const streams = noiseStreams(options)
      const dealt = order
      if (dealt === undefined) return streams
      const { dtype = 'float32', device } = options
      const deal = <T>(keys: readonly T[]) => dealt.map((i) => keys[i]!)
      const keysOf: typeof streams.keysOf = (step, name) => deal(streams.keysOf(step, name))
      const draw: typeof streams.normal = (step, name, shape) =>
        normal(keysOf(step, name), shape, device === undefined ? { dtype } : { dtype, device })
      return { keys: deal(streams.keys), keysOf, normal: draw }
    },
  }
})

const means = [
  [-1, 0.5, 0, 1],
  [1, 0, 0.5, -1],
  [0, 0, 0, 0],
]
const prior = gaussianMixturePrior({ weights: [1, 2, 1], means, covariances: 0.2, shape: [1, 2, 2] })
const rows = [0, 1, 2].map((i) =>
  Array.from(normal([randomKey(60 + i)], [2], { dtype: 'float64' }).dataSync()),
)

/** The result of a method, four numbers a sample, in float64; `unit` multiplies y, A and σ_y. */
async function restore(name: string, settings: Settings, { unit = 1, dealt = [0, 1, 2] } = {}) {
  const method = methods.find(name)
  const { needs } = method.info
  const matrix = needs.includes('orthonormal')
    ? [[0.8, 0.6, 0, 0], [0, 0, 0, 1]] // biome-ignore format: a matrix
    : [[1, 0.3, 0, 0.2], [0, 0.5, 0.5, 0]] // biome-ignore format: a matrix
  const inUnit = (values: readonly (readonly number[])[]) =>
    tensor(
      values.map((row) => row.map((v) => v * unit)),
      { dtype: 'float64' },
    )
  const operator = askedOf(needs, matrixOperator(inUnit(matrix), { inShape: [1, 2, 2] }))
  const y = inUnit(dealt.map((i) => rows[i] ?? []))
  const options = { steps: 10, seed: 9, ...known[name]?.small, ...settings }
  order = dealt
  try {
    const x = await run(
      method.run({ operator, noise: gaussianNoise(0.1 * unit), y }, askedPrior(needs, prior), options),
    )
    const data = Array.from(x.dataSync())
    x.dispose()
    return data
  } finally {
    order = undefined
  }
}

const samples = (data: readonly number[]) => [0, 1, 2].map((i) => data.slice(4 * i, 4 * i + 4))

describe.each(methods.names)('%s', (name) => {
  it('restores samples in another order, with their seeds, to the same results in that order', async () => {
    const inOrder = samples(await restore(name, {}))
    for (const dealt of [[2, 0, 1], [1, 0, 2]]) // biome-ignore format: rows
      expect(samples(await restore(name, {}, { dealt }))).toEqual(dealt.map((i) => inOrder[i]))
    expect(new Set(inOrder.map(String)).size).toBe(3)
  })

  const choices = Object.entries(methods.find(name).info.options).flatMap(
    ([option, { control, default: usual }]) =>
      option === 'spacing' || control.kind !== 'choice'
        ? []
        : // What a network has learned of its variance, a mixture cannot say: samplers/ancestral.test has networks that can.
          control.choices
            .filter((word) => word !== usual && word !== 'learned-range')
            .map((word) => [option, word] as const),
  )
  it.for(choices)('does so with %s: %s', async ([option, word]) => {
    const form = { ...known[name]?.beside?.[option], [option]: word }
    const inOrder = samples(await restore(name, form))
    expect(samples(await restore(name, form, { dealt: [2, 0, 1] }))).toEqual([2, 0, 1].map((i) => inOrder[i]))
  })
})

// Powers of two change exponents alone. Sums of logarithms round otherwise: hence 2⁻⁴⁰ of the largest number. By ε = 10⁻⁸ a step of
// Adam is off by ε over the gradient, which in the least unit is 2⁻¹⁰ of what it was: 2⁻¹⁰ leaves room for one of 0.01. A least squares
// multiplies what the logarithms round by its condition, some hundreds: hence 2⁻³⁰.
const holds = async (name: string, form: Settings, powers: Readonly<Record<string, number>> = {}) => {
  const { options } = methods.find(name).info
  /** The options in a unit. */
  const inUnit = (unit: number): Settings => {
    const given: Settings = { ...known[name]?.small, ...form }
    const scaled = Object.entries(powers).map(([option, power]) => {
      const value = given[option] ?? options[option]?.default
      if (typeof value !== 'number') throw new Error(`${name}: ${option} is no number`)
      return [option, value * unit ** power] as const
    })
    return { ...form, ...Object.fromEntries(scaled) }
  }
  const before = await restore(name, form)
  const bits = byAdam.includes(name) ? 10 : byLeastSquares.includes(name) ? 30 : 40
  const bound = 2 ** -bits * Math.max(...before.map(Math.abs))
  for (const unit of [4, 2 ** -5]) {
    const after = await restore(name, inUnit(unit), { unit })
    after.forEach((v, i) => expect(Math.abs(v - before[i]!), `${unit}·y, element ${i}`).toBeLessThan(bound))
  }
}

const fails = async (name: string, form: Settings) => {
  const before = await restore(name, form)
  const after = await restore(name, form, { unit: 4 })
  expect(Math.max(...after.map((v, i) => Math.abs(v - before[i]!)))).toBeGreaterThan(1e-3)
}

describe('y, A and σ_y in another unit', () => {
  it.each(methods.names.filter((name) => inUnitsOfY[name] === undefined))('are the same to %s', (name) =>
    holds(name, {}),
  )
  const forms = [
    ...Object.entries(formsWithoutUnits).flatMap(([name, all]) => all.map((form) => ({ name, form }))),
    ...Object.entries(inUnitsOfY).flatMap(([name, { form }]) => (form === undefined ? [] : [{ name, form }])),
  ]
  const scaled = Object.entries(inUnitsOfY).flatMap(([name, { powers, beside = {} }]) =>
    powers === undefined ? [] : [{ name, powers, beside }],
  )
  it.each(scaled)('are the same to $name with $powers of the unit', ({ name, powers, beside }) =>
    holds(name, beside, powers),
  )
  it.each(forms)('are the same to $name in the form $form', ({ name, form }) => holds(name, form))

  const others = [
    ...Object.entries(inUnitsOfY).map(([name, { why, beside = {} }]) => ({ name, form: beside, why })),
    ...Object.entries(formsInUnitsOfY).map(([name, [form, why]]) => ({ name, form, why })),
  ]
  it.each(others)('are not to $name $form: $why', async ({ name, form }) => {
    if (methods.find(name).info.needs.includes('orthonormal'))
      await expect(restore(name, form, { unit: 4 })).rejects.toThrow(UnfitError)
    else await fails(name, form)
  })
})

it('knows no method that is not there', () => {
  for (const name of [
    ...byAdam,
    ...byLeastSquares,
    ...[inUnitsOfY, formsInUnitsOfY, formsWithoutUnits].flatMap(Object.keys),
  ])
    expect(methods.names).toContain(name)
})
