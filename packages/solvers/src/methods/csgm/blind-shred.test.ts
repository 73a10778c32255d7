import { fromData, normal, OptionError, randomKey, tensor, uniform } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { blindBlur, matrixOperator, unknownGain } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import type { BlindShredOptions } from '../index.ts'
import { blindShred, shred, UnfitError } from '../index.ts'
import { adamStep, length, plus, times, transposed } from '../written-out.test.helper.ts'
import { A, close, drawn, firstSample, float64, list, names, priorOn, problemOf, schedules, seed, streams, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line
import { generated } from './written-out-latent.test.helper.ts'

type Adam = Parameters<typeof adamStep>[0]
const fresh = (z: readonly number[]): Adam => ({ m: z.map(() => 0), v: z.map(() => 0), k: 0 })
const [inputs, hidden] = [200, 3]
/** The parameters of a network of m outputs, by a key. */
function started(key: ReturnType<typeof randomKey>, m: number): number[] {
  const first = inputs * hidden + hidden
  const u = list(uniform([key], [first + hidden * m + m], float64))
  return u.map((v, j) => (2 * v - 1) / Math.sqrt(j < first ? inputs : hidden))
}
/** Its output at v, and what a slope of it comes to in the parameters. */
function network(theta: readonly number[], v: readonly number[], m: number) {
  const [b1, w2, b2] = [inputs * hidden, inputs * hidden + hidden, inputs * hidden + hidden + hidden * m]
  const before = Array.from({ length: hidden }, (_, h) =>
    v.reduce((sum, c, i) => sum + c * theta[i * hidden + h]!, theta[b1 + h]!),
  )
  const within = before.map((c) => Math.min(Math.max(c, 0), 6))
  const out = Array.from({ length: m }, (_, j) =>
    within.reduce((sum, c, h) => sum + c * theta[w2 + h * m + j]!, theta[b2 + j]!),
  )
  const back = (slope: readonly number[]) => {
    const gradient = new Array<number>(theta.length).fill(0)
    slope.forEach((g, j) => {
      gradient[b2 + j]! += g
      within.forEach((c, h) => {
        gradient[w2 + h * m + j]! += g * c
        if (before[h]! <= 0 || before[h]! >= 6) return
        const through = g * theta[w2 + h * m + j]!
        gradient[b1 + h]! += through
        v.forEach((of, i) => {
          gradient[i * hidden + h]! += through * of
        })
      })
    })
    return gradient
  }
  return { out, back, within }
}

describe.each(names)('blind SHRED with an unknown gain on %s, in plain numbers', (name) => {
  const cases: readonly BlindShredOptions[] = [
    { learningRate: 0.1, kernelRate: 0.05, samplerSteps: 3 },
    { learningRate: 0.4, samplerSteps: 2, clip: [-0.4, 0.6] },
    { learningRate: 0.2, kernelRate: 0.01, samplerSteps: 2, detach: false },
  ]
  it.each(cases)('%j', async (options) => {
    const { learningRate = 0, kernelRate = 2e-4, clip, detach = true, samplerSteps = 0 } = options
    const [schedule, levels] = schedules[name]
    const latent = {
      levels,
      times: respace(schedule, samplerSteps, 'leading'),
      ...(clip && { clip }),
      detach,
    }
    const posed = { ...problemOf(0.4), operator: unknownGain(problemOf(0.4).operator) }
    const [netKey, inputKey] = ['net', 'net input'].map((purpose) => streams.keysOf(0, purpose)[0]!)
    let z: readonly number[] = drawn(0, 'start')
    let theta: readonly number[] = started(netKey!, 1)
    const v = list(uniform([inputKey!], [inputs], float64)).map((u) => u / 10)
    let [forZ, forTheta] = [fresh(z), fresh(theta)]
    const steps = blindShred(posed, priorOn(name), { ...options, hidden, steps: 4, seed, firstSample })
    for await (const step of steps) {
      const { x, back } = generated(latent, z)
      const net = network(theta, v, 1)
      const gain = Math.exp(net.out[0]!)
      close(list(step.x), x, `x of step ${step.i}`)
      close(list(step.parameter), [gain], `gain of step ${step.i}`)
      const clean = times(A, x)
      const r = plus([1, y], [-gain, clean])
      close(step.residual, [length(r)], `residual of step ${step.i}`)
      const scale = -2 / y.length
      const inZ = plus([scale * gain, back(times(transposed(A), r))])
      const inTheta = net.back([scale * gain * r.reduce((sum, c, i) => sum + c * clean[i]!, 0)])
      const beta = { beta1: 0.9, beta2: 0.999 }
      ;({ x: z, state: forZ } = adamStep(forZ, z, inZ, { rate: learningRate, ...beta }))
      z = plus([Math.sqrt(z.length) / length(z), z])
      ;({ x: theta, state: forTheta } = adamStep(forTheta, theta, inTheta, { rate: kernelRate, ...beta }))
    }
  })
})

const shape = [1, 4, 4]
const prior = gaussianPrior({ mean: new Array(16).fill(0.2), covariance: 0.3, shape })
const operator = blindBlur(shape, { size: 3 })
const { blind } = operator
if (blind === undefined) throw new Error('a blind blur is blind')
const problem: Problem = {
  operator,
  noise: gaussianNoise(0.1),
  y: normal([randomKey(30), randomKey(31)], shape, float64).mul(0.3),
}
const options = { steps: 30, seed: 5, learningRate: 0.05, kernelRate: 0.01, hidden } as const

describe('an unknown kernel', () => {
  it('is the softmax of its network: of sum 1, not negative, each sample with its own', async () => {
    const netOf = (row: number) => {
      const key = randomKey(5).fold(row).fold(0)
      const v = list(uniform([key.fold('net input')], [inputs], float64)).map((u) => u / 10)
      const raw = network(started(key.fold('net'), 9), v, 9).out.map(Math.exp)
      const sum = raw.reduce((a, b) => a + b, 0)
      return raw.map((c) => c / sum)
    }
    for await (const { i, parameter } of blindShred(problem, prior, options)) {
      const values = list(parameter)
      if (i === 0) close(values, [...netOf(0), ...netOf(1)], 'the first kernels')
      for (const row of [0, 1]) {
        const own = values.slice(9 * row, 9 * row + 9)
        expect(Math.abs(own.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-12)
        expect(Math.min(...own)).toBeGreaterThan(0)
      }
    }
  })

  it('that hardly moves is one that is known: SHRED at that kernel', async () => {
    const one = { ...problem, y: problem.y.slice([0, 1]) }
    let kernel: number[] = []
    const x = list(
      await run(blindShred(one, prior, { ...options, kernelRate: 1e-300 }), {
        onStep: ({ parameter }) => void (kernel = list(parameter)),
      }),
    )
    const known = { ...one, operator: blind.at(fromData(Float64Array.from(kernel), [1, 3, 3], float64)) }
    const { steps, seed, learningRate } = options
    list(await run(shred(known, prior, { steps, seed, learningRate }))).forEach((v, i) =>
      expect(x[i]).toBeCloseTo(v, 11),
    )
  })

  it('moves down the misfit', async () => {
    const misfits: number[] = []
    for await (const { residual } of blindShred(problem, prior, options)) misfits.push(residual[0]!)
    expect(misfits.at(-1)!).toBeLessThan(0.8 * misfits[0]!)
  })
})

describe('a run', () => {
  const one = gaussianPrior({ mean: [0.1, 0.2], covariance: 0.3 })
  const known = matrixOperator(tensor([[1, 0.5]], float64))
  const posed = { operator: unknownGain(known), noise: gaussianNoise(0.1), y: tensor([[0.7]], float64) }

  it('counts k calls an iteration, and as many with the way back where asked', async () => {
    for (const detach of [true, false]) {
      const counted = countCalls(one)
      await run(blindShred(posed, counted, { steps: 3, samplerSteps: 4, hidden, detach }))
      expect(counted.calls.total).toBe(blindShred.info.evaluations(3, { samplerSteps: 4, hidden, detach }))
      expect(counted.calls.recorded > 0).toBe(!detach)
    }
  })

  it('keeps z on the sphere after the first', async () => {
    for await (const { i, state } of blindShred(posed, one, { steps: 3, samplerSteps: 2, hidden })) {
      const { x } = state['z'] as { x: typeof posed.y }
      expect(length(list(x)), `step ${i}`).toBeCloseTo(Math.SQRT2, 12)
    }
  })

  it('takes operators with an unknown alone, and refuses before any work', () => {
    const counted = countCalls(one)
    expect(() => blindShred({ ...posed, operator: known }, counted)).toThrow(UnfitError)
    for (const wrong of [{ hidden: 0 }, { kernelRate: 0 }, { samplerSteps: 0 }])
      expect(() => blindShred(posed, counted, wrong)).toThrow(OptionError)
    expect(counted.calls.total).toBe(0)
  })
})
