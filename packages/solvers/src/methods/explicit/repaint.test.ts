import { zeros } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { inpaint, sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import type { DdpmVariance } from '../../samplers/index.ts'
import { respace, timeTravel, vpLinear } from '../../schedules/index.ts'
import type { RepaintOptions } from '../index.ts'
import { repaint, UnfitError } from '../index.ts'
import { lawOfMethod } from '../law-of-method.test.helper.ts'
import { evaluate, length, matrixOf, plus, times } from '../written-out.test.helper.ts'
import {
  close,
  drawn,
  firstSample,
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
import { ancestral, conditional, distance, exchanged, pairOf, seenBy } from './measured.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

const of = { U, s: [1, 1, 0], V }
const A = matrixOf(of)

describe.each(names)('RePaint on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const cases: readonly (Omit<RepaintOptions, 'variance'> & { readonly variance?: DdpmVariance })[] = [
    { jump: 2, repeats: 3 },
    { jump: 1, repeats: 2, variance: 'small', spacing: 'trailing' },
    { jump: 3, repeats: 1 },
  ]

  it.each(cases)('%j, every step written out', async (options) => {
    const { variance = 'large', spacing = 'guided', jump = 0, repeats = 0 } = options
    // Steps down and up apart, as the algorithm has them.
    const path = timeTravel(respace(schedule, 6, spacing), { jump, repeats })
    const { alpha, sigma } = levels
    let x = plus([sigma(path[0]!.t), drawn(0, 'start')])
    let at = 0
    for await (const step of repaint(problemOf(0.3, of), priorOn(name), {
      ...options,
      steps: 6,
      seed,
      firstSample,
    })) {
      const { i } = step
      if (path[at]!.s > path[at]!.t) {
        const { t: from, s: to } = path[at++]!
        const ratio = alpha(to) / alpha(from)
        x = plus([ratio, x], [Math.sqrt(sigma(to) ** 2 - ratio ** 2 * sigma(from) ** 2), drawn(i, 'up')])
      }
      const { t, s } = path[at++]!
      const x0 = evaluate(network, x, t)
      const down = ancestral(levels, [t, s], variance, x, x0, drawn(i, 'step'))
      x = exchanged(of, [alpha(s), sigma(s)], y, down, drawn(i, 'measured'))
      expect(step.t).toBe(t)
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${i}`)
      close(step.x.dataSync(), x, `x of step ${i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${i}`)
      expect(step.steps).toBe(path.filter((pair) => pair.s < pair.t).length)
    }
    expect(at).toBe(path.length)
  })
})

describe('RePaint on a Gaussian', () => {
  const prior = pairOf(vpLinear())
  const law = (options: RepaintOptions) =>
    lawOfMethod((count, resume) => repaint(seenBy([1, 0], count), prior, { ...options, resume }), [2])

  it('tends to the law of the hidden given the seen: the error halves as repeats double', async () => {
    const errors: number[] = []
    for (const repeats of [1, 2, 4, 8]) {
      const { mean, covariance } = await law({ steps: 50, jump: 1, repeats })
      expect(mean.get(0, 0)).toBeCloseTo(1, 12)
      errors.push(distance({ mean, covariance }, conditional))
      // Too wide, and drawn too little to y.
      expect(covariance.get(1, 1)).toBeGreaterThan(0.64)
      expect(mean.get(1, 0)).toBeLessThan(0)
    }
    errors.slice(1).forEach((error, i) => {
      expect(error / errors[i]!).toBeGreaterThan(0.45)
      expect(error / errors[i]!).toBeLessThan(0.65)
    })
    expect(errors.at(-1)).toBeLessThan(0.08)
  })

  it('with the variance β̃ ends below the true one', async () => {
    const wide = await law({ steps: 30, jump: 1, repeats: 8 })
    const narrow = await law({ steps: 30, jump: 1, repeats: 8, variance: 'small' })
    expect(narrow.mean.get(1, 0)).toBeCloseTo(wide.mean.get(1, 0), 10)
    expect(wide.covariance.get(1, 1)).toBeGreaterThan(0.64)
    expect(narrow.covariance.get(1, 1)).toBeLessThan(0.55)
  })

  it('ends at A x = y, whatever the noise', async () => {
    const { mean, covariance } = await lawOfMethod(
      (count, resume) =>
        repaint(seenBy([0.6, 0.8], count, 0.5), prior, { steps: 20, jump: 4, repeats: 2, resume }),
      [2],
    )
    const along = [0.6, 0.8]
    expect(mean.get(0, 0) * 0.6 + mean.get(1, 0) * 0.8).toBeCloseTo(1, 12)
    expect(Math.abs(along.reduce((sum, a, i) => sum + along.reduce((s, b, j) => s + a * b * covariance.get(i, j), 0), 0))).toBeLessThan(1e-15) // biome-ignore format: a form
  })
})

describe('RePaint', () => {
  const prior = gaussianPrior({ mean: new Array(64).fill(0), covariance: 0.5, shape: [1, 8, 8] })

  it('looks at the prior 2410 times as published', async () => {
    const operator = inpaint([1, 8, 8], { box: 4 })
    const problem = { ...seenBy([1, 0], 1), operator, y: operator.forward(zeros([1, 1, 8, 8])) }
    const { value } = await repaint(problem, prior).next()
    expect((value as { steps: number }).steps).toBe(2410)
    expect(repaint.info.evaluations(2410)).toBe(2410)
  })

  it('takes masks of any kind, and refuses before any work what mixes pixels', async () => {
    const { noise } = seenBy([1, 0], 1)
    const masks = [
      inpaint([1, 8, 8], { box: [2, 5] }),
      inpaint([1, 8, 8], { random: 0.8 }),
      inpaint([1, 8, 8], { mask: Array.from({ length: 64 }, (_, i) => i % 3) }),
    ]
    for (const operator of masks) {
      const y = operator.forward(zeros([2, 1, 8, 8]).add(0.25))
      const x = await run(repaint({ operator, noise, y }, prior, { steps: 4, jump: 2, repeats: 2 }))
      expect(Math.max(...operator.forward(x).sub(y).abs().dataSync())).toBeLessThan(1e-6)
    }
    const operator = sr([1, 8, 8], { factor: 2 })
    const call = () => repaint({ operator, noise, y: zeros([1, 1, 4, 4]) }, prior)
    expect(call).toThrow(UnfitError)
    expect(call).toThrow(
      "repaint: needs orthonormal rows, as of a mask: singular values of 0 or 1; 'sr' has 0.5",
    )
  })
})
