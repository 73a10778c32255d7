import { memory, NonFiniteError, normal, OptionError, randomKey, ShapeError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { countCalls, gaussianMixturePrior } from '../priors/index.ts'
import { run } from '../samplers/index.ts'
import type { Problem, RunOptions } from '../types.ts'
import { checkFit, dps, findMethod, methods, UnfitError } from './index.ts'

const means = [
  [-1, 0.5, 0, 1],
  [1, 0, 0.5, -1],
  [0, 0, 0, 0],
]
const prior = gaussianMixturePrior({ weights: [1, 2, 1], means, covariances: 0.2, shape: [1, 2, 2] })
const operator = matrixOperator(
  tensor([
    [1, 0.3, 0, 0.2],
    [0, 0.5, 0.5, 0],
  ]),
  { inShape: [1, 2, 2] },
)
const keys = [0, 1, 2, 3].map((i) => randomKey(40 + i))
const yAll = normal(keys, [2])
const problem = (rows: readonly number[]): Problem => ({
  operator,
  noise: gaussianNoise(0.1),
  y: tensor(rows.map((i) => Array.from(yAll.slice(i).dataSync()))),
})
/** ζ for four numbers instead of an image. */
const extra: Record<string, object> = { dps: { scale: 0.1 } }

describe.each(Object.keys(methods))('%s', (name) => {
  const method = findMethod(name)
  const options: RunOptions = { steps: 12, seed: 9, ...extra[name] }
  const restore = async (rows: readonly number[], more: RunOptions = {}) => {
    const x = await run(method.run(problem(rows), prior, { ...options, ...more }))
    const data = Array.from(x.dataSync())
    x.dispose()
    return data
  }

  it('a batch of k equals k singles, bit for bit', async () => {
    const batch = await restore([0, 1, 2, 3], { firstSample: 1 })
    for (const i of [0, 1, 2, 3]) {
      expect(await restore([i], { firstSample: 1 + i })).toEqual(batch.slice(4 * i, 4 * i + 4))
    }
    expect(batch.every(Number.isFinite)).toBe(true)
  })

  it('does not mix the samples of a batch: another neighbour changes nothing', async () => {
    const [one, other] = [await restore([0, 1, 2]), await restore([0, 3, 2])]
    expect(other.slice(0, 4)).toEqual(one.slice(0, 4))
    expect(other.slice(8)).toEqual(one.slice(8))
    expect(other.slice(4, 8)).not.toEqual(one.slice(4, 8))
  })

  it.each([Number.NaN, Infinity])(
    'a measurement that holds %d is blamed by name, before the prior is asked',
    async (bad) => {
      const counted = countCalls(prior)
      const y = tensor([
        [0.1, 0.2],
        [0.3, bad],
      ])
      const given = { ...problem([0]), y }
      const before = memory().tensors
      await expect(run(method.run(given, counted, options))).rejects.toThrow(
        new NonFiniteError(
          `${name}: the measurement y is ${bad} at [1, 1]; what was not measured is left out by the operator, not marked in y`,
        ),
      )
      expect([counted.calls.total, memory().tensors]).toEqual([0, before])
    },
  )

  it('the same seed gives the same result, another one another', async () => {
    expect(await restore([0])).toEqual(await restore([0]))
    expect(await restore([0], { seed: 10 })).not.toEqual(await restore([0]))
  })

  it('resumes bit for bit from what a step showed', async () => {
    const whole = await restore([0, 1])
    for await (const { i, state } of method.run(problem([0, 1]), prior, options)) {
      if (i === 6) expect(await restore([0, 1], { resume: { next: 7, state } })).toEqual(whole)
    }
    const done = {
      next: 12,
      state: {
        x: tensor([
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ]),
      },
    }
    expect(await restore([0], { resume: done })).toEqual([1, 2, 3, 4])
    const beyond = method.run(problem([0]), prior, { ...options, resume: { ...done, next: 13 } })
    await expect(beyond.next()).rejects.toThrow(OptionError)
  })

  it('shows every step, in the shapes of the problem', async () => {
    const seen: number[] = []
    for await (const step of method.run(problem([0, 1]), prior, options)) {
      seen.push(step.t)
      expect([step.i, step.steps]).toEqual([seen.length - 1, 12])
      expect([step.x.shape, step.x0hat.shape]).toEqual([
        [2, 1, 2, 2],
        [2, 1, 2, 2],
      ])
      expect(step.residual.length).toBe(2)
      expect(step.state.x).toBe(step.x)
    }
    expect(seen).toEqual([...seen].sort((a, b) => b - a))
    expect(seen.length).toBe(12)
  })

  it('runs in the element type of y', async () => {
    const p = problem([0])
    const x = await run(method.run({ ...p, y: p.y.cast('float64') }, prior, options))
    expect(x.dtype).toBe('float64')
    const single = await restore([0])
    x.dataSync().forEach((v, i) => expect(v).toBeCloseTo(single[i]!, 2))
  })

  it('evaluates the prior as often as it says', async () => {
    const counted = countCalls(prior)
    await run(method.run(problem([0]), counted, options))
    expect(counted.calls.total).toBe(method.evaluations(12))
    expect(counted.calls.recorded).toBe(method.needs.denoiserVjp ? 12 : 0)
  })

  it('holds no more tensors after 1000 steps than after one, and none after the end', async () => {
    await restore([0, 1], { steps: 1 })
    const p = problem([0, 1])
    const before = memory().tensors
    const counts: number[] = []
    const x = await run(method.run(p, prior, { ...options, steps: 1000 }), {
      onStep: () => void counts.push(memory().tensors),
    })
    expect(counts.length).toBe(1000)
    expect(Math.max(...counts)).toBe(counts[0])
    expect(counts[0]! - before).toBeLessThan(10)
    x.dispose()
    // At most: the collector may have taken what earlier tests left.
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('frees everything where it is stopped, or fails', async () => {
    await restore([0], { steps: 1 })
    const p = problem([0])
    const before = memory().tensors
    for await (const { i } of method.run(p, prior, options)) if (i === 3) break
    const controller = new AbortController()
    const stopped = run(method.run(p, prior, options), {
      signal: controller.signal,
      onStep: () => controller.abort(),
    })
    await expect(stopped).rejects.toThrow('abort')
    const broken = {
      ...prior,
      denoise: () => {
        throw new Error('broken')
      },
    }
    await expect(run(method.run(p, broken, options))).rejects.toThrow('broken')
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('tells a run that diverged', async () => {
    const nan = { ...prior, denoise: (xt: Parameters<typeof prior.denoise>[0]) => xt.mul(Number.NaN) }
    await expect(run(method.run(problem([0]), nan, options))).rejects.toThrow(NonFiniteError)
  })

  it('refuses unfit problems and options before any work', () => {
    const p = problem([0])
    const { adjoint, svd, pinv, ...nonlinear } = operator
    const { svd: _, ...withoutSvd } = operator
    const unfit = (bad: Problem) => expect(() => method.run(bad, prior))
    if (!method.supports.nonlinear) unfit({ ...p, operator: nonlinear }).toThrow(UnfitError)
    if (method.needs.svd) unfit({ ...p, operator: withoutSvd }).toThrow('svd()')
    unfit({ ...p, noise: { ...p.noise, name: 'poisson' } }).toThrow(
      `${name}: is for gaussian noise, not 'poisson'`,
    )
    const { sigma, ...withoutSigma } = p.noise
    if (method.needs.sigma) unfit({ ...p, noise: withoutSigma }).toThrow('σ_y')
    unfit({ ...p, y: tensor([[1, 2, 3]]) }).toThrow(ShapeError)
    unfit({
      ...p,
      operator: matrixOperator(
        tensor([
          [1, 1, 1],
          [1, 0, 0],
        ]),
      ),
    }).toThrow('disagree about a sample')
    expect(() => method.run(p, prior, { wrong: 1 } as RunOptions)).toThrow(`is no option of ${name}`)
    expect(() => method.run(p, prior, { steps: 0 })).toThrow('must be an integer of at least 1')
    expect(() => method.run(p, prior, { steps: 2.5 })).toThrow(OptionError)
    expect(() => method.run(p, prior, { spacing: 'odd' } as RunOptions)).toThrow('must be one of leading')
    expect(() => checkFit(method, p, prior)).not.toThrow()
  })

  it('describes each option', () => {
    for (const [option, { doc, kind, default: value, choices }] of Object.entries(method.options)) {
      expect(doc.length, option).toBeGreaterThan(6)
      if (kind === 'choice') expect(choices).toContain(value)
      if (kind === 'integer') expect(value === undefined || Number.isInteger(value)).toBe(true)
    }
    expect(method.name).toBe(name)
    expect(method.paper.arxiv).toMatch(/^\d{4}\.\d{5}$/)
  })
})

describe('the registry', () => {
  it('finds methods, and lists them where there is none', () => {
    expect(findMethod('dps').run).toBe(dps)
    expect(() => findMethod('toString')).toThrow('there are dps, ddrm, red-diff')
  })
})
