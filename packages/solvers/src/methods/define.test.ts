import { OptionError, type Tensor, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator, unknownGain } from '../operators/index.ts'
import { choice, number } from '../options/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { residualNorm, run, sampleNorms } from '../run/index.ts'
import { ddim } from '../samplers/index.ts'
import { travelPath } from '../schedules/index.ts'
import type { Checkpoint, Noise, Problem, Svd } from '../types.ts'
import type { CommonNeed, NeedRule, OptionsOf, StepOf } from './index.ts'
import {
  checkFit,
  defineMethod,
  dps,
  guidedPlan,
  needsBlind,
  needsBlindSvd,
  needsOrthonormal,
  redDiff,
  rulesOf,
  stepping,
  travelling,
  UnfitError,
} from './index.ts'

const prior = gaussianPrior({ mean: [0.5, -0.5], covariance: 0.3 })
const operator = matrixOperator(tensor([[1, 0.5]]))
const problem = { operator, noise: gaussianNoise(0.1), y: tensor([[0.7], [0.2]]) }
const facts = {
  name: 'mine',
  title: 'Mine',
  family: 'explicit',
  paper: { arxiv: '0000.00000', algorithm: '1', authors: 'None' },
  steps: 4,
  spacing: 'linspace',
} as const

/** Stands still, and shows what it was given. */
const still = defineMethod({
  ...facts,
  needs: ['svd', 'sigma'],
  options: { weight: number('w', { default: 2, min: 0 }), form: choice('f', ['one', 'two']) },
  plan: ({ problem: { operator, noise, y }, options, times, start, z }) =>
    stepping({
      start: () => ({ x: z(0, 'start'), seen: 0 }),
      step: ({ x, seen }, { t }, i) => ({
        state: { x, seen: seen + 1 },
        shown: {
          x0hat: x,
          given: tensor([
            noise.sigma,
            options.weight,
            operator.svd().singularValues.length,
            times.length,
            start,
            t,
            i,
          ]),
        },
        numbers: { residual: residualNorm(operator, y, x), count: zeros([2]).add(seen) },
      }),
    }),
})

describe('a method', () => {
  test('plans with what was checked and filled in', async () => {
    const seen: number[][] = []
    for await (const step of still(problem, prior, { weight: 3 })) {
      seen.push([...step.given.dataSync()], [...step.count])
      expect(step.residual).toHaveLength(2)
      expect(step.x0hat.shape).toEqual([2, 2])
    }
    expect(seen[2]).toEqual([Math.fround(0.1), 3, 2, 4, 999, 666, 1])
    expect(seen[3]).toEqual([1, 1])
  })

  test('knows what it is', () => {
    const { name, needs, options, evaluations } = still.info
    expect([name, needs, evaluations(7)]).toEqual(['mine', ['svd', 'sigma'], 7])
    expect(Object.keys(options)).toEqual([
      'steps',
      'seed',
      'firstSample',
      'resume',
      'spacing',
      'weight',
      'form',
    ])
    expect([options.steps.default, options.spacing.default, options.weight.default]).toEqual([
      4,
      'linspace',
      2,
    ])
    const twice = defineMethod({
      ...facts,
      needs: [],
      options: {},
      evaluations: (n) => 2 * n,
      plan: () => stay,
    })
    expect(twice.info.evaluations(7)).toBe(14)
    const costly = defineMethod({
      ...facts,
      needs: [],
      options: { inner: number('inner steps', { default: 3 }) },
      evaluations: (n, { inner }) => n * inner,
      plan: () => stay,
    })
    expect(costly.info.evaluations(7)).toBe(21)
    expect(costly.info.evaluations(7, { inner: 2, steps: 7 })).toBe(14)
    expect(() => costly.info.evaluations(7, { outer: 2 })).toThrow('is no option of mine')
  })

  test('does the same by `run`, for options of any type, which are checked', async () => {
    const called = await run(still(problem, prior, { seed: 3 }))
    const ran = await run(still.run(problem, prior, { seed: 3 }))
    expect(ran.dataSync()).toEqual(called.dataSync())
    const refused = (settings: Readonly<Record<string, unknown>>) =>
      expect(() => still.run(problem, prior, settings))
    refused({ weight: -1 }).toThrow('weight: must be a number of at least 0, got -1')
    refused({ form: 'three' }).toThrow('form: must be one | two')
    refused({ wait: 1 }).toThrow('wait: is no option of mine; it has steps, seed')
    refused({ resume: 5 }).toThrow('resume: must be { next, state }')
    refused({ steps: 0 }).toThrow(OptionError)
  })

  test('may turn the times of its grid into a path of its own', async () => {
    const roundabout = defineMethod({
      ...facts,
      needs: [],
      options: { jump: number('j', { default: 1 }) },
      path: (times, { jump }, schedule) => {
        expect(schedule).toBe(prior.schedule)
        return travelPath(times, { jump, repeats: 2 })
      },
      plan: ({ times }) => ({ ...stay, start: () => ({ x: zeros([2, 2]).add(times.length) }) }),
    })
    const seen: string[] = []
    const steps = roundabout(problem, prior, { steps: 3, jump: 3 })
    for await (const { i, t, steps: count } of steps) seen.push(`${i} of ${count}: ${t}`)
    expect(seen).toEqual(['0 of 3: 999', '1 of 3: 500', '2 of 3: 0'])
    const again: number[] = []
    for await (const { t, steps } of roundabout(problem, prior, { steps: 3 })) again.push(t, steps)
    expect(again).toEqual([999, 5, 999, 5, 500, 5, 500, 5, 0, 5])
  })

  test('has no option that every run has', () => {
    const clash = () =>
      defineMethod({ ...facts, needs: [], options: { seed: number('s') }, plan: () => stay })
    expect(clash).toThrow("mine: every run has an option 'seed' already")
  })

  test('has its types from what is said', () => {
    expectTypeOf<OptionsOf<typeof still>['weight']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<OptionsOf<typeof still>['form']>().toEqualTypeOf<'one' | 'two' | undefined>()
    expectTypeOf<OptionsOf<typeof still>['resume']>().toEqualTypeOf<Checkpoint | undefined>()
    expectTypeOf<StepOf<typeof still>['given']>().toEqualTypeOf<Tensor>()
    expectTypeOf<StepOf<typeof still>['count']>().toEqualTypeOf<readonly number[]>()
    expectTypeOf<OptionsOf<typeof dps>['clip']>().toEqualTypeOf<readonly [number, number] | undefined>()
    // @ts-expect-error no such word
    expect(() => redDiff(problem, prior, { weighting: 'cubic' })).toThrow(OptionError)
    // @ts-expect-error no such option
    expect(() => dps(problem, prior, { zeta: 1 })).toThrow(OptionError)
  })

  test('has in the type of its problem what it needs, and no more', () => {
    defineMethod({
      ...facts,
      needs: ['sigma', 'likelihood', 'linear', 'pinv'],
      options: {},
      plan: ({ problem: { operator, noise } }) => {
        expectTypeOf(noise.sigma).toEqualTypeOf<number>()
        expectTypeOf(noise.likelihood.log).returns.toEqualTypeOf<Tensor>()
        expectTypeOf(operator.pinv).returns.toEqualTypeOf<Tensor>()
        expectTypeOf(operator.svd).toEqualTypeOf<(() => Svd) | undefined>()
        return stay
      },
    })
    defineMethod({
      ...facts,
      needs: ['linear', 'pinv', 'operatorVjp', 'denoiserVjp'],
      options: {},
      plan: ({ problem: { operator } }) => {
        expectTypeOf(operator.adjoint).returns.toEqualTypeOf<Tensor>()
        expectTypeOf(operator.pinv).returns.toEqualTypeOf<Tensor>()
        return stay
      },
    })
    defineMethod({
      ...facts,
      needs: [],
      options: {},
      plan: ({ problem: { operator, noise } }) => {
        expectTypeOf(noise).toEqualTypeOf<Noise>()
        expectTypeOf(noise.sigma).toEqualTypeOf<number | undefined>()
        // @ts-expect-error an adjoint is for those that ask for it
        expect(operator.adjoint).toBeUndefined()
        return stay
      },
    })
    const mute = { ...stay, step: () => ({ ...done, numbers: {} }) }
    // @ts-expect-error every method shows its residual
    defineMethod({ ...facts, needs: [], options: {}, plan: () => mute })
  })
})

const done = {
  state: { x: zeros([2, 2]) },
  shown: { x0hat: zeros([2, 2]) },
  numbers: { residual: zeros([2]) },
}
const stay = { start: () => ({ x: zeros([2, 2]) }), step: () => done }

describe('a guided plan', () => {
  const guided = (shift: boolean) =>
    defineMethod({
      ...facts,
      needs: [],
      options: {},
      plan: (run) =>
        guidedPlan(run, ddim(0), {
          through: false,
          at: ({ x0hat }) => ({
            x0: shift ? x0hat : x0hat.add(0.25),
            ...(shift && { shift: x0hat.mul(0).add(0.5) }),
            residual: residualNorm(operator, problem.y, x0hat),
          }),
        }),
    })

  test('goes up by noise before the step of a path that begins so', () => {
    const asked: string[] = []
    const z = (i: number, purpose: string) => {
      asked.push(`${i} ${purpose}`)
      return zeros([1, 2]).add(purpose === 'up' ? 3 : 0)
    }
    const still = { ...prior, denoise: (x: Tensor) => x }
    const plan = guidedPlan({ prior: still, z, noise: () => z(0, 'start') }, ddim(0), {
      through: false,
      at: ({ x, x0hat }) => ({ x0: x0hat, residual: x }),
    })
    const { step } = travelling({ prior: still, z }, plan)
    const alphaBar = (t: number) => prior.schedule.alpha(t) ** 2
    const { numbers } = step({ x: tensor([[2, -1]]) }, { from: 300, t: 500, s: 400 }, 7)
    const ratio = alphaBar(500) / alphaBar(300)
    const noised = [2, -1].map((v) => Math.sqrt(ratio) * v + 3 * Math.sqrt(1 - ratio))
    Array.from(numbers.residual.dataSync()).forEach((v, j) => expect(v).toBeCloseTo(noised[j]!, 5))
    expect(asked).toEqual(['7 up'])
    expect(step({ x: tensor([[2, -1]]) }, { t: 500, s: 400 }, 8).numbers.residual.dataSync()).toEqual(
      Float32Array.from([2, -1]),
    )
    expect(asked).toEqual(['7 up'])
    expect(() => plan.step({ x: tensor([[2, -1]]) }, { from: 300, t: 500, s: 400 }, 7)).toThrow('travelling')
  })

  test('puts x₀ in the place of x̂₀, or adds to x_s, and shows what it did', async () => {
    const ends = async (shift: boolean) => {
      let last: { x: Tensor; x0hat: Tensor; guidance: Tensor } | undefined
      for await (const step of guided(shift)(problem, prior)) {
        const unguided = step.x.sub(step.x0hat)
        if (step.i === 3)
          last = { x: unguided.alias(), x0hat: step.x0hat.alias(), guidance: step.guidance.alias() }
      }
      return [last!.x, last!.guidance].map((v) => Array.from(v.dataSync()))
    }
    // The last step ends at x₀ itself.
    for (const [shift, by] of [
      [false, 0.25],
      [true, 0.5],
    ] as const) {
      for (const values of await ends(shift)) for (const value of values) expect(value).toBeCloseTo(by, 6)
    }
  })
})

describe('what fits', () => {
  const { sigma, likelihood, ...noise } = problem.noise
  const { svd, pinv, ...plain } = operator
  const { adjoint, ...nonlinear } = plain
  const [withoutSvd, withoutPinv] = [
    { ...plain, pinv },
    { ...plain, svd },
  ]
  const lacking: Readonly<
    Record<Exclude<CommonNeed, 'operatorVjp' | 'denoiserVjp'>, readonly [Problem, string]>
  > = {
    linear: [
      { ...problem, operator: nonlinear },
      "mine: needs a linear operator; 'matrixOperator' has no adjoint()",
    ],
    svd: [{ ...problem, operator: withoutSvd }, 'singular value decomposition'],
    pinv: [{ ...problem, operator: withoutPinv }, 'has no pinv()'],
    sigma: [{ ...problem, noise: { ...noise, likelihood: likelihood! } }, "'gaussian' has no sigma"],
    likelihood: [
      { ...problem, noise: { ...noise, sigma } },
      "needs noise of a known likelihood; 'gaussian' has none",
    ],
  }
  test.each(Object.entries(lacking))(
    '%s is looked for, and named where it is missing',
    (word, [bad, message]) => {
      const need = word as CommonNeed
      expect(() => checkFit({ name: 'mine', rules: rulesOf([need]) }, problem, prior)).not.toThrow()
      const others = (Object.keys(lacking) as CommonNeed[]).filter((n) => n !== need && need !== 'linear')
      expect(() => checkFit({ name: 'mine', rules: rulesOf(others) }, bad, prior)).not.toThrow()
      const check = () => checkFit({ name: 'mine', rules: rulesOf([need]) }, bad, prior)
      expect(check).toThrow(UnfitError)
      expect(check).toThrow(message)
    },
  )

  test('rows are orthonormal where the singular values are 0 or 1', () => {
    const info = { name: 'mine', rules: [needsOrthonormal] }
    const check = (matrix: number[][]) => () =>
      checkFit(
        info,
        { ...problem, operator: matrixOperator(tensor(matrix)), y: zeros([1, matrix.length]) },
        prior,
      )
    for (const fits of [[[0.6, 0.8]], [[0, 1], [1, 0]], [[Math.SQRT1_2, 0], [Math.SQRT1_2, 0]]]) // biome-ignore format: rows
      expect(check(fits)).not.toThrow()
    for (const [wrong, has] of [[[[1, 0.5]], '1.118'], [[[2, 0]], '2'], [[[0.999, 0]], '0.999']] as const) // biome-ignore format: rows
      expect(check([...wrong.map((row) => [...row])])).toThrow(
        `mine: needs orthonormal rows, as of a mask: singular values of 0 or 1; 'matrixOperator' has ${has}`,
      )
    expect(check([[2, 0]])).toThrow(UnfitError)
    const without = () => checkFit(info, { ...problem, operator: withoutSvd }, prior)
    expect(without).toThrow(
      "needs an operator with a singular value decomposition; 'matrixOperator' has no svd()",
    )
    expect(() => checkFit(info, { ...problem, operator: nonlinear }, prior)).toThrow(
      'needs a linear operator',
    )
  })
})

describe('what is unknown', () => {
  const hidden = { ...problem, operator: unknownGain(operator, 3) }
  const looking = (needs: readonly (CommonNeed | NeedRule)[]) =>
    defineMethod({
      name: 'looking',
      title: 'Looking',
      family: 'explicit',
      steps: 2,
      spacing: 'linspace',
      needs,
      options: {},
      plan: ({ problem, noise, prior }) =>
        stepping({
          start: () => ({ x: noise() }),
          step: ({ x }, { t }) => {
            const x0hat = prior.denoise(x, t)
            return {
              state: { x: x0hat },
              shown: { x0hat },
              numbers: { residual: residualNorm(problem.operator, problem.y, x0hat) },
            }
          },
        }),
    })

  test('is not seen by a method that looks for it: neither in forward nor in what else there is', async () => {
    await expect(looking([needsBlind])(hidden, prior).next()).rejects.toThrow('may not see the true gain')
    let seen: readonly string[] = []
    const spy = defineMethod({
      ...{ name: 'spy', title: 'Spy', family: 'explicit', steps: 1, spacing: 'linspace' },
      needs: [needsBlind],
      options: {},
      plan: ({ problem, noise }) => {
        seen = Object.keys(problem.operator)
        return stepping({
          start: () => ({ x: noise() }),
          step: ({ x }) => ({ state: { x }, shown: { x0hat: x }, numbers: { residual: sampleNorms(x) } }),
        })
      },
    })
    await spy(hidden, prior).next()
    expect([...seen].sort()).toEqual(['blind', 'differentiable', 'forward', 'inShape', 'name', 'outShape'])
  })

  test('is refused by a method that does not look for it, with what would do', () => {
    expect(() => looking([])(hidden, prior)).toThrow(UnfitError)
    expect(() => looking([])(hidden, prior)).toThrow(
      "looking: takes all as known, and 'matrixOperator of unknown gain' leaves its gain unknown: take a blind method, or the operator at a known gain, operator.blind.at(φ)",
    )
    expect(() => looking([needsBlind])(problem, prior)).toThrow("all of 'matrixOperator' is known")
    const { svd, ...plain } = operator
    expect(() => looking([needsBlindSvd])({ ...problem, operator: unknownGain(plain) }, prior)).toThrow(
      'has no svd()',
    )
    expect(() => looking([needsBlindSvd])(hidden, prior)).not.toThrow()
  })
})
