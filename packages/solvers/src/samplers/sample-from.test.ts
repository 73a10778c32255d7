import { memory, OptionError, scope, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { madeFrom } from '../options/index.ts'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { noiseStreams, run } from '../run/index.ts'
import { edm, flow, karrasLevels, respace, timesOfLevels, timeTravel, vpLinear } from '../schedules/index.ts'
import type { Checkpoint } from '../types.ts'
import type { SampleOptions, Sampler } from './index.ts'
import {
  annealedLangevin,
  byKernel,
  churned,
  ddim,
  ddpm,
  dpmSolver,
  euler,
  heun,
  predictorCorrector,
  sampleFrom,
  samplers,
} from './index.ts'
import { expectMoments, momentsOf } from './moments.test.helper.ts'
import { walk } from './path.test.helper.ts'

const law = { weights: [1, 2], means: [[-1, 0.5, 0], [0.7, 0, 0.2]], covariances: 0.3 } // biome-ignore format: a table
const schedule = vpLinear({ T: 100 })
const prior = gaussianMixturePrior({ ...law, schedule })

/** One of each, with draws and with memory. */
const texts = [
  'ddpm',
  'ddim:0.5',
  'renoise:0.3',
  'euler:noise=1',
  'heun:noise=0.5,churn=2',
  'dpm++2m',
  'dpm++2m:form=sde',
  'pc:corrections=2',
  'langevin:inner=3',
]

async function data(sampler: Sampler, options: SampleOptions): Promise<number[]> {
  const x = await run(sampleFrom(prior, sampler, { dtype: 'float64', steps: 7, ...options }))
  const values = Array.from(x.dataSync())
  x.dispose()
  return values
}

it('all samplers are among these', () => {
  expect(new Set(texts.map((text) => samplers.parse(text).entry.info.name))).toEqual(new Set(samplers.names))
})

describe.each(texts)('%s', (text) => {
  const sampler = madeFrom(samplers, text)

  it('a batch equals single runs, bit for bit, and seeds differ', async () => {
    const batch = await data(sampler, { count: 3, firstSample: 2, seed: 5 })
    for (const i of [0, 1, 2])
      expect(await data(sampler, { firstSample: 2 + i, seed: 5 })).toEqual(batch.slice(3 * i, 3 * i + 3))
    expect(await data(sampler, { count: 3, firstSample: 2, seed: 6 })).not.toEqual(batch)
  })

  it('resumes bit for bit, with what it remembers', async () => {
    const path = timeTravel(respace(schedule, 7), { jump: 3, repeats: 2 })
    for (const options of [{}, { times: path }]) {
      const whole = await data(sampler, { count: 2, ...options })
      const steps = sampleFrom(prior, sampler, { count: 2, dtype: 'float64', steps: 7, ...options })
      for await (const { i, state } of steps) {
        const resume: Checkpoint = { next: i + 1, state }
        expect(await data(sampler, { count: 2, ...options, resume }), `after step ${i}`).toEqual(whole)
      }
    }
  })

  it('looks as often as it says, and frees what it made', async () => {
    await data(sampler, {})
    const counted = countCalls(prior)
    const before = memory().tensors
    const x = await run(sampleFrom(counted, sampler, { steps: 7, dtype: 'float64' }))
    expect(counted.calls.total).toBe(sampler.evaluations(7))
    x.dispose()
    // At most: the collector may have taken what earlier tests left.
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('takes the steps of its own rule, with the draws of the run', async () => {
    const [seed, firstSample] = [4, 1]
    const streams = noiseStreams({ seed, firstSample, count: 2, dtype: 'float64' })
    const times = respace(schedule, 7, 'quadratic')
    const wanted = scope(() => {
      const x = streams.normal(0, 'start', [3]).mul(schedule.sigma(times[0]!.t))
      const z = (i: number, purpose: string) => streams.normal(i, purpose, [3])
      return walk({ sampler, prior, times, x, z }).map((step) => Array.from(step.dataSync()))
    })
    const shown: number[][] = []
    const options = { steps: 7, spacing: 'quadratic', seed, firstSample, count: 2, dtype: 'float64' } as const
    for await (const { x } of sampleFrom(prior, sampler, options)) shown.push(Array.from(x.dataSync()))
    expect(shown).toEqual(wanted)
  })
})

describe('sampleFrom', () => {
  it('draws the law: Heun on the grid of EDM', async () => {
    // Off by 0.3 % of the variance with 100 steps; the standard error of 4000 samples is 2.2 %.
    const covariance = [[1.4, 0.5], [0.5, 1.2]] // biome-ignore format: a table
    const exact = gaussianPrior({ mean: [1, -0.5], covariance, schedule: edm() })
    const times = timesOfLevels(edm(), karrasLevels(100))
    const x = await run(sampleFrom(exact, heun(), { times, count: 4000, dtype: 'float64', seed: 3 }))
    expectMoments(x.dataSync(), [1, -0.5], exact.law.covariance())
  })

  it('travels in time: the law stays, the steps show the way, and the looks are those of the steps down', async () => {
    const exact = countCalls(gaussianPrior({ mean: [1, -0.5], covariance: 0.4, schedule: vpLinear() }))
    const down = respace(vpLinear(), 250)
    const times = timeTravel(down, { jump: 50, repeats: 3 })
    const seen: number[] = []
    const steps = sampleFrom(exact, dpmSolver(), {
      times,
      count: 3000,
      dtype: 'float64',
      seed: 2,
    })
    const x = await run(steps, { onStep: ({ t, steps, i }) => void seen.push(t, steps - i) })
    expect(seen).toEqual(times.flatMap(({ t }, i) => [t, times.length - i]))
    const ups = times.filter(({ t, s }) => s > t).length
    expect([ups, exact.calls.total]).toEqual([8, times.length - ups])
    // Off by less than 1 % of the variance with 250 steps; the standard error of 3000 samples is 2.6 %.
    const { mean, covariance } = momentsOf(x.dataSync(), 2)
    for (const [i, m] of [1, -0.5].entries()) {
      expect(Math.abs(mean[i]! - m)).toBeLessThan(4 * Math.sqrt(0.4 / 3000))
      expect(Math.abs(covariance.get(i, i) / 0.4 - 1)).toBeLessThan(4 * Math.sqrt(2 / 3000))
    }
  })

  it('tells a sampler how many steps go down', async () => {
    const seen: number[] = []
    const plain = byKernel('ddim', ddim(0))
    const sampler: Sampler<undefined> = {
      ...plain,
      step: (denoise, x, memory, at, z) => {
        seen.push(at.steps)
        return plain.step(denoise, x, memory, at, z)
      },
    }
    await data(sampler, { times: timeTravel(respace(schedule, 7), { jump: 3, repeats: 2 }) })
    expect(seen).toEqual(Array(13).fill(13))
  })

  it('forgets on the way up: the step after it is that of a fresh start', async () => {
    // DPM-Solver's first step has no memory; with one it would differ.
    const again = { t: 90, s: 60 }
    const times = [again, { t: 60, s: 30 }, { t: 30, s: 90 }, again]
    const x: number[][] = []
    for await (const step of sampleFrom(prior, dpmSolver(), { times, dtype: 'float64' }))
      x.push(Array.from(step.x.dataSync()))
    const raised = tensor([x[2]!], { dtype: 'float64' })
    const [afresh] = walk({ sampler: dpmSolver(), prior, times: [again], x: raised })
    expect(x[3]).toEqual(Array.from(afresh!.dataSync()))
  })

  it('starts 100 steps of linspace from σ_T·z where nothing is said', async () => {
    const sampler = byKernel('ddpm', ddpm())
    const silent = await run(sampleFrom(prior, sampler))
    const said = await run(
      sampleFrom(prior, sampler, { steps: 100, spacing: 'linspace', count: 1, seed: 0, dtype: 'float32' }),
    )
    expect(silent.dataSync()).toEqual(said.dataSync())
    expect([silent.dtype, silent.shape]).toEqual(['float32', [1, 3]])
  })

  it('refuses times that are no path, and an infinite noise level', async () => {
    const sampler = heun()
    for (const times of [
      [],
      [{ t: 10, s: 20 }],
      [{ t: 10, s: 10 }],
      [
        { t: 50, s: 20 },
        { t: 21, s: -1 },
      ],
    ])
      expect(() => sampleFrom(prior, sampler, { times })).toThrow(OptionError)
    const flowing = gaussianPrior({ mean: [0], covariance: 1, schedule: flow() })
    for (const wrong of [heun(), heun({ noise: 1 }), byKernel('euler', euler({ noise: 1 }))]) {
      await expect(run(sampleFrom(flowing, wrong, { steps: 3 }))).rejects.toThrow(
        "the noise level of 'flow' is infinite at t = 1",
      )
    }
  })

  it('samples flow from pure noise in its own time', async () => {
    const exact = gaussianPrior({ mean: [1, -0.5], covariance: 0.4, schedule: flow() })
    for (const sampler of [
      heun({ variable: 'time' }),
      dpmSolver(),
      byKernel('ddpm', ddpm()),
      byKernel('ddim', ddim(0)),
    ]) {
      const x = await run(sampleFrom(exact, sampler, { steps: 40, count: 2, dtype: 'float64' }))
      expect(Array.from(x.dataSync()).every(Number.isFinite), sampler.name).toBe(true)
    }
    const stochastic = sampleFrom(exact, heun({ variable: 'time', noise: 1 }), { steps: 4 })
    await expect(run(stochastic)).rejects.toThrow('noise: must be 0 where nothing is left of x₀')
  })
})

describe('samplers by name', () => {
  it('refuse options out of range', () => {
    for (const text of [
      'ddim:1.1',
      'renoise:-1',
      'euler:noise=-1',
      'heun:variable=space',
      'heun:churn=-1',
      'dpm++2m:form=x',
      'pc:snr=0.8',
      'pc:corrections=0',
      'langevin:rate=1',
      'ddpm:variance=learned',
      'ode',
    ])
      expect(() => madeFrom(samplers, text), text).toThrow(OptionError)
    for (const make of [
      () => ddim(2),
      () => ddpm('learned' as 'small'),
      () => euler({ noise: Infinity }),
      () => heun({ variable: 'space' as 'time' }),
      () => dpmSolver({ form: 'x' as 'ode' }),
      () => churned(heun(), { churn: -1 }),
      () => churned(heun(), { churn: 1, churnMin: 2, churnMax: 1 }),
      () => churned(heun(), { churn: 1, churnNoise: Number.NaN }),
    ])
      expect(make).toThrow(OptionError)
  })

  it('do as the functions do', async () => {
    for (const [text, sampler] of [
      ['ddim', byKernel('ddim', ddim(0))],
      [
        'heun:churn=3,churnMin=0.1,churnMax=5,churnNoise=1.01',
        churned(heun(), { churn: 3, churnMin: 0.1, churnMax: 5, churnNoise: 1.01 }),
      ],
      ['euler:churn=3', churned(byKernel('euler', euler()), { churn: 3 })],
      ['heun:variable=time', heun({ variable: 'time' })],
      ['euler:noise=2', byKernel('euler', euler({ noise: 2 }))],
      ['dpm++2m:form=sde', dpmSolver({ form: 'sde' })],
      ['pc', predictorCorrector(ddpm())],
      ['pc:predictor=ddim,snr=0.1', predictorCorrector(ddim(0), { snr: 0.1 })],
      ['pc:predictor=euler,corrections=2', predictorCorrector(euler({ noise: 1 }), { corrections: 2 })],
      ['langevin:inner=2,rate=0.2', annealedLangevin({ inner: 2, rate: 0.2 })],
    ] as const)
      expect(await data(madeFrom(samplers, text), {}), text).toEqual(await data(sampler, {}))
  })

  it('say what they are', () => {
    for (const { info } of samplers) {
      expect(info.summary).toMatch(/\w/)
      if (info.example !== undefined) madeFrom(samplers, info.example)
      for (const option of Object.values(info.options)) expect(option.doc).toMatch(/\w/)
    }
  })
})
