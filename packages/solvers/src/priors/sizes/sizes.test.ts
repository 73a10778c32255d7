import { checkGrads, jvp, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  conv2d,
  normal,
  OptionError,
  ones,
  peakBytesOf,
  randomKey,
  ShapeError,
  scope,
  tanh,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { run } from '../../run/index.ts'
import { sampleUnconditional } from '../../samplers/index.ts'
import { vpLinear } from '../../schedules/index.ts'
import type { Prior } from '../../types.ts'
import { gaussianPrior, networkPrior } from '../index.ts'
import { eachChannel, greyOf } from './channels.ts'
import { paddedPrior } from './padded.ts'
import { tiledPrior } from './tiled.ts'
import { windowsAlong } from './windows.ts'

const wide = { dtype: 'float64', device: 'reference' } as const
const draw = (seed: number, shape: readonly number[], options: object = wide) =>
  normal(randomKey(seed), shape, options)
const numbers = (x: Tensor) => Array.from(x.dataSync())

/** A prior whose x̂₀ at a pixel depends on `radius` pixels around it, not linearly, with zeros beyond the border. */
function local(shape: readonly number[], radius: number, layers = 1, options: object = wide): Prior {
  const [channels = 1] = shape
  const side = 2 * radius + 1
  const kernels = Array.from({ length: layers }, (_, i) =>
    draw(90 + i, [channels, channels, side, side], options).mul(1.5 / side),
  )
  return networkPrior({
    name: 'local',
    shape,
    schedule: vpLinear(),
    predict: (x) => kernels.reduce((h, kernel) => tanh(conv2d(h, kernel, { padding: radius })), x),
  })
}

/** One that looks at all of a window: its gradient is dense. */
const dense = (shape: readonly number[]): Prior =>
  networkPrior({
    name: 'dense',
    shape,
    schedule: vpLinear(),
    predict: (x) => tanh(x.add(x.mean([1, 2, 3], true)).mul(1.3)),
  })

const worst = (a: Tensor, b: Tensor) => Math.max(...numbers(a.sub(b)).map(Math.abs))

describe('windows', () => {
  const plans = fc.tuple(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat()).map(([extent, a, b]) => {
    const tile = 1 + (a % extent)
    return { extent, tile, overlap: b % tile }
  })

  test('segments follow each other over the axis, and their weights are not negative and sum to 1', () => {
    fc.assert(
      fc.property(plans, ({ extent, tile, overlap }) => {
        const { starts, segments } = windowsAlong(extent, tile, overlap)
        expect([starts[0], starts.at(-1)]).toEqual([0, extent - tile])
        for (const [k, start] of starts.slice(1).entries()) {
          expect(start - starts[k]!).toBeGreaterThan(0)
          expect(start - starts[k]!).toBeLessThanOrEqual(tile - overlap)
        }
        expect([segments[0]?.from, segments.at(-1)?.to]).toEqual([0, extent])
        for (const [i, { from, to, parts }] of segments.entries()) {
          if (i > 0) expect(from).toBe(segments[i - 1]?.to)
          for (let j = 0; j < to - from; j++) {
            const weights = parts.map((part) => part.weights?.[j] ?? 1)
            expect(Math.min(...weights)).toBeGreaterThanOrEqual(0)
            expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12)
          }
          for (const { window, at } of parts) expect(starts[window]! + at).toBe(from)
        }
      }),
    )
  })

  test('no value counts that lies within a quarter of the overlap from an end which is not that of the axis', () => {
    fc.assert(
      fc.property(plans, ({ extent, tile, overlap }) => {
        const { starts, segments } = windowsAlong(extent, tile, overlap)
        for (const { from, to, parts } of segments) {
          for (const { window } of parts) {
            const start = starts[window]!
            if (start > 0) expect(from - start).toBeGreaterThanOrEqual(Math.floor(overlap / 4))
            if (start + tile < extent)
              expect(start + tile - to).toBeGreaterThanOrEqual(Math.floor(overlap / 4))
          }
        }
      }),
    )
  })

  test('weights are smooth: from one place to the next they change by no more than the steepest of the ramp', () => {
    const overlap = 16
    const { segments } = windowsAlong(40, 28, overlap)
    const first = segments.flatMap(({ from, to, parts }) =>
      Array.from({ length: to - from }, (_, j) => {
        const part = parts.find(({ window }) => window === 0)
        return part === undefined ? 0 : (part.weights?.[j] ?? 1)
      }),
    )
    const steps = first.slice(1).map((w, i) => Math.abs(w - first[i]!))
    // d/du sin²(πu/2) is at most π/2, over half of the overlap.
    expect(Math.max(...steps)).toBeLessThanOrEqual(Math.PI / 2 / (overlap / 2))
  })

  test('what does not fit is refused', () => {
    expect(() => windowsAlong(5, 6, 0)).toThrow('tile: must be a whole number from 1 to 5, got 6')
    expect(() => windowsAlong(5, 3, 3)).toThrow('overlap: must be a whole number from 0 to 2, got 3')
    expect(() => windowsAlong(5, 2.5, 0)).toThrow(OptionError)
  })
})

describe('tiledPrior', () => {
  const size = [29, 22] as const
  const whole = (radius: number, layers?: number) => local([2, ...size], radius, layers)
  const tiled = (radius: number, tile: readonly [number, number], overlap: number, layers?: number) =>
    tiledPrior(local([2, ...tile], radius, layers), { size, overlap })

  test.for([
    [1, [12, 10], 4],
    [2, [16, 11], 8],
    [2, [13, 22], 8],
    [3, [29, 17], 13],
    [1, [12, 12], 9],
  ] as const)(
    'a denoiser that looks %i pixels around gives with windows of %o and an overlap of %i what it gives whole',
    ([radius, tile, overlap]) => {
      const x = draw(1, [2, 2, ...size])
      const v = draw(2, [2, 2, ...size])
      const [one, back] = vjp((x: Tensor) => whole(radius).denoise(x, 400), x)
      const [other, tiledBack] = vjp((x: Tensor) => tiled(radius, tile, overlap).denoise(x, 400), x)
      expect(worst(one, other)).toBeLessThan(1e-12)
      expect(worst(back(v)[0], tiledBack(v)[0])).toBeLessThan(1e-12)
      expect(worst(tiled(radius, tile, overlap).denoise(x, 400), other)).toBe(0)
    },
  )

  test('one that looks further differs, near the borders of windows alone', () => {
    const x = draw(3, [1, 2, ...size])
    const difference = whole(3)
      .denoise(x, 400)
      .sub(tiled(3, [16, 22], 4).denoise(x, 400))
    // Windows start at rows 0, 12 and 13: within 3 rows of where one begins or ends inside.
    const rows = numbers(difference.abs().sum([0, 1, 3]))
    const near = (row: number) => [12, 13, 16, 28].some((border) => Math.abs(row - border + 0.5) < 3.6)
    expect(rows.some((sum) => sum > 1e-3)).toBe(true)
    rows.forEach((sum, row) => near(row) || expect(sum).toBeLessThan(1e-12))
  })

  test('its VJP is the adjoint of its JVP, and both are its derivative', () => {
    const prior = tiledPrior(dense([1, 5, 4]), { size: [9, 7], overlap: 3 })
    const [x, u, v] = [4, 5, 6].map((seed) => draw(seed, [2, 1, 9, 7])) as [Tensor, Tensor, Tensor]
    const f = (x: Tensor) => prior.denoise(x, 300)
    const [, forward] = jvp(f, [x], [u])
    const [, back] = vjp(f, x)
    const inner = (a: Tensor, b: Tensor) => numbers(a.mul(b)).reduce((sum, value) => sum + value, 0)
    const expected = inner(forward, v)
    expect(Math.abs(inner(u, back(v)[0]) - expected)).toBeLessThan(1e-12 * Math.abs(expected) + 1e-12)
    checkGrads((x: Tensor) => f(x).square().sum(), [x])
  })

  test('a batch is its samples', () => {
    const prior = tiled(2, [12, 10], 4, 2)
    const x = draw(7, [3, 2, ...size])
    const all = prior.denoise(x, 500)
    for (const n of [0, 1, 2]) {
      const one = prior.denoise(x.slice([n, n + 1]), 500)
      expect(numbers(all.slice([n, n + 1]))).toEqual(numbers(one))
    }
  })

  test('a run draws the same noise, tiled or not', async () => {
    const options = { count: 2, steps: 6, eta: 1, seed: 5 } as const
    const narrow = {}
    const one = await run(sampleUnconditional(local([1, 20, 14], 1, 1, narrow), options))
    const parts = tiledPrior(local([1, 11, 9], 1, 1, narrow), { size: [20, 14], overlap: 4 })
    const other = await run(sampleUnconditional(parts, options))
    const largest = Math.max(...numbers(one).map(Math.abs))
    expect(worst(one, other)).toBeLessThan(1e-5 * largest)
  })

  test('memory for the network is that of one window, on the way back too', () => {
    const narrow = {}
    const peak = (prior: Prior) => {
      const x = draw(8, [1, ...prior.shape], narrow)
      const bytes = peakBytesOf(() =>
        scope(() => {
          const [y, back] = vjp((x: Tensor) => prior.denoise(x, 300), x)
          return back(y)
        }),
      )
      x.dispose()
      return { bytes, picture: 4 * prior.shape.reduce((a, b) => a * b) }
    }
    // 24 layers: a tape over all of the picture keeps at least that many of its size.
    const window = local([1, 32, 32], 1, 24, narrow)
    const one = peak(window)
    const many = peak(tiledPrior(window, { size: [128, 128], overlap: 8 }))
    const all = peak(local([1, 128, 128], 1, 24, narrow))
    expect(all.bytes).toBeGreaterThan(24 * all.picture)
    expect(many.bytes).toBeLessThan(one.bytes + 10 * many.picture)
  })

  /** What smooths, 12 pixels around: zeros beyond a border show, and what is on the two sides of it does not agree. */
  function smooth(shape: readonly number[]): Prior {
    const kernel = ones([1, 1, 5, 5]).div(25)
    return networkPrior({
      name: 'smooth',
      shape,
      schedule: vpLinear(),
      predicts: 'x0',
      predict: (x) => Array.from({ length: 6 }).reduce<Tensor>((h) => conv2d(h, kernel, { padding: 2 }), x),
    })
  }

  test('no seam: differences between neighbours are as large across borders of windows as elsewhere', () => {
    const narrow = {}
    const across = (overlap: number) => {
      const tile = 24
      // It looks three times as far as the part of the overlap that is not used.
      const parts = tiledPrior(smooth([1, 64, tile]), { size: [64, 160], overlap })
      const x0 = parts.denoise(draw(9, [4, 1, 64, 160], narrow), 200)
      const steps = x0.slice(null, null, null, [1, 160]).sub(x0.slice(null, null, null, [0, 159]))
      const energies = numbers(steps.square().mean([0, 1, 2]))
      const { starts } = windowsAlong(160, tile, overlap)
      const borders = new Set(starts.flatMap((start) => [start - 1, start + tile - 1]))
      const mean = (part: readonly number[]) => part.reduce((a, b) => a + b, 0) / part.length
      const inside = energies.filter((_, i) => !borders.has(i))
      const at = energies.filter((_, i) => borders.has(i))
      const center = mean(inside)
      const spread = Math.sqrt(mean(inside.map((e) => (e - center) ** 2)) / at.length)
      return (mean(at) - center) / spread
    }
    // Side by side the seams are plain to see; with an overlap they are within the noise of the estimate.
    expect(across(0)).toBeGreaterThan(4)
    expect(Math.abs(across(16))).toBeLessThan(2)
  })

  test('conditions are handed to each window', () => {
    const prior = local([1, 8, 8], 1)
    const conditional: NonNullable<Prior['conditional']> = {
      classes: ['0', '1'],
      embed: (labels) => draw(labels[0] ?? 0, [labels.length, 1]),
      nothing: draw(3, [1, 1]),
      denoise: (xt, t, c) => scope(() => prior.denoise(xt, t).mul(c.reshape([c.shape[0] ?? 1, 1, 1, 1]))),
    }
    const told = { ...prior, conditional }
    const x = draw(10, [2, 1, 13, 8])
    const c = draw(11, [2, 1])
    const one = tiledPrior(told, { size: [13, 8], overlap: 4 })
    const scaled = one.denoise(x, 100).mul(c.reshape([2, 1, 1, 1]))
    expect(worst(one.conditional!.denoise(x, 100, c), scaled)).toBeLessThan(1e-12)
    const cut = paddedPrior(told, [7, 5])
    const small = x.slice(null, null, [0, 7], [0, 5])
    const expected = cut.denoise(small, 100).mul(c.reshape([2, 1, 1, 1]))
    expect(worst(cut.conditional!.denoise(small, 100, c), expected)).toBeLessThan(1e-12)
  })

  test('what does not fit is refused', () => {
    const prior = local([1, 8, 8], 1)
    expect(() => tiledPrior(prior, { size: [6, 20], overlap: 2 })).toThrow(OptionError)
    expect(() => tiledPrior(prior, { size: [20, 20], overlap: 8 })).toThrow('overlap: must be')
    expect(() =>
      tiledPrior(gaussianPrior({ mean: [0], covariance: 1 }), { size: [2, 2], overlap: 0 }),
    ).toThrow('not for pictures')
    const good = tiledPrior(prior, { size: [12, 8], overlap: 2 })
    expect(() => good.denoise(draw(1, [1, 1, 8, 8]), 5)).toThrow(ShapeError)
  })
})

describe('paddedPrior', () => {
  /** The index of NumPy's pad(mode='reflect'), which goes back and forth. */
  const mirrored = (i: number, extent: number) => {
    const period = Math.max(1, 2 * extent - 2)
    const place = i % period
    return place < extent ? place : period - place
  }

  test.for([
    [
      [3, 5],
      [4, 8],
    ],
    [
      [2, 3],
      [9, 16],
    ],
    [
      [1, 4],
      [4, 4],
    ],
    [
      [7, 1],
      [8, 4],
    ],
    [
      [6, 6],
      [6, 6],
    ],
  ] as const)('%o in %o: the prior sees reflections, of x̂₀ the picture is left', ([size, room]) => {
    let seen: number[] = []
    const prior = networkPrior({
      name: 'seen',
      shape: [1, ...room],
      schedule: vpLinear(),
      predicts: 'x0',
      predict: (x) => {
        seen = numbers(x)
        return x.mul(2)
      },
    })
    const x = draw(12, [1, 1, ...size])
    const given = numbers(x)
    const out = paddedPrior(prior, size).denoise(x, 50)
    const expected = Array.from({ length: room[0] * room[1] }, (_, i) => {
      const [row, column] = [Math.floor(i / room[1]), i % room[1]]
      return given[mirrored(row, size[0]) * size[1] + mirrored(column, size[1])]
    })
    expect(seen).toEqual(expected)
    expect(numbers(out)).toEqual(given.map((value) => 2 * value))
  })

  test('its VJP is the adjoint of its JVP, and both are its derivative', () => {
    const prior = paddedPrior(dense([1, 8, 8]), [5, 6])
    const f = (x: Tensor) => prior.denoise(x, 300)
    const [x, u, v] = [13, 14, 15].map((seed) => draw(seed, [2, 1, 5, 6])) as [Tensor, Tensor, Tensor]
    const [, forward] = jvp(f, [x], [u])
    const [, back] = vjp(f, x)
    const inner = (a: Tensor, b: Tensor) => numbers(a.mul(b)).reduce((sum, value) => sum + value, 0)
    expect(Math.abs(inner(u, back(v)[0]) - inner(forward, v))).toBeLessThan(1e-12)
    checkGrads((x: Tensor) => f(x).square().sum(), [x])
  })

  test('what does not fit is refused', () => {
    const prior = local([1, 8, 8], 1)
    expect(() => paddedPrior(prior, [9, 8])).toThrow('size: must be at most 8×8, got 9×8')
    expect(() => paddedPrior(gaussianPrior({ mean: [0], covariance: 1 }), [1, 1])).toThrow('not for pictures')
    expect(() => paddedPrior(prior, [7, 7]).denoise(draw(1, [1, 1, 8, 8]), 5)).toThrow(ShapeError)
  })
})

describe('channels', () => {
  test('each channel is a grey picture of its own', () => {
    const grey = dense([1, 4, 3])
    const x = draw(16, [2, 3, 4, 3])
    const out = eachChannel(grey, 3).denoise(x, 200)
    for (const c of [0, 1, 2]) {
      const channel = x.slice(null, [c, c + 1])
      expect(worst(out.slice(null, [c, c + 1]), grey.denoise(channel, 200))).toBeLessThan(1e-12)
    }
    checkGrads((x: Tensor) => eachChannel(grey, 3).denoise(x, 200).square().sum(), [x])
  })

  test('a grey picture stands in all channels, and the mean of what comes back is x̂₀', () => {
    const colour = local([3, 4, 4], 1)
    const x = draw(17, [2, 1, 4, 4])
    const three = colour.denoise(x.broadcastTo([2, 3, 4, 4]), 200)
    expect(worst(greyOf(colour).denoise(x, 200), three.mean(1, true))).toBeLessThan(1e-12)
    checkGrads((x: Tensor) => greyOf(colour).denoise(x, 200).square().sum(), [x])
  })

  test('what does not fit is refused', () => {
    expect(() => eachChannel(dense([3, 4, 4]), 3)).toThrow('not for grey pictures')
    expect(() => greyOf(dense([1, 4, 4]))).toThrow('not for colour pictures')
  })
})
