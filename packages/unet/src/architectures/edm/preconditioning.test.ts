import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parameterisations } from '@tweedie/solvers'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import type { Preconditioning } from './preconditioning.ts'
import {
  checkPreconditioning,
  coefficientsAt,
  iddpmLevels,
  noiseRange,
  preconditionings,
  roundSigma,
} from './preconditioning.ts'

const said = parseSafetensors(
  readFileSync(resolve(import.meta.dirname, '../../../../../tests/fixtures/edm/levels.safetensors')),
  'levels',
)
const { vp, ve, iddpm, edm } = preconditionings

test.each([
  ['VPPrecond', vp],
  ['VEPrecond', ve],
  ['iDDPMPrecond', iddpm],
  ['EDMPrecond', edm],
] as const)('the levels that %s knows, and rounds to, are those of its code', (name, p) => {
  const asked = Array.from(said.values('asked'))
  const rounded = said.values(`${name}:rounded`)
  asked.forEach((sigma, i) => {
    expect(Math.abs(roundSigma(p, sigma) - rounded[i]!)).toBeLessThanOrEqual(1e-5 * rounded[i]!)
  })
  const { sigmaMin, sigmaMax } = noiseRange(p)
  const [low = 0, high = 0] = said.values(`${name}:range`)
  // At the least time of VP its float32 has lost most of its digits.
  expect(Math.abs(sigmaMin / low - 1) < (p.kind === 'vp' ? 0.05 : 1e-4) || sigmaMin === low).toBe(true)
  expect(sigmaMax === high || Math.abs(sigmaMax / high - 1) < 1e-4).toBe(true)
})

describe('coefficients', () => {
  const levels = [0.002, 0.05, 0.5, 3, 80]

  test('vp: ε of a network at α = 1/√(1 + σ²), told 999 t with σ(t) = σ', () => {
    for (const sigma of levels) {
      const { skip, out, input, noise } = coefficientsAt(vp, sigma)
      expect([skip, out]).toEqual([1, -sigma])
      expect(input).toBeCloseTo(1 / Math.sqrt(1 + sigma ** 2), 14)
      const t = noise / 999
      expect(Math.sqrt(Math.expm1(0.5 * 19.9 * t ** 2 + 0.1 * t))).toBeCloseTo(sigma, 10)
    }
  })

  test('ve: −ε, told log σ/2, of the image itself', () => {
    expect(coefficientsAt(ve, 4)).toEqual({ skip: 1, out: 4, input: 1, noise: Math.log(2) })
  })

  test('edm: as the table of solvers says for what predicts edm', () => {
    for (const sigma of levels) {
      const { skip, out, input, noise } = coefficientsAt({ ...edm, sigmaData: 0.7 }, sigma)
      const known = parameterisations.edm(1, sigma, 0.7)
      expect(skip).toBeCloseTo(known.estimate.x / known.estimate.over, 12)
      expect(out).toBeCloseTo(known.estimate.output / known.estimate.over, 12)
      expect(input).toBeCloseTo(known.input, 12)
      expect(noise).toBeCloseTo(Math.log(sigma) / 4, 12)
    }
  })

  test('iddpm: the index of the nearest level, the noisiest 999; of two as near, that of more noise', () => {
    const u = iddpmLevels(iddpm)
    for (const j of [0, 1, 500, 999]) {
      expect(coefficientsAt(iddpm, u[j]!).noise).toBe(999 - j)
      expect(coefficientsAt(iddpm, u[j]! * (1 + 1e-7)).noise).toBe(999 - j)
    }
    expect(coefficientsAt(iddpm, 1e9).noise).toBe(999)
    expect(coefficientsAt(iddpm, 0).noise).toBe(-1)
    const three: Preconditioning = { kind: 'iddpm', C1: 0.001, C2: 0.008, M: 3 }
    const [, high = 0, low = 0] = iddpmLevels(three)
    expect(roundSigma(three, (high + low) / 2)).toBe(high)
    expect(roundSigma(three, (high + low) / 2 - 1e-9)).toBe(low)
    expect(roundSigma(three, iddpmLevels(three)[2]! / 2 - 1e-9)).toBe(0)
    // Levels of the cosine schedule: 1 + u² = 1/ᾱ, cut off at the noisiest.
    const alphaBar = Math.cos((((200 + 1) / 1000 + 0.008) / 1.008) * (Math.PI / 2)) ** 2
    const first = Math.cos((0.008 / 1.008) * (Math.PI / 2)) ** 2
    expect(u[999 - 200]! ** 2).toBeCloseTo(first / alphaBar - 1, 4)
  })

  test('at no noise the denoiser is the image itself, and nothing is infinite', () => {
    for (const p of Object.values(preconditionings)) {
      const { skip, out, ...rest } = coefficientsAt(p, 0)
      expect([skip, Math.abs(out)]).toEqual([1, 0])
      for (const value of Object.values(rest)) expect(Number.isFinite(value)).toBe(true)
    }
  })

  test('other levels are refused', () => {
    for (const sigma of [-1, Infinity, Number.NaN])
      expect(() => coefficientsAt(edm, sigma)).toThrow(
        't: is a noise level σ: it must be at least 0 and finite',
      )
  })
})

test.each<[Preconditioning, string]>([
  [{ ...vp, betaMin: 0 }, 'betaMin: must be above 0'],
  [{ ...vp, betaD: -1 }, 'betaD: must be at least 0'],
  [{ ...vp, betaD: 1e4 }, 'betaD: must be at least 0, and σ at t = 1 finite'],
  [{ ...vp, M: 1 }, 'M: must be a whole number from 2 to 100000, got 1'],
  [{ ...vp, epsilonT: 1 }, 'epsilonT: must be between 0 and 1'],
  [{ ...ve, sigmaMin: 0 }, 'sigmaMin: must be above 0'],
  [{ ...ve, sigmaMax: 0.01 }, 'sigmaMax: must be above sigmaMin 0.02 and finite, got 0.01'],
  [{ ...iddpm, C1: 0 }, 'C1: must be between 0 and 1'],
  [{ ...iddpm, C1: 1e-300, M: 90_000 }, 'C1: makes the noisiest level infinite over 90000 steps'],
  [{ ...iddpm, C2: -1 }, 'C2: must be at least 0'],
  [{ ...iddpm, M: 2.5 }, 'M: must be a whole number'],
  [{ ...edm, sigmaData: 0 }, 'sigmaData: must be above 0'],
  [{ ...edm, sigmaMin: -1 }, 'sigmaMin: must be at least 0'],
  [{ ...edm, sigmaMax: 0 }, 'sigmaMax: must be above sigmaMin 0'],
])('%o is refused', (p, message) => {
  expect(() => checkPreconditioning(p)).toThrow(message)
})
