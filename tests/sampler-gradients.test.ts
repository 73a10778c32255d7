// Gradients of ‖y − A·DDIM(z)‖² through a U-Net: right by finite differences in float32, and within the memory
// and the number of recomputed steps that docs/backprop-through-samplers.md states.
import { grad, revolveRecomputations } from '@tweedie/autograd'
import type { Prior, SamplerStrategy } from '@tweedie/solvers'
import { countCalls, ddimSampler, epsilonPrior, sr, vpLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { memory, normal, randomKey, resetPeak, scope } from '@tweedie/tensor'
import type { NetworkConfig, Params } from '@tweedie/unet'
import { architectureOf, ddpmConfig, initDdpm, param } from '@tweedie/unet'
import { loadShippedPrior } from '@tweedie/unet/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Subject {
  readonly prior: Prior
  /** The prior with other parameters. */
  readonly priorOf: (params: Params) => Prior
  readonly params: Params
  /** Parameters of much the same weight in the loss, so that a wrong gradient in one of them shows. */
  readonly names: readonly string[]
  readonly batch: number
  /** Step of the finite differences: above it their own error shows, below it that of float32. */
  readonly h: number
}

/** Without the clip to the data range, whose kinks finite differences would see. */
function subjectOf(
  config: NetworkConfig,
  T: number,
  rest: Pick<Subject, 'params' | 'names' | 'batch' | 'h'>,
): Subject {
  const { forward, sampleShape } = architectureOf(config)
  const shape = sampleShape(config)
  const priorOf = (p: Params) =>
    epsilonPrior({
      name: 'u-net',
      shape,
      schedule: vpLinear({ T }),
      predictNoise: (xt, t) => forward(p, config, xt, t),
    })
  return { ...rest, prior: priorOf(rest.params), priorOf }
}

/** The slope of f at 0 by differences of fourth order, so that the step h can be wide enough for float32. */
const slopeOf = (f: (h: number) => number, h: number): number =>
  (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)

const block = 'down_blocks.0.resnets.0'
const subjects: Readonly<Record<string, { load: () => Subject }>> = {
  'a small U-Net with random weights': {
    load: () => {
      const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16] })
      const names = ['conv_in.weight', `${block}.conv1.weight`, `${block}.conv2.weight`, 'conv_norm_out.bias']
      return subjectOf(config, 1000, { params: initDdpm(config, randomKey(3)), names, batch: 2, h: 0.02 })
    },
  },
  'the digits prior': {
    load: () => {
      const { config, params, record } = loadShippedPrior('digits')
      const names = [
        'conv_in.weight',
        'time_embedding.linear_1.weight',
        `${block}.norm2.bias`,
        `${block}.time_emb_proj.weight`,
        `${block}.conv2.weight`,
      ]
      return subjectOf(config, record.config.timesteps, { params, names, batch: 1, h: 0.002 })
    },
  },
}

describe.each(Object.entries(subjects))('through %s', (_, { load }) => {
  let subject: Subject
  beforeAll(() => {
    subject = load()
  })
  afterAll(() => {
    for (const x of Object.values(subject.params)) x.dispose()
  })

  const draw = (seed: number) => normal(randomKey(seed), [subject.batch, ...subject.prior.shape])
  const lossOf = (strategy: SamplerStrategy, steps: number, prior: Prior = subject.prior) => {
    const A = sr(prior.shape, { factor: 2 })
    const sampler = ddimSampler(prior, { steps, strategy })
    return (z: Tensor) => A.forward(sampler(z)).add(-0.3).square().sum()
  }
  /** Peak bytes above what is there, and evaluations of the network. */
  const costOf = (strategy: SamplerStrategy, steps: number) => {
    const prior = countCalls(subject.prior)
    const z = draw(1)
    const loss = lossOf(strategy, steps, prior)
    resetPeak()
    const before = memory().bytes
    scope(() => void grad(loss)(z))
    const bytes = memory().peakBytes - before
    z.dispose()
    return { bytes, calls: prior.calls.total }
  }

  test('the gradient is that of finite differences along random directions', () => {
    scope(() => {
      const z = draw(1)
      const f = lossOf('tape', 10)
      const g = grad(lossOf({ slots: 3 }, 10))(z)
      const numbers = (x: Tensor) => Array.from(x.dataSync())
      const norm = Math.hypot(...numbers(g))
      for (let k = 0; k < 3; k++) {
        const v = draw(10 + k)
        const at = (h: number) => scope(() => f(z.add(v.mul(h)))).dataSync()[0]!
        const expected = numbers(g.mul(v)).reduce((a, b) => a + b, 0)
        // ‖g‖ is the root mean square of the slope along v ~ N(0, I).
        expect(Math.abs(slopeOf(at, subject.h) - expected) / norm).toBeLessThan(1e-3)
      }
    })
  })

  test('checkpointed, the gradient in the parameters is that of finite differences', () => {
    scope(() => {
      const z = draw(1)
      const { names } = subject
      const theta = names.map((name) => param(subject.params, name))
      const lossIn = (strategy: SamplerStrategy) => (some: readonly Tensor[]) => {
        const moved = Object.fromEntries(names.map((name, i) => [name, some[i]!]))
        return lossOf(strategy, 3, subject.priorOf({ ...subject.params, ...moved }))(z)
      }
      const f = lossIn('tape')
      const g = grad(lossIn('checkpoint'))(theta)
      const inner = (a: Tensor, b: Tensor) => a.mul(b).sum().dataSync()[0]!
      // Each tensor moves in proportion to its numbers, or by tenths where they are all 0.
      const sizes = theta.map((x) => Math.sqrt(inner(x, x) / x.size) || 0.1)
      const parts = g.map((x, i) => Math.sqrt(inner(x, x)) * sizes[i]!)
      const norm = Math.hypot(...parts)
      expect(Math.min(...parts), 'a tensor too weak to be seen').toBeGreaterThan(0.02 * norm)
      for (let k = 0; k < 3; k++) {
        const v = theta.map((x, i) => normal(randomKey(20 + k).fold(i), x.shape).mul(sizes[i]!))
        const at = (h: number) => scope(() => f(theta.map((x, i) => x.add(v[i]!.mul(h))))).dataSync()[0]!
        const expected = g.reduce((total, x, i) => total + inner(x, v[i]!), 0)
        expect(Math.abs(slopeOf(at, subject.h) - expected) / norm).toBeLessThan(1e-3)
      }
    })
  })

  test('the strategies agree', () => {
    scope(() => {
      const z = draw(1)
      const gradient = (strategy: SamplerStrategy) => Array.from(grad(lossOf(strategy, 5))(z).dataSync())
      const truth = gradient('tape')
      const error = (strategy: SamplerStrategy) =>
        Math.hypot(...gradient(strategy).map((v, i) => v - truth[i]!)) / Math.hypot(...truth)
      for (const strategy of ['checkpoint', { slots: 1 }, { slots: 2 }] as const) {
        expect(error(strategy)).toBeLessThan(1e-6)
      }
    })
  })

  test('checkpointed, 10 steps peak at most at 1.4 times one', () => {
    const one = costOf('tape', 1)
    const ten = costOf('checkpoint', 10)
    expect(ten.bytes / one.bytes).toBeLessThan(1.4)
    expect(ten.calls).toBe(10 + 9)
    expect(costOf('tape', 5).bytes / one.bytes).toBeGreaterThan(2)
  })

  test('with 8 slots, 50 steps peak at most at 10 times one, at the predicted recomputations', () => {
    const one = costOf('tape', 1)
    const fifty = costOf({ slots: 8 }, 50)
    expect(fifty.bytes / one.bytes).toBeLessThan(10)
    expect(fifty.calls).toBe(50 + revolveRecomputations(50, 8))
  })

  test('within a budget of bytes, 10, 50 and 200 steps peak below it, and less than is needed is refused', () => {
    const one = costOf('tape', 1)
    for (const steps of [10, 50, 200]) {
      // The tightest takes 200 steps minutes.
      for (const bytes of [...(steps < 200 ? [Math.floor(1.2 * one.bytes)] : []), 3 * one.bytes]) {
        const cost = costOf({ bytes }, steps)
        expect(cost.bytes, `${steps} steps`).toBeLessThanOrEqual(bytes)
        expect(cost.calls).toBeLessThan(1 + steps + revolveRecomputations(steps, 2))
      }
    }
    expect(() => costOf({ bytes: Math.floor(0.9 * one.bytes) }, 10)).toThrow(/needs at least \d+ bytes/)
  })
})
