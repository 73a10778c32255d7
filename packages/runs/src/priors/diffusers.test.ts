// Trajectories of diffusers' schedulers, for a fixed network and fixed noise: tests/fixtures/schedulers/make.py.
import { readFileSync } from 'node:fs'
import type { Prior } from '@tweedie/solvers'
import {
  noiseStreams,
  pipelineDdim,
  pipelineDdpm,
  pipelineTimes,
  run,
  samplePipeline,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError } from '@tweedie/tensor'
import { diffusersScheduler, schedulerTraining } from '@tweedie/unet'
import { describe, expect, test } from 'vitest'
import { scheduleOf } from './schedule.ts'
import { trainedPrior } from './trained.ts'

interface Case {
  readonly config: { readonly _class_name: string; readonly [field: string]: unknown }
  readonly steps: number
  readonly eta?: number
  readonly times: readonly number[]
  /** The steps whose states are kept. */
  readonly kept: readonly number[]
  readonly exact: readonly (readonly number[])[]
  readonly asIs?: readonly (readonly number[])[]
}
interface Table {
  readonly config: object
  readonly at: readonly number[]
  readonly alphasCumprod: readonly number[]
}
const file = new URL('../../../../tests/fixtures/schedulers/schedulers.json', import.meta.url)
const { cases, tables }: { cases: readonly Case[]; tables: readonly Table[] } = JSON.parse(
  readFileSync(file, 'utf8'),
)

const shape = [1, 1, 3]
const row = (value: (k: number) => number, count = 2) =>
  fromData(
    Array.from({ length: 3 * count }, (_, k) => value(k)),
    [count, ...shape],
    { dtype: 'float64' },
  )
const start = () => row((k) => 1.2 * Math.sin(1.7 * k + 0.3))
const noise = (i: number) => row((k) => 1.3 * Math.sin(3.1 * k + 0.7 * i + 1))

/** The network of the fixture as a prior, by what a scheduler says of it. */
function priorOf(config: Case['config']): Prior {
  const learned = config['variance_type'] === 'learned'
  return trainedPrior('fixture', shape, schedulerTraining(diffusersScheduler(config)), (xt, t) => {
    const x = xt.dataSync()
    const said = (k: number) => Math.sin(0.9 * k + 0.02 * t)
    return {
      output: row((k) => 0.8 * Math.sin(1.3 * k + 0.01 * t) + 0.3 * Math.cos(x[k]!), xt.shape[0]),
      v: row((k) => (learned ? 0.01 * (1.5 + said(k)) : said(k)), xt.shape[0]),
    }
  })
}

/** The states after each step of the sampler of a case. */
function path({ config, steps, eta }: Case): { states: Float64Array[]; times: number[] } {
  const prior = priorOf(config)
  const { schedule } = prior
  const pipeline = prior.pipeline!
  const sampler = eta === undefined ? pipelineDdpm(pipeline) : pipelineDdim(pipeline, eta)
  const times = pipelineTimes(schedule, steps, pipeline.grid, eta === undefined ? 'next' : 'stride')
  const states: Float64Array[] = []
  let x: Tensor = start()
  for (const [i, at] of times.entries()) {
    x = sampler.step(prior.denoise, x, undefined, { ...at, schedule, steps: times.length }, () => noise(i)).x
    states.push(Float64Array.from(x.dataSync()))
  }
  return { states, times: times.map(({ t }) => t) }
}

/** The largest difference, of values beyond 1 relative to them. */
const gap = (ours: ArrayLike<number>, theirs: readonly number[]) =>
  Math.max(...theirs.map((value, k) => Math.abs(ours[k]! - value) / Math.max(1, Math.abs(value))))

describe("diffusers' schedulers", () => {
  test('the fixture has every value of every field', () => {
    expect(cases).toHaveLength(80)
    expect(cases.filter(({ asIs }) => asIs).length).toBeGreaterThan(60)
    const values = (name: string) => new Set(cases.map(({ config }) => JSON.stringify(config[name])))
    // One more where the field is not there.
    expect(values('variance_type').size).toBe(7)
    expect(values('beta_schedule').size).toBe(6)
    for (const name of ['prediction_type', 'timestep_spacing', 'steps_offset', 'num_train_timesteps'])
      expect(values(name).size, name).toBe(3)
  })

  test.each(cases.map((one, i) => [i, one.config._class_name, one] as const))('%i %s', (_, _name, one) => {
    const { states, times } = path(one)
    expect(times).toEqual(one.times)
    for (const [row, i] of one.kept.entries()) {
      expect(gap(states[i]!, one.exact[row]!), `state ${i}`).toBeLessThan(2e-9)
      if (one.asIs) expect(gap(states[i]!, one.asIs[row]!), `state ${i}, float32`).toBeLessThan(1e-5)
    }
  })

  test('samplePipeline takes these steps', async () => {
    for (const sampler of ['ddpm', 'ddim'] as const) {
      const one = cases.find(
        ({ config, steps, eta = 0 }) =>
          config._class_name === `${sampler.toUpperCase()}Scheduler` && steps > 5 && eta === 0,
      )!
      const prior = priorOf(one.config)
      const streams = noiseStreams({ count: 2, dtype: 'float64' })
      const from = { next: 0, state: { x: start() } }
      const x = await run(
        samplePipeline(prior, { sampler, steps: one.steps, resume: from, count: 2, dtype: 'float64' }),
      )
      if (sampler === 'ddim') {
        expect(gap(x.dataSync(), one.exact.at(-1)!)).toBeLessThan(2e-9)
        continue
      }
      const { schedule } = prior
      let wanted: Tensor = start()
      const times = pipelineTimes(schedule, one.steps, prior.pipeline!.grid, 'next')
      for (const [i, at] of times.entries())
        wanted = pipelineDdpm(prior.pipeline!).step(
          prior.denoise,
          wanted,
          undefined,
          { ...at, schedule, steps: times.length },
          () => streams.normal(i, 'step', shape),
        ).x
      expect(x.dataSync()).toEqual(wanted.dataSync())
    }
  })

  test('where nothing is left of x₀, ε does not tell it: refused; other predictions do', async () => {
    const config = {
      _class_name: 'DDIMScheduler',
      rescale_betas_zero_snr: true,
      timestep_spacing: 'trailing',
    }
    const first = (prediction_type: string) =>
      run(
        samplePipeline(priorOf({ ...config, prediction_type }), {
          sampler: 'ddim',
          steps: 2,
          dtype: 'float64',
        }),
      )
    await expect(first('epsilon')).rejects.toThrow(
      /at t = 999 the noise that 'fixture' predicts tells nothing of x₀/,
    )
    await expect(first('epsilon')).rejects.toThrow(OptionError)
    expect((await first('v_prediction')).dataSync().every(Number.isFinite)).toBe(true)
  })

  test.each(tables)('alphas_cumprod of %o', ({ config, at, alphasCumprod }) => {
    const scheduler = diffusersScheduler(config)
    const { alpha } = scheduleOf(schedulerTraining(scheduler).schedule)
    for (const [i, t] of at.entries()) {
      const wanted = alphasCumprod[i]!
      // Rescaled, the last values are differences of nearly equal numbers in float32.
      const bound = scheduler.zeroSnr ? 2e-5 : 1e-6
      expect(Math.abs(alpha(t) ** 2 - wanted), `t = ${t}`).toBeLessThanOrEqual(bound * wanted)
    }
  })
})
