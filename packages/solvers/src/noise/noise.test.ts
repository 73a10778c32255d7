import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, memory, OptionError, ones, randomKey, ShapeError, scope, zeros } from '@tweedie/tensor'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { number } from '../options/index.ts'
import type { Noise, NoiseLikelihood } from '../types.ts'
import * as named from './index.ts'
import {
  defineNoise,
  gaussianNoise,
  laplaceNoise,
  noiseFromSpec,
  noises,
  noNoise,
  poissonGaussNoise,
  poissonNoise,
  quantisationNoise,
  speckleNoise,
} from './index.ts'
import { logInterval, logTail } from './normal-tail.ts'

const list = (x: Tensor): number[] => Array.from(x.dataSync())
const column = (values: readonly number[]) => fromData(Float64Array.from(values), [values.length, 1])
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const grid = (from: number, to: number, n: number) =>
  Array.from({ length: n + 1 }, (_, i) => from + ((to - from) * i) / n)

const likelihoodOf = ({ name, likelihood }: Noise): NoiseLikelihood => {
  if (likelihood === undefined) throw new Error(`${name} has no likelihood`)
  return likelihood
}
/** p(y | clean) of single numbers. */
const densities = (noise: Noise, y: readonly number[], clean: number) =>
  list(
    likelihoodOf(noise)
      .log(column(y), column(y.map(() => clean)))
      .exp(),
  )
/** Simpson's rule over an even number of intervals. */
const integral = (values: readonly number[], step: number) =>
  (sum(values.map((v, i) => v * (i === 0 || i === values.length - 1 ? 1 : i % 2 ? 4 : 2))) * step) / 3

/** Laws, what values y can take, and moments of y given clean: mean and variance. */
const cases: readonly {
  readonly noise: Noise
  readonly cleans: readonly number[]
  /** Total mass of all y. */
  total(clean: number): number
  mean?(clean: number): number
  variance?(clean: number): number
}[] = [
  {
    noise: gaussianNoise(0.3),
    cleans: [-0.5, 0.8],
    total: (c) => integral(densities(gaussianNoise(0.3), grid(c - 3, c + 3, 600), c), 0.01),
    variance: () => 0.09,
  },
  {
    noise: laplaceNoise(0.2),
    cleans: [-1.5, 0.3],
    // The kink lies on a node; each half of a Simpson rule is smooth.
    total: (c) =>
      integral(densities(laplaceNoise(0.2), grid(c - 8, c, 4000), c), 0.002) +
      integral(densities(laplaceNoise(0.2), grid(c, c + 8, 4000), c), 0.002),
    variance: () => 2 * 0.04,
  },
  ...[
    { peak: 20, background: 0 },
    { peak: 255, background: 0 },
    { peak: 6, background: 1.5 },
  ].map((options) => ({
    noise: poissonNoise(options),
    cleans: [-0.9, 0, 1],
    total: (c: number) =>
      sum(
        densities(
          poissonNoise(options),
          Array.from({ length: 600 }, (_, k) => (2 * (k - options.background)) / options.peak - 1),
          c,
        ),
      ),
    variance: (c: number) => (4 / options.peak ** 2) * ((options.peak * (c + 1)) / 2 + options.background),
  })),
  ...[
    { peak: 20, sigma: 0.05, background: 0 },
    { peak: 4, sigma: 0.6, background: 0.5 },
    { peak: 255, sigma: 0.02, background: 3 },
  ].map((options) => ({
    noise: poissonGaussNoise(options),
    cleans: [-0.8, 0.4],
    total: (c: number) => integral(densities(poissonGaussNoise(options), grid(-6, 12, 9000), c), 0.002),
    variance: (c: number) =>
      (4 / options.peak ** 2) * ((options.peak * (c + 1)) / 2 + options.background) + options.sigma ** 2,
  })),
  ...[2, 4.5, 20].map((looks) => ({
    noise: speckleNoise(looks),
    cleans: [-0.8, 0, 1],
    // The density has the power v^(L−1) at v = 0: of four times continuous derivatives from L = 5 on only.
    total: (c: number) => integral(densities(speckleNoise(looks), grid(-1, 30, 124_000), c), 31 / 124_000),
    variance: (c: number) => (c + 1) ** 2 / looks,
  })),
  ...[
    { bits: 1, sigma: 0.3, cleans: [-0.5, 0.1, 0.7] },
    { bits: 3, sigma: 0.02, cleans: [0.01, 0.55] },
    { bits: 3, sigma: 0.5, cleans: [-1.2, 0.1, 0.7] },
    { bits: 8, sigma: 0.1, cleans: [-1.2, 0.1, 0.7] },
  ].map(({ cleans, ...options }) => ({
    noise: quantisationNoise(options),
    cleans,
    total: (c: number) => sum(densities(quantisationNoise(options), levels(options.bits), c)),
    mean: (c: number) =>
      sum(
        densities(quantisationNoise(options), levels(options.bits), c).map(
          (p, i) => p * levels(options.bits)[i]!,
        ),
      ),
    variance: (c: number) => {
      const p = densities(quantisationNoise(options), levels(options.bits), c)
      const mean = sum(p.map((mass, i) => mass * levels(options.bits)[i]!))
      return sum(p.map((mass, i) => mass * (levels(options.bits)[i]! - mean) ** 2))
    },
  })),
]

function levels(bits: number): number[] {
  return Array.from({ length: 2 ** bits }, (_, i) => -1 + (2 * i) / (2 ** bits - 1))
}

describe.each(cases.map((one, i) => [`${one.noise.name} ${i}`, one] as const))('%s', (_name, one) => {
  const { noise, cleans, total, mean = (c: number) => c, variance } = one
  const { log, score } = likelihoodOf(noise)
  const n = 20_000
  const drawn = (clean: number) =>
    list(noise.sample([randomKey(4)], fromData(new Float64Array(n).fill(clean), [1, n])))

  test('the masses or densities of all y have the sum 1', () => {
    for (const clean of cleans) expect(Math.abs(total(clean) - 1), `of ${clean}`).toBeLessThan(2e-7)
  })

  test('the score is the gradient of the logarithm', () => {
    for (const clean of cleans) {
      const y = column(drawn(clean).slice(0, 24))
      const [, pullback] = vjp((c) => log(y, c), column(new Array<number>(24).fill(clean)))
      const gradient = list(pullback(ones([24], { dtype: 'float64' }))[0]!)
      const at = (c: number) => list(log(y, column(new Array<number>(24).fill(c))))
      const [up, down] = [at(clean + 1e-5), at(clean - 1e-5)]
      list(score(y, column(new Array<number>(24).fill(clean)))).forEach((s, i) => {
        expect(Math.abs(s - gradient[i]!)).toBeLessThan(1e-9 * (1 + Math.abs(s)))
        expect(Math.abs(s - (up[i]! - down[i]!) / 2e-5)).toBeLessThan(1e-5 * (1 + Math.abs(s)))
      })
    }
  })

  test('draws have its mean and variance', () => {
    for (const clean of cleans) {
      const y = drawn(clean)
      const [m, v] = [mean(clean), variance?.(clean) ?? 0]
      const found = sum(y) / n
      const centred = y.map((value) => (value - m) ** 2)
      const spread = sum(centred) / n
      const fourth = sum(centred.map((square) => square ** 2)) / n
      // Standard errors of a mean and of a variance; the seed is fixed.
      expect(Math.abs(found - m)).toBeLessThan(4 * Math.sqrt(v / n) + 1e-12)
      expect(Math.abs(spread - v)).toBeLessThan(4 * Math.sqrt(Math.max(fourth - v ** 2, 0) / n) + 1e-12)
    }
  })

  test('the likelihood is that of a sample, its score that of an element', () => {
    const clean = column([cleans[0]!, cleans[1]!, cleans[1]!, cleans[0]!]).reshape([2, 2])
    const y = noise.sample([randomKey(1), randomKey(2)], clean)
    const elements = list(log(y.reshape([4, 1]), clean.reshape([4, 1])))
    const both = list(log(y, clean))
    expect(both).toHaveLength(2)
    expect(both[0]).toBeCloseTo(elements[0]! + elements[1]!, 10)
    expect(both[1]).toBeCloseTo(elements[2]! + elements[3]!, 10)
    expect(score(y, clean).shape).toEqual([2, 2])
  })

  test('keeps float32 to its precision', () => {
    const clean = column([cleans[0]!, cleans[1]!])
    const y = noise.sample([randomKey(1), randomKey(2)], clean)
    const [exact, single] = [list(score(y, clean)), list(score(y.cast('float32'), clean.cast('float32')))]
    exact.forEach((s, i) => expect(Math.abs(single[i]! - s)).toBeLessThan(2e-3 * (1 + Math.abs(s))))
  })
})

describe.each([...noises].map((kind) => [kind.info.name, kind] as const))('%s', (name, kind) => {
  test('goes by one name, and works as its example says', () => {
    const exported: Readonly<Record<string, unknown>> = named
    const camel = `${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Noise`
    expect(exported[name === 'none' ? 'noNoise' : camel]).toBe(kind)
    expect(noiseFromSpec(kind.info.example).name).toBe(name)
    expect(kind.make().name).toBe(name)
    expect(kind.info.summary).not.toBe('')
  })

  test('a batch draws what its samples draw alone, in the dtype of the measurement', () => {
    const noise = noiseFromSpec(kind.info.example)
    for (const dtype of ['float32', 'float64'] as const) {
      const clean = fromData([0.5, -0.5, 0.1, 0.9, 0, -0.9], [2, 3], { dtype })
      const both = noise.sample([randomKey(1), randomKey(2)], clean)
      expect([both.dtype, both.shape]).toEqual([dtype, [2, 3]])
      const second = noise.sample([randomKey(2)], clean.slice([1, 2]))
      expect(list(both).slice(3)).toEqual(list(second))
      if (name !== 'none') expect(list(both)).not.toEqual(list(clean))
    }
  })

  test('leaves one tensor behind, and names what does not fit', () => {
    const noise = noiseFromSpec(kind.info.example)
    const clean = zeros([1, 3])
    const before = memory().tensors
    scope(() => {
      const y = noise.sample([randomKey(0)], clean)
      expect(y).not.toBe(clean)
      expect(memory().tensors - before).toBe(1)
      const likelihood = noise.likelihood
      if (likelihood === undefined) return
      likelihood.log(y, clean)
      likelihood.score(y, clean)
      expect(memory().tensors - before).toBe(3)
      expect(() => likelihood.log(zeros([1, 2]), clean)).toThrow(`${name} noise, log: both must be batches`)
      expect(() => likelihood.score(zeros([1, 2]), clean)).toThrow(ShapeError)
    })
    expect(() => noise.sample([], clean)).toThrow(`${name} noise, sample: 0 keys for a batch of 1`)
    expect(() => noise.sample([randomKey(0)], zeros([1, 3], { dtype: 'int32' }))).toThrow(ShapeError)
  })
})

test('which noise has what', () => {
  const having = (what: 'sigma' | 'likelihood') =>
    [...noises].filter((kind) => kind.make()[what] !== undefined).map((kind) => kind.info.name)
  expect(having('sigma')).toEqual(['gaussian', 'none'])
  expect(having('likelihood')).toEqual(['gaussian', 'poisson', 'poisson-gauss', 'laplace', 'speckle'])
  expect(quantisationNoise({ bits: 3, sigma: 0.1 }).likelihood).toBeDefined()
  expect(quantisationNoise({ bits: 3, sigma: 0.1 }).sigma).toBeUndefined()
  // 64 counts of read-out are summed, not more.
  expect(poissonGaussNoise({ peak: 128, sigma: 1 }).likelihood).toBeDefined()
  expect(poissonGaussNoise({ peak: 128, sigma: 1.01 }).likelihood).toBeUndefined()
  expectTypeOf(gaussianNoise(0.1).sigma).toEqualTypeOf<number>()
  expectTypeOf(poissonNoise().likelihood).toEqualTypeOf<NoiseLikelihood>()
  expectTypeOf(noNoise().sigma).toEqualTypeOf<number>()
})

test('options by value, by name, by text, and wrong ones', () => {
  expect(gaussianNoise({ sigma: 0.2 }).sigma).toBe(0.2)
  expect(gaussianNoise.make({ sigma: 0.2 }).sigma).toBe(0.2)
  expect(noiseFromSpec('0.2').sigma).toBe(0.2)
  expect(noiseFromSpec('gaussian:sigma=0.2').sigma).toBe(0.2)
  expect(noiseFromSpec('none').sigma).toBe(0)
  expect(() => noiseFromSpec('white')).toThrow("no noise 'white'; there are gaussian, poisson, poisson-gauss")
  expect(() => gaussianNoise(-1)).toThrow('sigma: must be a number of at least 0, got -1')
  expect(() => poissonNoise(0)).toThrow(OptionError)
  expect(() => speckleNoise(0.5)).toThrow('looks: must be a number of at least 1, got 0.5')
  expect(() => quantisationNoise(17)).toThrow('bits: must be an integer from 1 to 16')
  // @ts-expect-error no option of that name
  expect(() => laplaceNoise({ sigma: 1 })).toThrow('sigma: is no option of laplace; it has scale')
})

test('a law of one’s own', () => {
  const shifted = defineNoise({
    name: 'shifted',
    summary: 'a constant more',
    example: 'shifted:1',
    positional: 'by',
    options: { by: number('how much', { default: 1 }) },
    law: ({ by }) => ({ sample: (_, clean) => clean.add(by) }),
  })
  expect(noises.with(shifted).parse('shifted:2').settings).toEqual({ by: 2 })
  expect(list(shifted(3).sample([randomKey(0)], zeros([1, 1])))).toEqual([3])
  expectTypeOf(shifted().likelihood).toEqualTypeOf<NoiseLikelihood | undefined>()
})

describe('at the ends of the range', () => {
  test('Poisson: no light, no counts', () => {
    const { log, score } = poissonNoise(10).likelihood
    const [none, some, less] = list(log(column([-1, -0.8, -1.2]), column([-1, -1, 0])))
    expect(none).toBeCloseTo(0, 13)
    expect([some, less]).toEqual([-Infinity, -Infinity])
    expect(list(log(column([-1]), column([-3])))[0]).toBeCloseTo(0, 13)
    expect(list(score(column([-1, 1]), column([-3, -3])))).toEqual([0, 0])
    expect(list(poissonNoise(10).sample([randomKey(1)], fromData([-1, -5], [1, 2])))).toEqual([-1, -1])
  })

  test('Poisson: counts that float32 rounds are counts', () => {
    for (const [peak, background] of [
      [7, 1.3],
      [255, 0.1],
      [3e4, 11.7],
    ] as const) {
      const noise = poissonNoise({ peak, background })
      const y = [0, 1, 2, 3].map((k) => (2 * (k - background)) / peak - 1)
      const dark = column(y.map(() => -1))
      const single = list(noise.likelihood.log(column(y).cast('float32'), dark.cast('float32')))
      list(noise.likelihood.log(column(y), dark)).forEach((v, k) =>
        expect(Math.abs(single[k]! - v)).toBeLessThan(0.02),
      )
    }
  })

  test('Poisson–Gauss without light is the read-out, and without read-out nearly Poisson', () => {
    const dark = likelihoodOf(poissonGaussNoise({ peak: 30, sigma: 0.1 }))
    const gauss = likelihoodOf(gaussianNoise(0.1))
    const [y, c] = [column([-1.3, -1, -0.8]), column([-1, -1, -1])]
    list(gauss.log(y, c)).forEach((v, i) => expect(list(dark.log(y, c))[i]).toBeCloseTo(v, 10))
    const sharp = likelihoodOf(poissonGaussNoise({ peak: 30, sigma: 1e-3 }))
    const counts = column([0, 5, 12].map((k) => (2 * k) / 30 - 1))
    const [light, height] = [column([0, 0, 0]), -Math.log(1e-3) - 0.5 * Math.log(2 * Math.PI)]
    const poisson = list(poissonNoise(30).likelihood.log(counts, light))
    list(sharp.log(counts, light)).forEach((v, i) => expect(v - height).toBeCloseTo(poisson[i]!, 8))
  })

  test('Poisson–Gauss far from what was expected keeps the tail', () => {
    // Against the sum over all counts, written out.
    const [peak, sigma] = [40, 0.05]
    const { log } = likelihoodOf(poissonGaussNoise({ peak, sigma }))
    for (const [y, clean] of [
      [3, -0.95],
      [-1.4, 1],
      [0.5, 0.4],
    ] as const) {
      const rate = (peak * (clean + 1)) / 2
      const terms: number[] = []
      let logFactorial = 0
      for (let k = 0; k < 400; k++) {
        if (k > 0) logFactorial += Math.log(k)
        terms.push(
          k * Math.log(rate) - rate - logFactorial - (y - (2 * k) / peak + 1) ** 2 / (2 * sigma ** 2),
        )
      }
      const top = Math.max(...terms)
      const exact =
        top + Math.log(sum(terms.map((t) => Math.exp(t - top)))) - Math.log(sigma * Math.sqrt(2 * Math.PI))
      expect(list(log(column([y]), column([clean])))[0]).toBeCloseTo(exact, 8)
    }
  })

  test('quantisation is the nearest level, and far in the tails its logarithm is finite', () => {
    const plain = quantisationNoise(2)
    const clean = column([-5, -0.7, -0.6, 0.3, 0.99, 2]).reshape([1, 6])
    const third = 1 / 3
    list(plain.sample([randomKey(0)], clean)).forEach((v, i) =>
      expect(v).toBeCloseTo([-1, -1, -third, third, 1, 1][i]!, 12),
    )
    const { log, score } = likelihoodOf(quantisationNoise({ bits: 2, sigma: 0.01 }))
    // 1 at −0.9: the tail of 157 standard deviations, about −z²/2.
    const [value, slope] = [log(column([1]), column([-0.9])), score(column([1]), column([-0.9]))]
    const z = (1 - third + 0.9) / 0.01
    expect(list(value)[0]! / (-(z ** 2) / 2 - Math.log(z * Math.sqrt(2 * Math.PI)))).toBeCloseTo(1, 6)
    expect(list(slope)[0]! / (z / 0.01)).toBeCloseTo(1, 3)
    const inner = log(column([third]), column([-0.9]))
    expect(list(inner)[0]! / (-(((third - third + 0.9) / 0.01) ** 2) / 2)).toBeCloseTo(1, 2)
  })

  test('speckle: darker than dark is dark', () => {
    const noise = speckleNoise({ looks: 3, dark: 0.1 })
    const { log, score } = noise.likelihood
    const y = column([-0.7, -0.7, -1.1])
    expect(list(log(y, column([-0.8, -1, 0])))[1]).toBeCloseTo(list(log(y, column([-0.8, -1, 0])))[0]!, 12)
    expect(list(log(y, column([-0.8, -1, 0])))[2]).toBe(-Infinity)
    expect(list(score(y, column([-0.9, -1, -2])))).toEqual([0, 0, 0])
  })
})

test('tails of the normal law, against erfc', () => {
  const known = [
    [-2, -0.02301290932896349],
    [0, -Math.LN2],
    [1, -1.8410216450092634],
    [2.999, -6.60444358757058],
    [3.0, -6.607726221510348],
    [3.001, -6.611009784890929],
    [5, -15.064998393988724],
    [10, -53.23128515051246],
    [20, -203.91715537109724],
    [37, -689.0305855768905],
  ] as const
  known.forEach(([z, value]) =>
    expect(Math.abs(list(logTail(column([z])))[0]! / value - 1), `at ${z}`).toBeLessThan(1e-12),
  )
  // Q(z) − Q(z + w) + Q(z + w) = Q(z), near and far.
  for (const z of [-1, 2.9, 3.1, 8, 30]) {
    for (const w of [1e-3, 0.5, 20]) {
      const [inside, beyond, all] = [
        logInterval(column([z]), w),
        logTail(column([z + w])),
        logTail(column([z])),
      ].map((x) => list(x)[0]!)
      expect(Math.exp(inside! - all!) + Math.exp(beyond! - all!)).toBeCloseTo(1, 11)
    }
  }
})
