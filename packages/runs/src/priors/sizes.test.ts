import type { Prior } from '@tweedie/solvers'
import { vpLinear } from '@tweedie/solvers'
import { normal, OptionError, randomKey, scope } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { PriorSizes } from './sizes.ts'
import { laidOver, layoutOf, withChannels } from './sizes.ts'

const schedule = vpLinear()
/** A prior whose denoiser has ten pictures of its size alive at once, and remembers what it was given. */
function network(channels: number, divisor: number): PriorSizes & { readonly seen: string[] } {
  const seen: string[] = []
  return {
    seen,
    divisor,
    latent: false,
    at: (size): Prior => ({
      name: 'network',
      shape: [channels, ...size],
      schedule,
      denoise: (xt) =>
        scope(() => {
          seen.push(xt.shape.join())
          const kept = Array.from({ length: 10 }, () => xt.mul(0.1))
          return kept.reduce((sum, x) => sum.add(x))
        }),
    }),
  }
}

test('a picture is taken whole where it fits, continued where its sides do not', () => {
  const sizes = network(1, 8)
  expect(layoutOf(sizes, [24, 40], { batch: 1 })).toEqual({ window: [24, 40], overlap: 0, notes: [] })
  expect(layoutOf(sizes, [17, 40], { batch: 1 })).toMatchObject({
    window: [24, 40],
    notes: [expect.stringContaining('by reflection to 40×24')],
  })
  expect(layoutOf(sizes, [30, 100], { batch: 1, tile: 64 })).toMatchObject({ window: [32, 64], overlap: 8 })
  expect(layoutOf(sizes, [30, 60], { batch: 1, tile: 64 })).toMatchObject({ window: [32, 64], overlap: 0 })
})

test('windows are taken unasked where memory would not hold the picture, the largest that fits', () => {
  const sizes = network(1, 8)
  const bytes = 4 * 10 // a pixel, at least
  const layout = (memory: number, batch = 1) => layoutOf(sizes, [400, 400], { batch, memory })
  expect(layout(1e12).window).toEqual([400, 400])
  const { window, notes } = layout(2 * 300 * 300 * 2 * bytes)
  expect(window[0]).toBe(window[1])
  expect(window[0]).toBeGreaterThanOrEqual(192)
  expect(window[0]).toBeLessThan(400)
  expect(notes).toEqual([
    expect.stringMatching(/^the prior saw windows of .* memory does not hold the whole/),
  ])
  // Four at once need as much as one of four times the area.
  expect(layout(2 * 300 * 300 * 2 * bytes, 4).window[0]).toBeLessThanOrEqual(window[0] / 1.3)
  expect(layout(1).window).toEqual([64, 64])
  expect(layoutOf(sizes, [100, 100], { batch: 1, memory: 1 }).window).toEqual([104, 104]) // small enough not to look
})

test('the prior that is laid over a picture is on that picture, the network sees windows', () => {
  const sizes = network(1, 4)
  const layout = layoutOf(sizes, [21, 30], { batch: 3, tile: 16, overlap: 4 })
  const prior = laidOver(sizes, [3, 21, 30], layout)
  expect(prior.shape).toEqual([3, 21, 30])
  const x = normal(randomKey(1), [2, 3, 21, 30])
  const difference = scope(() => prior.denoise(x, 5).sub(x).abs().max().dataSync()[0])
  expect(difference).toBeLessThan(1e-5)
  expect(new Set(sizes.seen)).toEqual(new Set(['6,1,16,16']))
})

test('what does not fit is refused by the name of the option', () => {
  const sizes = network(1, 8)
  const refused = (request: object, message: string) =>
    expect(() => layoutOf(sizes, [64, 64], { batch: 1, ...request })).toThrow(message)
  refused({ tile: 12 }, 'tile: must be a multiple of 8')
  refused({ tile: 32, overlap: 4 }, 'overlap: must be a multiple of 8 below the tile of 32')
  refused({ overlap: 8 }, 'overlap: is of windows')
  const latent = { ...sizes, latent: true }
  expect(() => layoutOf(latent, [64, 60], { batch: 1 })).toThrow('size: the autoencoder takes sides')
  expect(() => layoutOf(latent, [64, 64], { batch: 1, tile: 32 })).toThrow(
    'tile: is not for priors on latents',
  )
  expect(layoutOf(latent, [64, 64], { batch: 1 }).window).toEqual([64, 64])
  expect(() => withChannels(network(2, 4).at([4, 4]), 3)).toThrow(OptionError)
})
