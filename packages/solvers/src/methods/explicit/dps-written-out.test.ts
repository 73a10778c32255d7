import type { Tensor } from '@tweedie/tensor'
import { fromData, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { respace } from '../../schedules/index.ts'
import type { DpsOptions } from '../index.ts'
import { dps } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { ddimFrom, evaluate, length, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  float64,
  list,
  n,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'

describe.each(names)('DPS on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const prior = priorOn(name)
  const cases: readonly DpsOptions[] = [
    {},
    { scale: 0.4, eta: 0.3 },
    { scale: 0.2, eta: 0, spacing: 'trailing' },
    { scale: 0.3, eta: 0.7, clip: [-0.4, 0.6], spacing: 'quadratic' },
    { scale: 0.3, scaleSteps: 20 },
    { guidance: 'poisson' },
    { guidance: 'poisson', scale: 0.2, eta: 0.4, clip: [-0.4, 0.6] },
    { guidance: 'poisson-repository', scale: 0.1 },
    { guidance: 'likelihood' },
    { guidance: 'likelihood', scale: 0.05, eta: 0.5, clip: [-0.5, 0.5], spacing: 'karras' },
  ]

  it.each(cases)('%j, every step shown', async (options) => {
    const sigmaY = 0.4
    const { eta = 1, clip, guidance: form = 'norm', spacing = 'guided' } = options
    const pairs = respace(schedule, 6, spacing)
    const given = options.scale ?? (form === 'likelihood' ? 1 : 300 / 6)
    const scale = (given * (options.scaleSteps ?? 6)) / 6
    let x = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
    let seen = 0
    for await (const step of dps(problemOf(sigmaY), prior, { ...options, steps: 6, seed, firstSample })) {
      const { t, s } = pairs[step.i]!
      const raw = evaluate(network, x, t)
      const [low, high] = clip ?? [-Infinity, Infinity]
      const x0 = raw.map((v) => Math.min(Math.max(v, low), high))
      const r = plus([1, y], [-1, times(A, x0)])
      const through = (c: Vector) =>
        pullBack(
          network,
          x,
          t,
          times(transposed(A), c).map((v, i) => (x0[i] === raw[i] ? v : 0)),
        )
      const light = y.map((v) => Math.max((v + 1) / 2, 1 / 255))
      // ‖r‖_Λ of intensities r/2, Λ = 1/(2ȳ), and its gradient's part in r.
      const shot = Math.sqrt(r.reduce((sum, v, j) => sum + (v / 2) ** 2 / (2 * light[j]!), 0))
      const pulled: Readonly<Record<NonNullable<DpsOptions['guidance']>, Vector>> = {
        norm: plus([1 / length(r), r]),
        likelihood: plus([1 / sigmaY ** 2, r]),
        poisson: r.map((v, j) => v / 4 / (2 * light[j]!) / shot),
        'poisson-repository': plus([
          y.reduce((sum, v) => sum + 1 / Math.max(Math.abs(v), 1 / 255), 0) / y.length / length(r),
          r,
        ]),
      }
      const guidance = plus([scale, through(pulled[form])])
      const z = drawn(step.i, 'step')
      const moved = plus([1, x0], [levels.sigma(t) ** 2 / levels.alpha(t), guidance])
      const before = x
      x =
        form !== 'likelihood'
          ? plus([1, ddimFrom(levels, [t, s], eta, before, x0, z)], [1, guidance])
          : ddimFrom(levels, [t, s], eta, before, moved, z)
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
      close(step.guidance.dataSync(), guidance, `guidance of step ${step.i}`)
      close(step.residual, [length(r)], `residual of step ${step.i}`)
      close(step.x.dataSync(), x, `x of step ${step.i}`)
      seen++
      // A stiff step may leave the range of numbers on which the two agree: go on from ours.
      x = list(step.x)
    }
    expect(seen).toBe(6)
  })

  it('keeps the length of its step however small the residual, and stays where there is none', async () => {
    const t = respace(schedule, 6, 'guided')[0]!.t
    const start = plus([levels.sigma(t), drawn(0, 'start')])
    const reached = times(A, evaluate(network, start, t))
    const away = [0.6, 0.8, 0]
    const expected = plus([0.3, pullBack(network, start, t, times(transposed(A), away))])
    for (const size of [1, 1e-3, 1e-6, 1e-9]) {
      const problem = { ...problemOf(0.1), y: tensor([plus([1, reached], [size, away])], float64) }
      const { value } = await dps(problem, prior, { steps: 6, scale: 0.3, seed, firstSample }).next()
      const guidance = list((value as { guidance: Tensor }).guidance)
      expected.forEach((g, i) => expect(Math.abs(guidance[i]! - g)).toBeLessThan(1e-5 * length(expected)))
    }
    const { operator } = problemOf(0.1)
    const at = fromData(start, [1, n], float64)
    const exact = { ...problemOf(0.1), y: operator.forward(prior.denoise(at, t)) }
    const resume = { next: 0, state: { x: at } }
    const { value } = await dps(exact, prior, { steps: 6, scale: 0.3, resume }).next()
    expect(list((value as { guidance: Tensor }).guidance)).toEqual([0, 0, 0, 0])
  })
})
