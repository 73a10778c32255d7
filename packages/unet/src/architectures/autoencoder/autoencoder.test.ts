import { checkGrads } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, ShapeError, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import type { Params } from '../../params.ts'
import { autoencoder } from './architecture.ts'
import type { AutoencoderOptions } from './config.ts'
import { autoencoderConfig, latentShape } from './config.ts'
import { classLogits, decodeLatents, encodePictures } from './forward.ts'
import { autoencoderSpec } from './spec.ts'
import { standardiseLatents } from './standardise.ts'

const plain = { dtype: 'float64', device: 'reference' } as const
const config = autoencoderConfig({
  sampleSize: 4,
  inChannels: 2,
  blockOutChannels: [2, 4],
  latentChannels: 3,
  normGroups: 2,
  numClasses: 2,
})
const spec = autoencoderSpec(config)
const params = hashedParams(spec, plain)
const pictures = (n = 2) => normal(randomKey(4), [n, 2, 4, 4], plain)
const latents = (n = 2) => normal(randomKey(5), [n, 3, 2, 2], plain)

/** A batch as [n][c][y][x]. */
type Planes = number[][][][]
const planes = (x: Tensor): Planes => {
  const [n = 0, c = 0, h = 0, w = 0] = x.shape
  const values = x.dataSync()
  const range = (k: number) => Array.from({ length: k }, (_, i) => i)
  return range(n).map((a) =>
    range(c).map((b) => range(h).map((y) => range(w).map((u) => values[((a * c + b) * h + y) * w + u]!))),
  )
}
const flat = (x: Planes) => x.flat(3)
const value = (name: string) => Array.from(params[name]!.dataSync())

/** The network written out again in loops over plain numbers. */
const loops = {
  conv(x: Planes, name: string, kernel: number, stride = 1): Planes {
    const [weight, bias] = [value(`${name}.weight`), value(`${name}.bias`)]
    const pad = (kernel - 1) / 2
    return x.map((image) => {
      const [inputs, height, width] = [image.length, image[0]!.length, image[0]![0]!.length]
      return bias.map((b, o) =>
        Array.from({ length: height / stride }, (_, y) =>
          Array.from({ length: width / stride }, (_, u) => {
            let sum = b
            for (let c = 0; c < inputs; c++)
              for (let i = 0; i < kernel; i++)
                for (let j = 0; j < kernel; j++) {
                  const at = image[c]![y * stride + i - pad]?.[u * stride + j - pad] ?? 0
                  sum += at * weight[((o * inputs + c) * kernel + i) * kernel + j]!
                }
            return sum
          }),
        ),
      )
    })
  },
  norm(x: Planes, name: string): Planes {
    const [weight, bias] = [value(`${name}.weight`), value(`${name}.bias`)]
    return x.map((image) => {
      const per = image.length / config.normGroups
      return image.map((plane, c) => {
        const first = Math.floor(c / per) * per
        const group = image.slice(first, first + per).flat(2)
        const mean = group.reduce((a, b) => a + b) / group.length
        const variance = group.reduce((a, b) => a + (b - mean) ** 2, 0) / group.length
        return plane.map((row) =>
          row.map((v) => {
            const h = ((v - mean) / Math.sqrt(variance + 1e-5)) * weight[c]! + bias[c]!
            return h / (1 + Math.exp(-h))
          }),
        )
      })
    })
  },
  block(x: Planes, name: string): Planes {
    const first = this.conv(this.norm(x, `${name}.norm1`), `${name}.conv1`, 3)
    const second = this.conv(this.norm(first, `${name}.norm2`), `${name}.conv2`, 3)
    return x.map((image, n) =>
      image.map((plane, c) => plane.map((row, y) => row.map((v, u) => v + second[n]![c]![y]![u]!))),
    )
  },
  double: (x: Planes): Planes =>
    x.map((image) =>
      image.map((plane) => plane.flatMap((row) => [0, 1].map(() => row.flatMap((v) => [v, v])))),
    ),
}

describe('against loops over plain numbers', () => {
  const close = (found: Tensor, wanted: Planes) => {
    const values = flat(wanted)
    expect(found.shape.reduce((a, b) => a * b)).toBe(values.length)
    found.dataSync().forEach((v, i) => void expect(Math.abs(v - values[i]!)).toBeLessThan(1e-10))
  }

  test('the encoder', () => {
    let h = loops.conv(planes(pictures()), 'encoder.conv_in', 3)
    h = loops.block(h, 'encoder.level.0.block.0')
    h = loops.conv(h, 'encoder.level.1.down.conv', 3, 2)
    h = loops.block(h, 'encoder.level.1.block.0')
    h = loops.conv(loops.norm(h, 'encoder.norm_out'), 'encoder.conv_out', 1)
    close(encodePictures(params, config, pictures()), h)
  })

  test('the decoder', () => {
    let h = loops.conv(planes(latents()), 'decoder.conv_in', 1)
    h = loops.block(h, 'decoder.level.1.block.0')
    h = loops.conv(loops.double(h), 'decoder.level.1.up.conv', 3)
    h = loops.block(h, 'decoder.level.0.block.0')
    h = loops.conv(loops.norm(h, 'decoder.norm_out'), 'decoder.conv_out', 3)
    close(decodeLatents(params, config, latents()), h)
  })

  test('the classifier', () => {
    const [weight, bias] = [value('classifier.weight'), value('classifier.bias')]
    const wanted = planes(latents()).map((image) =>
      bias.map((b, k) => image.flat(2).reduce((sum, v, i) => sum + v * weight[12 * k + i]!, b)),
    )
    classLogits(params, config, latents())
      .dataSync()
      .forEach((v, i) => void expect(v).toBeCloseTo(wanted.flat()[i]!, 10))
  })
})

test('both ways are differentiable in parameters and inputs, to finite differences', () => {
  const few = autoencoderConfig({ sampleSize: 4, blockOutChannels: [2, 2], latentChannels: 1, normGroups: 1 })
  const small = hashedParams(autoencoderSpec(few), plain)
  const x = normal(randomKey(6), [1, 1, 4, 4], plain)
  checkGrads((p: Params) => autoencoder.forward(p, few, p['x']!, 0), [{ ...small, x }], { order: 1 })
})

test('scaled latents have the mean and deviation asked for, and pictures and classes stay', () => {
  scope(() => {
    const mean = fromData([0.5, -2, 0.1], [3], plain)
    const std = fromData([2, 0.25, 3], [3], plain)
    const scaled = standardiseLatents(params, config, mean, std)
    const x = pictures()
    const [z, now] = [encodePictures(params, config, x), encodePictures(scaled, config, x)]
    const wanted = z.sub(mean.reshape([1, 3, 1, 1])).div(std.reshape([1, 3, 1, 1]))
    const close = (a: Tensor, b: Tensor) => {
      const values = b.dataSync()
      a.dataSync().forEach((v, i) => void expect(Math.abs(v - values[i]!)).toBeLessThan(1e-10))
    }
    close(now, wanted)
    close(decodeLatents(scaled, config, now), decodeLatents(params, config, z))
    close(classLogits(scaled, config, now), classLogits(params, config, z))
    expect(Object.keys(scaled)).toEqual(Object.keys(params))
  })
})

test('pictures of another size are coded, and shapes that do not fit are refused', () => {
  scope(() => {
    const wide = normal(randomKey(1), [1, 2, 6, 8], plain)
    const z = encodePictures(params, config, wide)
    expect(z.shape).toEqual([1, 3, 3, 4])
    expect(decodeLatents(params, config, z).shape).toEqual([1, 2, 6, 8])
    expect(latentShape(config)).toEqual([3, 2, 2])
    const refused = (run: () => unknown, message: string) => {
      expect(run).toThrow(ShapeError)
      expect(run).toThrow(message)
    }
    refused(() => encodePictures(params, config, latents()), 'x must be [N, 2, H, W]')
    refused(() => encodePictures(params, config, wide.slice(null, null, [0, 3])), 'must be multiples of 2')
    refused(() => decodeLatents(params, config, pictures()), 'z must be [N, 3, H, W]')
    refused(() => classLogits(params, config, z), 'z must be [N, 3, 2, 2]')
    const none = autoencoderConfig({ ...config, numClasses: null })
    expect(() => classLogits(params, none, latents())).toThrow('autoencoder: tells no classes')
  })
})

test.each<[string, Partial<AutoencoderOptions>, string]>([
  ['an odd side', { sampleSize: 6, blockOutChannels: [2, 2, 2] }, '6 is no multiple of 4'],
  ['no level', { blockOutChannels: [] }, 'needs 1 to 12 levels, got 0'],
  ['groups that do not split', { normGroups: 3 }, '2 channels do not split into 3 groups'],
  ['other outputs', { outChannels: 3 }, 'must equal inChannels 2, got 3'],
  ['no latent', { latentChannels: 0 }, 'must be a whole number from 1'],
  ['half a block', { layersPerBlock: 0.5 }, 'must be a whole number from 1'],
  ['no classes, but told so', { numClasses: 0 }, 'must be a whole number from 1'],
])('a configuration with %s is refused', (_, change, message) => {
  const make = () => autoencoderConfig({ ...config, ...change })
  expect(make).toThrow(OptionError)
  expect(make).toThrow(message)
})
