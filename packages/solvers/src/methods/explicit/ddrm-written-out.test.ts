import { describe, expect, it } from 'vitest'
import { respace } from '../../schedules/index.ts'
import type { Prior } from '../../types.ts'
import type { DdrmOptions } from '../index.ts'
import { ddrm } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import {
  ddrmUpdate,
  evaluate,
  length,
  matrixOf,
  plus,
  times,
  transposed,
} from '../written-out.test.helper.ts'
import {
  close,
  decomposition,
  drawn,
  firstSample,
  list,
  n,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  U,
  V,
  y,
} from '../written-out-problem.test.helper.ts'

describe.each(names)('DDRM on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const prior = priorOn(name)
  const cases: readonly (DdrmOptions & { sigmaY: number; s?: Vector })[] = [
    { sigmaY: 0.3 },
    { sigmaY: 0.3, eta: 0.4, etaB: 0.3, spacing: 'trailing' },
    { sigmaY: 1.5, eta: 0, etaB: 0.8, spacing: 'linspace' },
    { sigmaY: 0, eta: 1, spacing: 'karras' },
    // 0.1 is 5 % of the largest: out at 6 %, in at 4 %; and the same a thousand times smaller.
    { sigmaY: 0.3, s: [2, 0.7, 0.1], rankTolerance: 0.06 },
    { sigmaY: 0.3, s: [2, 0.7, 0.1], rankTolerance: 0.04 },
    { sigmaY: 3e-4, s: [2e-3, 7e-4, 1e-4], rankTolerance: 0.04 },
    // Where nothing is said: 1e-3 of the largest is in, 5e-5 is out.
    { sigmaY: 1e-3, s: [2, 2e-3, 1e-4] },
  ]

  it.each(cases)('%j, every step shown', async ({ sigmaY, s: values, ...options }) => {
    const of = { U, s: values ?? decomposition.s, V }
    const { eta = 0.85, etaB = 1, spacing = 'ddim', rankTolerance = 1e-4 } = options
    const singular = Array.from({ length: n }, (_, k) => of.s[k] ?? 0).map((s) =>
      s > rankTolerance * of.s[0]! ? s : 0,
    )
    const pairs = respace(schedule, 5, spacing)
    const level = (t: number) => levels.sigma(t) / levels.alpha(t)
    const uty = [...times(transposed(U), y), 0]
    const ybar = singular.map((s, k) => (s > 0 ? uty[k]! / s : 0))
    const first = level(pairs[0]!.t)
    let xbar = singular.map((s, k) => {
      const z = drawn(0, 'start')[k]!
      return s > 0 && first > sigmaY / s
        ? ybar[k]! + Math.sqrt(first ** 2 - (sigmaY / s) ** 2) * z
        : first * z
    })
    let x = plus([levels.alpha(pairs[0]!.t), times(V, xbar)])
    let seen = 0
    for await (const step of ddrm(problemOf(sigmaY, of), prior, {
      ...options,
      steps: 5,
      seed,
      firstSample,
    })) {
      const { t, s: to } = pairs[step.i]!
      const x0 = evaluate(network, x, t)
      const theta = times(transposed(V), x0)
      xbar = plus([1 / levels.alpha(t), times(transposed(V), x)])
      const z = drawn(step.i, 'step')
      const next = singular.map((s, k) => {
        const at = { s, from: level(t), to: level(to), sigmaY, eta, etaB }
        return ddrmUpdate(at, theta[k]!, xbar[k]!, ybar[k]!, z[k]!)
      })
      x = plus([levels.alpha(to), times(V, next)])
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
      close(
        step.residual,
        [length(plus([1, y], [-1, times(matrixOf(of), x0)]))],
        `residual of step ${step.i}`,
      )
      close(step.x.dataSync(), x, `x of step ${step.i}`)
      seen++
    }
    expect(seen).toBe(pairs.length)
  })

  it('takes σ_s = σ_y/s to the case that trusts y, as the paper does', async () => {
    // Two levels, the lower one exactly τ of the second singular value.
    const s = 0.5
    const t = name === 've' ? 4 : 10
    const sigmaY = s * (schedule.sigma(t) / schedule.alpha(t))
    const of = { U, s: [2, s, 0], V }
    const twice: Prior = {
      ...prior,
      schedule: { ...schedule, clean: t },
    }
    for await (const step of ddrm(problemOf(sigmaY, of), twice, { steps: 1, spacing: 'trailing', seed })) {
      const coordinate = times(transposed(V), list(step.x))[1]! / schedule.alpha(t)
      const ybar = times(transposed(U), y)[1]! / s
      expect(Math.abs(coordinate - ybar)).toBeLessThan(1e-6 * Math.max(1, Math.abs(ybar)))
    }
  })
})
