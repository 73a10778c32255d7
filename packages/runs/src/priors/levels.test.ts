import type { Prior } from '@tweedie/solvers'
import { edm, greyOf, withSchedule } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, concat, mean, normal, randomKey, scope, setDefaultDevice } from '@tweedie/tensor'
import type { Network, NetworkConfig, TrainedOn } from '@tweedie/unet'
import { architectureOf, bfCnnConfig, dncnnConfig, drunetConfig } from '@tweedie/unet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { priorOf } from './network.ts'

let former: string
beforeAll(() => {
  former = setDefaultDevice('reference')
})
afterAll(() => {
  setDefaultDevice(former)
})

const plain = { dtype: 'float64', device: 'reference' } as const
const numbers = (x: Tensor): number[] => Array.from(x.dataSync())

/** A network none of whose parameters is 0. */
function network(config: NetworkConfig): Network {
  const fresh = architectureOf(config).init(config, randomKey(1), plain)
  const params = Object.entries(fresh).map(([name, { shape }], i) => {
    const draw = normal(randomKey(i), shape, plain)
    return [name, /running_/.test(name) ? draw.square().add(0.5) : draw.mul(0.3)] as const
  })
  return { config, params: Object.fromEntries(params) }
}

const levels = (sigmaMin: number, sigmaMax: number | null) => ({ kind: 'edm', sigmaMin, sigmaMax }) as const
const told: TrainedOn = { schedule: levels(0.002, 160), predicts: 'edm', clip: null, grey: true }
const published: TrainedOn = { schedule: levels(0, 100 / 255), predicts: 'x0', clip: null, unit: true }

/** Times of a prior's schedule at noise levels. */
const timesAt = ({ schedule }: Prior, ...at: readonly number[]) =>
  at.map((level) => schedule.timeOfNoiseLevel(level))

describe('a network of noise levels as a prior', () => {
  const colour = network(
    drunetConfig({ sampleSize: 4, widths: [4, 4], numBlocks: 1, bias: true, conditioning: 'gain' }),
  )
  const prior = priorOf('levels', [3, 4, 4], colour, told)
  const x = normal(randomKey(5), [2, 3, 4, 4], plain)

  test("that predicts edm is EDM's denoiser of x_t/α_t, on its VP schedule and on any other", () => {
    scope(() => {
      const { forward } = architectureOf(colour.config)
      const onLevels = withSchedule(prior, edm())
      for (const level of [0.002, 0.05, 0.7, 60]) {
        const [t = 0] = timesAt(prior, level)
        const alpha = prior.schedule.alpha(t)
        expect(prior.schedule.sigma(t) / alpha).toBeCloseTo(level, 9)
        const root = Math.hypot(level, 0.5)
        const said = forward(colour.params, colour.config, x.mul(1 / root), Math.log(level) / 4)
        const wanted = numbers(x.mul(0.25 / root ** 2).add(said.mul((level * 0.5) / root)))
        const found = numbers(prior.denoise(x.mul(alpha), t))
        found.forEach((value, i) => void expect(value).toBeCloseTo(wanted[i]!, 6))
        numbers(onLevels.denoise(x, level)).forEach(
          (value, i) => void expect(value).toBeCloseTo(wanted[i]!, 6),
        )
      }
    })
  })

  test('below a least level of hardly any noise is told that, and beyond the largest is refused', () => {
    scope(() => {
      const [least = 0, below = 0] = timesAt(prior, 0.002, 1e-5)
      const at = (t: number) => numbers(prior.denoise(x, t))
      at(below).forEach((value, i) => void expect(Math.abs(value - numbers(x)[i]!)).toBeLessThan(1e-3))
      expect(at(least)).not.toEqual(at(below))
      const short = priorOf('short', [3, 4, 4], colour, { ...told, schedule: levels(0.002, 10) })
      expect(short.schedule.sigma(1) / short.schedule.alpha(1)).toBeCloseTo(10, 9)
      expect(() => short.schedule.timeOfNoiseLevel(11)).toThrow('must lie in [0, 10')
      expect(() => withSchedule(short, edm())).toThrow("'short' knows those up to 10")
    })
  })

  test('of three channels is one of grey pictures too, where it was trained so', () => {
    scope(() => {
      const grey = greyOf(prior)
      expect(grey.shape).toEqual([1, 4, 4])
      const [t = 0] = timesAt(prior, 0.3)
      const y = normal(randomKey(6), [2, 1, 4, 4], plain)
      const wanted = numbers(mean(prior.denoise(concat([y, y, y], 1), t), 1))
      const found = grey.denoise(y, t)
      expect(found.shape).toEqual([2, 1, 4, 4])
      numbers(found).forEach((value, i) => void expect(value).toBeCloseTo(wanted[i]!, 12))
      expect(() => greyOf(grey)).toThrow("'levels' is for [1, 4, 4], not for colour pictures")
    })
  })
})

describe('a published denoiser as a prior', () => {
  test.each<[string, NetworkConfig]>([
    ['drunet', drunetConfig({ inChannels: 1, sampleSize: 4, widths: [4, 4], numBlocks: 1 })],
    ['dncnn', dncnnConfig({ width: 4, depth: 3, norm: true })],
    ['bf_cnn', bfCnnConfig({ width: 4, depth: 3 })],
  ])('%s works on [0, 1] and is told σ in its units', (name, config) => {
    scope(() => {
      const net = network(config)
      const prior = priorOf(name, [1, 4, 4], net, published)
      const [t = 0] = timesAt(prior, 0.2)
      const alpha = prior.schedule.alpha(t)
      const clean = normal(randomKey(7), [1, 1, 4, 4], plain).mul(0.3)
      // x₀ + 0.2 ε in [−1, 1] is (x₀ + 1)/2 + 0.1 ε in [0, 1].
      const x = clean.add(normal(randomKey(8), [1, 1, 4, 4], plain).mul(0.2))
      const said = architectureOf(config).forward(net.params, config, x.add(1).div(2), 0.1)
      const wanted = numbers(said.mul(2).sub(1))
      numbers(prior.denoise(x.mul(alpha), t)).forEach(
        (value, i) => void expect(value).toBeCloseTo(wanted[i]!, 9),
      )
    })
  })

  test('of one level is refused at any other, by the name of the prior', () => {
    scope(() => {
      const sigma = 50 / 255
      const net = network(dncnnConfig({ width: 4, depth: 3 }))
      const one = priorOf('dncnn-25', [1, 4, 4], net, { ...published, schedule: levels(sigma, sigma) })
      const x = normal(randomKey(9), [1, 1, 4, 4], plain)
      expect(one.denoise(x, one.schedule.noisiest).shape).toEqual([1, 1, 4, 4])
      const [t = 0] = timesAt(one, 0.1)
      expect(() => one.denoise(x, t)).toThrow(
        /^prior: 'dncnn-25' knows noise levels σ\/α from 0\.196\d+ to 0\.196\d+, got 0\.\d+/,
      )
    })
  })
})

test('a picture that is broadcast is one like any other', () => {
  scope(() => {
    const net = network(drunetConfig({ sampleSize: 4, widths: [4], numBlocks: 1 }))
    const prior = priorOf('colour', [3, 4, 4], net, { ...published, clip: 1 })
    const y = normal(randomKey(6), [1, 1, 4, 4], plain)
    const found = numbers(prior.denoise(broadcastTo(y, [1, 3, 4, 4]), 0.5))
    expect(found).toEqual(numbers(prior.denoise(concat([y, y, y], 1), 0.5)))
    expect(Math.max(...found.map(Math.abs))).toBeLessThanOrEqual(1)
  })
})
