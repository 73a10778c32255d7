import { fromData, normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, poissonNoise } from '../../noise/index.ts'
import { blindBlur, matrixOperator, unknownGain } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import type { BlindDmplugOptions } from '../index.ts'
import { blindDmplug, dmplug } from '../index.ts'
import { adamStep, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  float64,
  list,
  names,
  priorOn,
  problemOf,
  schedules,
  seed,
  streams,
  y,
} from '../written-out-problem.test.helper.ts'
import { generated } from './written-out-latent.test.helper.ts'

type Adam = Parameters<typeof adamStep>[0]
const fresh = (z: readonly number[]): Adam => ({ m: z.map(() => 0), v: z.map(() => 0), k: 0 })

describe.each(names)('blind DMPlug with an unknown gain on %s, in plain numbers', (name) => {
  const cases: readonly BlindDmplugOptions[] = [
    { stop: 'none' },
    { learningRate: 0.4, kernelRate: 0.02, samplerSteps: 2, clip: [-0.4, 0.6] },
  ]
  it.each(cases)('%j', async (options) => {
    const { learningRate = 0.01, kernelRate = 0.1, clip, samplerSteps = 3 } = options
    const [schedule, levels] = schedules[name]
    const latent = { levels, times: respace(schedule, samplerSteps, 'leading'), ...(clip && { clip }) }
    const posed = { ...problemOf(0.4), operator: unknownGain(problemOf(0.4).operator) }
    let z: readonly number[] = drawn(0, 'start')
    let logit: readonly number[] = list(streams.normal(0, 'kernel start', [1]))
    let [forZ, forLogit] = [fresh(z), fresh(logit)]
    for await (const step of blindDmplug(posed, priorOn(name), { ...options, steps: 6, seed, firstSample })) {
      const { x, back } = generated(latent, z)
      const gain = Math.exp(logit[0]!)
      close(list(step.x), x, `x of step ${step.i}`)
      close(list(step.parameter), [gain], `gain of step ${step.i}`)
      const clean = times(A, x)
      const r = plus([1, y], [-gain, clean])
      close(step.residual, [length(r)], `residual of step ${step.i}`)
      const scale = -2 / y.length
      const inZ = plus([scale * gain, back(times(transposed(A), r))])
      const inLogit = scale * gain * r.reduce((sum, v, i) => sum + v * clean[i]!, 0)
      const beta = { beta1: 0.9, beta2: 0.999 }
      ;({ x: z, state: forZ } = adamStep(forZ, z, inZ, { rate: learningRate, ...beta }))
      ;({ x: logit, state: forLogit } = adamStep(forLogit, logit, [inLogit], { rate: kernelRate, ...beta }))
    }
  })
})

const shape = [1, 4, 4]
const prior = gaussianPrior({ mean: new Array(16).fill(0.2), covariance: 0.3, shape })
const operator = blindBlur(shape, { size: 3 })
const { blind } = operator
if (blind === undefined) throw new Error('a blind blur is blind')
const keys = [0, 1].map((i) => randomKey(30 + i))
const problem: Problem = { operator, noise: gaussianNoise(0.1), y: normal(keys, shape, float64).mul(0.3) }
const options = { steps: 40, seed: 5, learningRate: 0.1, stop: 'none' } as const

describe('an unknown kernel', () => {
  it('is the softmax of its logits: of sum 1, not negative, each sample with its own', async () => {
    const logits = normal(
      [0, 1].map((i) => randomKey(5).fold(i).fold(0).fold('kernel start')),
      [3, 3],
      float64,
    )
    const raw = list(logits).map(Math.exp)
    const sums = [0, 1].map((row) => raw.slice(9 * row, 9 * row + 9).reduce((a, b) => a + b, 0))
    for await (const { i, parameter } of blindDmplug(problem, prior, options)) {
      const values = list(parameter)
      if (i === 0) close(values, raw.map((v, k) => v / sums[Math.floor(k / 9)]!), 'the first kernel') // biome-ignore format: one call
      for (const row of [0, 1]) {
        const own = values.slice(9 * row, 9 * row + 9)
        expect(Math.abs(own.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-12)
        expect(Math.min(...own)).toBeGreaterThan(0)
      }
    }
  })

  it('moves down the misfit, by finite differences in the logits', async () => {
    const one = { ...problem, y: problem.y.slice([0, 1]) }
    const steps: { x: typeof problem.y; parameter: number[] }[] = []
    for await (const { x, parameter } of blindDmplug(one, prior, { ...options, steps: 2 }))
      steps.push({
        x: fromData(Float64Array.from(list(x)), [1, ...shape], float64),
        parameter: list(parameter),
      })
    const logits = steps[0]!.parameter.map(Math.log)
    const softmax = (l: readonly number[]) => {
      const sum = l.reduce((total, v) => total + Math.exp(v), 0)
      return l.map((v) => Math.exp(v) / sum)
    }
    const misfit = (l: readonly number[]) => {
      const phi = fromData(Float64Array.from(softmax(l)), [1, 3, 3], float64)
      return list(one.y.sub(blind.apply(steps[0]!.x, phi))).reduce((sum, v) => sum + v * v, 0) / 16
    }
    const bumped = (k: number, h: number) => misfit(logits.map((v, j) => v + (j === k ? h : 0)))
    const slope = logits.map((_, k) => (bumped(k, 1e-5) - bumped(k, -1e-5)) / 2e-5)
    // Adam's first step is η·g/(|g| + ε).
    const moved = softmax(logits.map((v, k) => v - (0.1 * slope[k]!) / (Math.abs(slope[k]!) + 1e-8)))
    steps[1]!.parameter.forEach((v, k) => expect(Math.abs(v - moved[k]!)).toBeLessThan(1e-6))
  })

  it('that hardly moves is one that is known: DMPlug at that kernel', async () => {
    const one = { ...problem, y: problem.y.slice([0, 1]) }
    const held = { ...options, kernelRate: 1e-300 }
    let kernel: number[] = []
    const x = list(
      await run(blindDmplug(one, prior, held), {
        onStep: ({ parameter }) => void (kernel = list(parameter)),
      }),
    )
    const known = { ...one, operator: blind.at(fromData(Float64Array.from(kernel), [1, 3, 3], float64)) }
    list(await run(dmplug(known, prior, options))).forEach((v, i) => expect(x[i]).toBeCloseTo(v, 11))
  })

  it('of a stop each sample keeps picture, kernel and residual together, and the run ends when all have', async () => {
    const stop = { ...options, steps: 300, stop: 'discrepancy', tau: 2 } as const
    const free: { x: number[]; parameter: number[]; residual: readonly number[] }[] = []
    for await (const { x, parameter, residual } of blindDmplug(problem, prior, { ...stop, stop: 'none' }))
      free.push({ x: list(x), parameter: list(parameter), residual })
    const bound = 2 * 4 * 0.1
    const firsts = [0, 1].map((row) => free.findIndex(({ residual }) => residual[row]! <= bound))
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(0)
    expect(new Set(firsts).size).toBe(2)
    let [seen, last] = [0, free[0]!]
    for await (const { x, parameter, residual } of blindDmplug(problem, prior, stop)) {
      seen++
      last = { x: list(x), parameter: list(parameter), residual }
    }
    expect(seen).toBe(Math.max(...firsts) + 1)
    firsts.forEach((first, row) => {
      expect(last.x.slice(16 * row, 16 * row + 16)).toEqual(free[first]!.x.slice(16 * row, 16 * row + 16))
      expect(last.parameter.slice(9 * row, 9 * row + 9)).toEqual(
        free[first]!.parameter.slice(9 * row, 9 * row + 9),
      )
      expect(last.residual[row]).toBe(free[first]!.residual[row])
    })
  })

  it('goes on from any step under the stop by variance, bit for bit', async () => {
    const stop = { ...options, stop: 'variance', window: 4, patience: 3, learningRate: 0.4 } as const
    const whole = list(await run(blindDmplug(problem, prior, stop)))
    for await (const { i, steps, state } of blindDmplug(problem, prior, stop)) {
      if (i !== 1 && i !== 6) continue
      expect(i).toBeLessThan(steps - 1)
      const rest = blindDmplug(problem, prior, { ...stop, resume: { next: i + 1, state } })
      expect(list(await run(rest))).toEqual(whole)
    }
  })
})

it('refuses what it cannot stop or hold before any work', () => {
  const counted = countCalls(prior)
  const blindly =
    (more: BlindDmplugOptions, noise = problem.noise) =>
    () =>
      blindDmplug({ ...problem, noise }, counted, more)
  expect(blindly({ stop: 'discrepancy' }, poissonNoise())).toThrow(OptionError)
  expect(blindly({ memory: 64 })).toThrow(/needs at least \d+ bytes/)
  const known = { ...problem, operator: matrixOperator(tensor([[1, 0]])) }
  expect(() => blindDmplug(known, counted)).toThrow('all of')
})
