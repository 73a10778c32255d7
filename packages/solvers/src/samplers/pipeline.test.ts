// Trajectories are held to diffusers in packages/runs/src/priors/diffusers.test.ts.
import type { Tensor } from '@tweedie/tensor'
import { OptionError, zerosLike } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { pipelinePrior } from '../priors/index.ts'
import { noiseStreams, run } from '../run/index.ts'
import { vpLinear } from '../schedules/index.ts'
import type { PipelineVariance } from '../types.ts'
import { pipelineDdim, sampleFrom, samplePipeline } from './index.ts'

const schedule = vpLinear()
const grid = { spacing: 'leading', offset: 1, last: 'clean' } as const
/** Whose network says that x₀ is 0, and v. */
const prior = (variance: PipelineVariance = 'small', v?: number) =>
  pipelinePrior({
    ...{ name: 'zero', shape: [3], schedule, predicts: 'x0', variance, grid },
    predict: (xt) => ({ output: zerosLike(xt), ...(v === undefined ? {} : { v: zerosLike(xt).add(v) }) }),
  })
const numbers = (x: Tensor) => [...x.dataSync()]
const options = { count: 2, steps: 2, seed: 3, dtype: 'float64' } as const
const z = (step: number, purpose: string) =>
  numbers(noiseStreams({ seed: 3, count: 2, dtype: 'float64' }).normal(step, purpose, [3]))

describe('samplePipeline', () => {
  it('starts at z itself, and goes along the grid', async () => {
    const [first] = await Array.fromAsync(
      samplePipeline(prior(), { ...options, sampler: 'ddim' }),
      ({ t, x, i, steps }) => ({
        ...{ t, i, steps },
        x: numbers(x),
      }),
    )
    expect(first).toMatchObject({ t: 501, i: 0, steps: 2 })
    // With x̂₀ = 0, ε is x/σ.
    const ratio = schedule.sigma(1) / schedule.sigma(501)
    z(0, 'start').forEach((value, k) => expect(first!.x[k]).toBeCloseTo(ratio * value, 12))
  })

  it('draws what the network says of its variance in the last step too, or what is asked for', async () => {
    const drawn = async (of: ReturnType<typeof prior>, variance?: PipelineVariance) =>
      numbers(await run(samplePipeline(of, { ...options, ...(variance && { variance }) })))
    const wanted = (deviation: number) => z(1, 'step').map((value) => expect.closeTo(deviation * value, 12))
    expect(await drawn(prior('learned', 0.04))).toEqual(wanted(0.2))
    expect(await drawn(prior('learned', 0.04), 'large')).toEqual(wanted(schedule.sigma(1)))
    expect(await drawn(prior('learned-range', 1))).toEqual(wanted(schedule.sigma(1)))
    expect(await drawn(prior('small'))).toEqual([0, 0, 0, 0, 0, 0])
    await expect(drawn(prior('learned'))).rejects.toThrow(
      "'learned' needs a network that learns its variance",
    )
  })

  it('refuses a prior without a pipeline, and η beyond [0, 1]', () => {
    const { pipeline, ...plain } = prior()
    expect(() => samplePipeline(plain)).toThrow("'zero' came without a pipeline")
    for (const eta of [-0.1, 1.1, Number.NaN]) expect(() => pipelineDdim(pipeline!, eta)).toThrow(OptionError)
  })
})

describe('steps that jump', () => {
  const times = [
    { t: 800, s: 700 },
    { t: 500, s: -1 },
  ]
  it('are refused unless asked for', async () => {
    const sampler = pipelineDdim(prior().pipeline!, 0)
    expect(() => sampleFrom(prior(), sampler, { times })).toThrow(
      'step 1 goes from 500 to -1, after one that ended at 700',
    )
    expect((await run(sampleFrom(prior(), sampler, { times, jumps: true }))).shape).toEqual([1, 3])
  })
})
