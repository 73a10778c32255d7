import { memory, NonFiniteError, normal, OptionError, randomKey, ShapeError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { countCalls, gaussianMixturePrior } from '../priors/index.ts'
import type { RunOptions } from '../run/index.ts'
import { run } from '../run/index.ts'
import type { Need, Problem } from '../types.ts'
import { checkFit, dps, methods, takesNonlinear, UnfitError } from './index.ts'

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

describe.each(methods.names)('%s', (name) => {
  const method = methods.find(name)
  const { info } = method
  const options: RunOptions = { steps: 10, seed: 9, ...extra[name] }
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

  it('the same seed gives the same result, another one another', async () => {
    expect(await restore([0])).toEqual(await restore([0]))
    expect(await restore([0], { seed: 10 })).not.toEqual(await restore([0]))
  })

  it('resumes bit for bit from what a step showed', async () => {
    const whole = await restore([0, 1])
    for await (const { i, state } of method.run(problem([0, 1]), prior, options)) {
      if (i !== 6) continue
      const resume = { next: 7, state }
      expect(await restore([0, 1], { resume })).toEqual(whole)
      const counted: (readonly number[])[] = []
      for await (const step of method.run(problem([0, 1]), prior, { ...options, resume })) {
        counted.push([step.i, step.steps])
      }
      expect(counted).toEqual([
        [7, 10],
        [8, 10],
        [9, 10],
      ])
    }
    const done = {
      next: 10,
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
    const beyond = method.run(problem([0]), prior, { ...options, resume: { ...done, next: 11 } })
    await expect(beyond.next()).rejects.toThrow(OptionError)
  })

  it('shows every step, in the shapes of the problem', async () => {
    const seen: number[] = []
    for await (const step of method.run(problem([0, 1]), prior, options)) {
      seen.push(step.t)
      expect([step.i, step.steps]).toEqual([seen.length - 1, 10])
      expect([step.x.shape, step.x0hat.shape]).toEqual([
        [2, 1, 2, 2],
        [2, 1, 2, 2],
      ])
      expect(step.residual.length).toBe(2)
      expect(step.state.x).toBe(step.x)
    }
    expect(seen).toEqual([...seen].sort((a, b) => b - a))
    expect(seen.length).toBe(10)
  })

  it('refuses a y that is not finite, naming the place, before any work', () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      const counted = countCalls(prior)
      const wrong = {
        ...problem([0]),
        y: tensor([yAll.slice(0).dataSync()[0]!, 0.5, 1, bad]).reshape([2, 2]),
      }
      expect(() => method.run(wrong, counted, options)).toThrow(NonFiniteError)
      expect(() => method.run(wrong, counted, options)).toThrow(
        `${name}: the measurement y has ${bad} at [1, 1]`,
      )
      expect(counted.calls.total).toBe(0)
    }
  })

  it('says in its steps how many there are, where its grid takes more than were asked for', async () => {
    const counted = countCalls(prior)
    const steps = { ...options, steps: 30, spacing: 'ddim' }
    const said = new Set<number>()
    for await (const step of method.run(problem([0]), counted, steps)) said.add(step.steps)
    expect([...said]).toEqual([31])
    expect(counted.calls.total).toBe(info.evaluations(31))
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
    expect(counted.calls.total).toBe(info.evaluations(10))
    expect(counted.calls.recorded).toBe(info.needs.includes('denoiserVjp') ? 10 : 0)
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
    const { sigma, ...withoutSigma } = p.noise
    const unfit = (bad: Problem) => expect(() => method.run(bad, prior))
    const lacking: Readonly<Partial<Record<Need, readonly [Problem, string]>>> = {
      linear: [{ ...p, operator: nonlinear }, 'needs a linear operator'],
      svd: [{ ...p, operator: withoutSvd }, 'svd()'],
      sigma: [{ ...p, noise: withoutSigma }, 'σ_y'],
    }
    for (const [need, [bad, message]] of Object.entries(lacking)) {
      if (!info.needs.some((n) => n === need)) continue
      unfit(bad).toThrow(UnfitError)
      unfit(bad).toThrow(message)
    }
    if (takesNonlinear(info.needs)) unfit({ ...p, operator: nonlinear }).not.toThrow()
    else unfit({ ...p, operator: nonlinear }).toThrow(UnfitError)
    if (!info.needs.includes('sigma')) unfit({ ...p, noise: withoutSigma }).not.toThrow()
    unfit({ ...p, noise: { ...p.noise, name: 'of my camera' } }).not.toThrow()
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
    expect(() => method.run(p, prior, { wrong: 1 })).toThrow(`is no option of ${name}`)
    expect(() => method.run(p, prior, { steps: 0 })).toThrow('must be an integer of at least 1')
    expect(() => method.run(p, prior, { steps: 2.5 })).toThrow(OptionError)
    expect(() => method.run(p, prior, { spacing: 'odd' })).toThrow('must be leading | ')
    expect(() => checkFit(info, p, prior)).not.toThrow()
  })

  it('describes each option', () => {
    for (const [option, { doc, control, default: value, otherwise, accepts }] of Object.entries(
      info.options,
    )) {
      expect(doc.length, option).toBeGreaterThan(6)
      expect(value === undefined ? typeof otherwise : accepts(value), option).toBe(
        value === undefined ? 'string' : true,
      )
      if (control.kind === 'choice') expect(control.choices, option).toContain(value)
    }
    expect(info.name).toBe(name)
    expect(info.paper.arxiv).toMatch(/^\d{4}\.\d{5}$/)
  })
})

describe('the list of methods', () => {
  it('finds methods, and lists them where there is none', () => {
    expect(methods.find('dps')).toBe(dps)
    expect(() => methods.find('toString')).toThrow('there are dps, ddrm, red-diff')
  })
})
