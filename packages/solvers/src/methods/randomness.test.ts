import type { Shape, Tensor } from '@tweedie/tensor'
import { normal, randomKey, tensor } from '@tweedie/tensor'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { askedPrior } from '../laws/asked-prior.ts'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { noiseStreams, run } from '../run/index.ts'
import { sampleUnconditional } from '../samplers/index.ts'
import type { Step } from '../types.ts'
import { methods } from './index.ts'
import type { Known } from './known/known.test.helper.ts'
import { known } from './known/known.test.helper.ts'

interface Draw {
  readonly step: number
  readonly name: string
  /** Absent where the keys of the samples were asked for. */
  readonly shape?: Shape
  readonly values: readonly number[]
}
const draws: Draw[] = []

// Every draw of a run goes through its streams: they are listened to here.
vi.mock('../run/streams.ts', async (original) => {
  const { noiseStreams } = await original<typeof import('../run/streams.ts')>()
  return {
    noiseStreams: (options: Parameters<typeof noiseStreams>[0]) => {
      const streams = noiseStreams(options)
      const listened: typeof streams.normal = (step, name, shape) => {
        const z = streams.normal(step, name, shape)
        draws.push({ step, name, shape, values: Array.from(z.dataSync()) })
        return z
      }
      const keysOf: typeof streams.keysOf = (step, name) => {
        const keys = streams.keysOf(step, name)
        draws.push({ step, name, values: keys.flatMap(({ words }) => words) })
        return keys
      }
      return { ...streams, normal: listened, keysOf }
    },
  }
})
afterEach(() => void draws.splice(0))

const prior = gaussianPrior({ mean: [0.2, 0, -0.1], covariance: 0.5 })
const problem = {
  operator: matrixOperator(tensor([[0.6, 0, 0.8]])),
  noise: gaussianNoise(0.2),
  y: tensor([[0.3], [-0.4]]),
}
const seed = 21
const firstSample = 4
const common = { steps: 10, seed, firstSample }

/** What each draws in a step, and before the first. */
const purposes: Readonly<Record<string, Known['draws']>> = {
  ...Object.fromEntries(Object.entries(known).map(([name, { draws }]) => [name, draws])),
  sampling: { step: ['step'], start: ['start'] },
}
const runs: Readonly<Record<string, (onStep: (step: Step) => void) => Promise<Tensor>>> = {
  ...Object.fromEntries(
    methods.names.map((name) => [
      name,
      (onStep) => {
        const method = methods.find(name)
        const asked = { ...problem, operator: askedOf(method.info.needs, problem.operator) }
        return run(
          method.run(asked, askedPrior(method.info.needs, prior), { ...common, ...purposes[name]?.options }),
          { onStep },
        )
      },
    ]),
  ),
  sampling: (onStep) => run(sampleUnconditional(prior, { ...common, count: 2 }), { onStep }),
}

describe.each(Object.keys(runs))('%s', (name) => {
  it('draws anew in every step, for every purpose and sample, from the stream of that name', async () => {
    let steps = 0
    const x = await runs[name]!((step) => void (steps = step.steps))
    x.dispose()
    const { step, clean = [], some = {}, start } = purposes[name]!
    const wanted = Array.from({ length: steps }, (_, i) =>
      [...step.filter((purpose) => i < steps - 1 || !clean.includes(purpose)), ...(some[i] ?? [])].map(
        (purpose) => `${i} ${purpose}`,
      ),
    ).flat()
    const asked = draws.map((draw) => `${draw.step} ${draw.name}`)
    // The last step of an ancestral sampler ends clean, without noise.
    const last = `${steps - 1} step`
    expect(new Set(asked).size).toBe(asked.length)
    expect(asked.filter((draw) => draw !== last).sort()).toEqual(
      [...start.map((purpose) => `0 ${purpose}`), ...wanted.filter((draw) => draw !== last)].sort(),
    )
    const numbers = draws.flatMap(({ values }) => values)
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const draw of draws) {
      const keys = [0, 1].map((i) =>
        randomKey(seed)
          .fold(firstSample + i)
          .fold(draw.step)
          .fold(draw.name),
      )
      const { shape } = draw
      expect(draw.values).toEqual(
        shape === undefined ? keys.flatMap(({ words }) => words) : Array.from(normal(keys, shape).dataSync()),
      )
    }
  })
})

it('streams are keyed by seed, sample, step and name, in that order', () => {
  const ours = noiseStreams({ seed: 3, firstSample: 5, count: 2, dtype: 'float64' })
  const key = randomKey(3).fold(6).fold(7).fold('step')
  const expected = normal(key, [4], { dtype: 'float64' }).dataSync()
  expect(Array.from(ours.normal(7, 'step', [4]).slice(1).dataSync())).toEqual(Array.from(expected))
  expect(ours.keys.map(({ words }) => words)).toEqual([5, 6].map((i) => randomKey(3).fold(i).words))
})
