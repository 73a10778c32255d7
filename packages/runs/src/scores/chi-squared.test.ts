import { normal, randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { chiSquaredRange, residualCheck, residualInWords } from './chi-squared.ts'

test('quantiles of χ² as in tables', () => {
  // 2.5 % and 97.5 %: NIST/SEMATECH e-Handbook of Statistical Methods 1.3.6.7.4.
  const known = [
    [5, 0.831, 12.833],
    [10, 3.247, 20.483],
    [30, 16.791, 46.979],
    [100, 74.222, 129.561],
  ] as const
  for (const [m, low, high] of known) {
    const found = chiSquaredRange(m)
    expect(Math.abs(found.low / low - 1)).toBeLessThan(m === 5 ? 0.05 : 0.01)
    expect(Math.abs(found.high / high - 1)).toBeLessThan(0.005)
  }
  expect(chiSquaredRange(1).low).toBe(0)
})

test('noise itself is inside in 95 of 100 cases', () => {
  const [m, cases] = [50, 2000]
  using z = normal(randomKey(4), [cases, m], { dtype: 'float64', device: 'reference' })
  using squares = z.square().mean(1)
  const verdicts = Array.from(
    squares.dataSync(),
    (mean) => residualCheck([{ misfit: Math.sqrt(mean) }], m)?.verdict,
  )
  const part = (word: string) => verdicts.filter((verdict) => verdict === word).length / cases
  // Five standard errors of 2.5 % and of 95 %.
  for (const word of ['too small', 'too large'])
    expect(Math.abs(part(word) - 0.025)).toBeLessThan(5 * Math.sqrt((0.025 * 0.975) / cases))
  expect(Math.abs(part('as noise') - 0.95)).toBeLessThan(5 * Math.sqrt((0.05 * 0.95) / cases))
})

test('a mean over samples, in words', () => {
  const check = residualCheck([{ misfit: 1 }, { misfit: 3 }, { psnr: 1 }], 100)
  expect(check).toMatchObject({ chi2: 500, measured: 100, verdict: 'too large' })
  const words = (misfit: number, m: number) => {
    const found = residualCheck([{ misfit }], m)
    return found && residualInWords(found)
  }
  expect(words(1, 4)).toBe(
    'residual χ² 4.0 of 4 numbers, expected 0.4 … 11: as large as noise alone makes it',
  )
  expect(words(0.1, 784)).toMatch(/^residual χ² 7\.8 of 784 numbers, expected 708 … 863: too small/)
  expect(words(1, 1)).toMatch('of 1 number,')
})
