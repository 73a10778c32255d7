import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { hashedParams } from '../hashed-params.test.helper.ts'
import type { Params } from '../params.ts'
import { countParams } from '../params.ts'
import { admConfig } from './adm/config.ts'
import { admForward } from './adm/forward.ts'
import { autoencoderConfig } from './autoencoder/config.ts'
import type { NetworkConfig } from './catalog.ts'
import {
  architectureOf,
  architectureOfJson,
  architectureOfShapes,
  architectures,
  describeNetwork,
  networkConfig,
} from './catalog.ts'
import { bfCnnConfig, dncnnConfig } from './chain/config.ts'
import { ddpmConfig } from './ddpm/config.ts'
import { ddpmForward } from './ddpm/forward.ts'
import { drunetConfig } from './drunet/config.ts'
import { edmConfig } from './edm/config.ts'
import { preconditionings } from './edm/preconditioning.ts'
import { cannotPredict, predictor } from './predictor.ts'

const host = { device: 'reference' }
const plain = { dtype: 'float32', device: 'reference' } as const

/** Small networks of each architecture; the compiler asks for one of every new one. */
const examples: { readonly [Name in NetworkConfig['architecture']]: readonly NetworkConfig[] } = {
  ddpm: [
    ddpmConfig({ sampleSize: [4, 6], blockOutChannels: [4, 8], normGroups: 2 }),
    ddpmConfig({ sampleSize: 4, inChannels: 3, outChannels: 6, blockOutChannels: [4], normGroups: 2 }),
    ddpmConfig({
      ...{ sampleSize: [4, 2], inChannels: 3, blockOutChannels: [8, 12], normGroups: 4 },
      downAttention: [false, false],
      variant: { downBlocks: ['skip', 'skip'], upBlocks: ['conv', 'conv'], timeEmbedding: 'fourier' },
    }),
    ddpmConfig({
      ...{ sampleSize: 4, blockOutChannels: [4, 8], normGroups: 2, midAttention: false },
      ...{ downAttention: [true, false], variant: { downBlocks: ['resnet', 'conv'], scaleShift: true } },
    }),
  ],
  edm: [
    edmConfig({
      ...{
        imageSize: 8,
        inChannels: 1,
        modelChannels: 4,
        channelMult: [1, 2],
        numBlocks: 1,
        attnResolutions: [4],
      },
      ...{
        embeddingType: 'fourier',
        channelMultNoise: 2,
        encoderType: 'residual',
        resampleFilter: [1, 3, 3, 1],
      },
      ...{ augmentDim: 3, preconditioning: preconditionings.ve },
    }),
    edmConfig({
      ...{ network: 'DhariwalUNet', imageSize: 4, modelChannels: 8, channelMult: [1, 2], numBlocks: 2 },
      ...{
        attnResolutions: [],
        channelMultEmb: 2,
        preconditioning: { kind: 'iddpm', C1: 0.002, C2: 0.01, M: 30 },
      },
    }),
    edmConfig({ imageSize: 4, outChannels: 6, modelChannels: 8, channelMult: [1], attnResolutions: [4] }),
  ],
  adm: [
    admConfig({ imageSize: 4, inChannels: 1, modelChannels: 32, channelMult: [1, 1], numResBlocks: 1 }),
    admConfig({
      imageSize: 4,
      modelChannels: 32,
      outChannels: 6,
      channelMult: [1],
      resblockUpdown: true,
      useScaleShiftNorm: true,
    }),
  ],
  autoencoder: [
    autoencoderConfig({ sampleSize: 4, blockOutChannels: [4, 8], latentChannels: 2, normGroups: 2 }),
    autoencoderConfig({
      ...{ sampleSize: 8, inChannels: 3, blockOutChannels: [4, 4, 8], layersPerBlock: 2 },
      ...{ normGroups: 4, numClasses: 3 },
    }),
  ],
  drunet: [
    drunetConfig({ sampleSize: [8, 12], widths: [4, 6, 8], numBlocks: 1 }),
    drunetConfig({
      ...{ sampleSize: 4, inChannels: 1, widths: [4, 4], numBlocks: 2, bias: true },
      ...{ activation: 'silu', conditioning: 'gain' },
    }),
  ],
  dncnn: [
    dncnnConfig({ sampleSize: [5, 4], width: 4, depth: 4, norm: true }),
    dncnnConfig({ sampleSize: 4, inChannels: 3, width: 4, depth: 2, conditioning: 'map' }),
  ],
  bf_cnn: [
    bfCnnConfig({ sampleSize: 5, width: 4, depth: 4 }),
    bfCnnConfig({ sampleSize: [3, 4], inChannels: 3, width: 4, depth: 2, firstLinear: true }),
  ],
}
const all = Object.values(examples)
  .flat()
  .map((config, i) => [`${config.architecture} #${i}`, config] as const)

const shapes = (config: NetworkConfig) => new Map(Object.entries(architectureOf(config).spec(config)))

describe.each(all)('%s', (_, config) => {
  const architecture = architectureOf(config)
  const spec = architecture.spec(config)

  test('is found by its own config.json, and by nothing else', () => {
    const json: unknown = JSON.parse(JSON.stringify(architecture.write(config)))
    expect(architectures.filter(({ detect }) => detect(json))).toEqual([architecture])
    expect(architectureOfJson(json, 'config.json')).toBe(architecture)
    const notAsked = () => {
      throw new Error('a whole config.json has no use for the weights')
    }
    expect(architecture.parse(json, 'config.json', notAsked)).toEqual(config)
    expect(networkConfig(json, 'train.json')).toEqual(config)
  })

  test('is read from its own fields, and refuses others by name', () => {
    expect(networkConfig(JSON.parse(JSON.stringify(config)), 'train.json')).toEqual(config)
    expect(() => networkConfig({ ...config, layer: 3 }, 'train.json')).toThrow(
      /^train\.json: 'layer' is no field of an? \w+ model/,
    )
    expect(() => networkConfig({ architecture: architecture.name }, 'train.json')).toThrow(
      /^train\.json: \w+: is missing/,
    )
  })

  test('is told from the names of its parameters, of which it says some words', () => {
    expect(architectureOfShapes(shapes(config))).toBe(architecture)
    expect(describeNetwork(shapes(config))).toMatch(
      `${architecture.name} (${architecture.title}): ${config.inChannels} `,
    )
  })

  test('has the parameters of its spec, in its order', () => {
    scope(() => {
      const params = architecture.init(config, randomKey(1), host)
      expect(Object.entries(params).map(([name, { shape }]) => [name, shape])).toEqual(Object.entries(spec))
      expect(countParams(params)).toBe(countParams(spec))
    })
  })

  test('runs on its own images and on the smallest ones, and predicts one image of each', () => {
    scope(() => {
      // None is 0, as the last layers of a fresh network may be.
      const params = hashedParams(spec, plain)
      const predict =
        architecture.coder === undefined
          ? predictor({ config, params })
          : (x: Tensor, t: Tensor | number) => architecture.forward(params, config, x, t)
      const [channels, height, width] = architecture.sampleShape(config)
      const side = architecture.divisor(config)
      for (const [h, w] of [
        [height, width],
        [side, 2 * side],
      ] as const) {
        const x = normal(randomKey(2), [2, channels, h, w], host)
        const t = fromData([3, 900], [2], host)
        const output = architecture.forward(params, config, x, t)
        expect(output.shape).toEqual([2, config.outChannels, h, w])
        const predicted = predict(x, t)
        expect(predicted.shape).toEqual([2, channels, h, w])
        // The first channels: those after them, where there are any, are for the variance.
        const per = channels * h * w
        const wanted = [0, 1].flatMap((n) => {
          const from = (n * per * config.outChannels) / channels
          return Array.from(output.dataSync().subarray(from, from + per))
        })
        expect(Array.from(predicted.dataSync())).toEqual(wanted)
      }
      if (side > 1)
        expect(() => predict(normal(randomKey(2), [1, channels, side + 1, side], host), 3)).toThrow(
          `height and width must be multiples of ${side}`,
        )
    })
  })

  test('explains another number of input channels', () => {
    const file = shapes(config)
    // The first convolution of the file is that of its images.
    const [name = '', expected = []] = [...file].find(([, shape]) => shape.length === 4) ?? []
    const [out = 0, , ...kernel] = expected
    const found = [out, 7, ...kernel]
    file.set(name, found)
    const difference = { missing: [], unexpected: [], reshaped: [{ name, expected, found }], file }
    expect(architecture.explain(config)(difference)).toContain(
      `inChannels would have to be 7 (it is ${config.inChannels})`,
    )
  })
})

test('what names and shapes tell completes a config.json', () => {
  for (const [, config] of all) {
    const { infer, parse, write } = architectureOf(config)
    const told = infer?.(shapes(config))
    if (told === undefined) continue
    const whole = write(config)
    const rest = Object.fromEntries(Object.entries(whole).filter(([name]) => !(name in told.fields)))
    expect(Object.keys(rest).length).toBeLessThan(Object.keys(whole).length)
    expect(parse({ ...rest, ...told.fields }, 'config.json', () => new Map())).toEqual(config)
    expect(parse(rest, 'config.json', () => shapes(config))).toEqual(config)
  }
})

test('the list is asked by the name, and refuses one that is none', () => {
  expect(architectures.map(({ name }) => name).sort()).toEqual(Object.keys(examples).sort())
  // @ts-expect-error There is no such architecture.
  expect(() => architectureOf({ architecture: 'vit' })).toThrow(
    "architecture: there is no 'vit'; there are ddpm, edm, adm, autoencoder, drunet, dncnn, bf_cnn",
  )
  expect(() => networkConfig({ architecture: 'vit' }, 'c.json')).toThrow(
    "c.json: architecture: must be one of ddpm, edm, adm, autoencoder, drunet, dncnn, bf_cnn, got 'vit'",
  )
  expect(() => architectureOfJson({ hidden_size: 8 }, 'c.json')).toThrow(
    "c.json: is the configuration of no network known here: ddpm (diffusers UNet2DModel), edm (SongUNet or DhariwalUNet of EDM), adm (guided-diffusion UNetModel), autoencoder (this project's autoencoder), drunet (KAIR's UNetRes, DRUNet), dncnn (KAIR's DnCNN and FDnCNN), bf_cnn (the BF_CNN of universal_inverse_problem)",
  )
  expect(() => architectureOfJson([], 'c.json')).toThrow('c.json: the whole must be a JSON object, got []')
  expect(architectureOfShapes(new Map([['weight', [3]]]))).toBeUndefined()
})

test('an architecture of the list runs what its folder exports, bit for bit', () => {
  scope(() => {
    const run = (config: NetworkConfig, direct: (params: Params) => ArrayLike<number>) => {
      const params = hashedParams(architectureOf(config).spec(config), plain)
      const x = normal(randomKey(5), [1, ...architectureOf(config).sampleShape(config)], host)
      expect(architectureOf(config).forward(params, config, x, 7).dataSync()).toEqual(direct(params))
    }
    const small = ddpmConfig({ sampleSize: 4, blockOutChannels: [4], normGroups: 2 })
    const x = normal(randomKey(5), [1, 1, 4, 4], host)
    run(small, (params) => ddpmForward(params, small, x, 7).dataSync())
    const other = admConfig({ imageSize: 4, inChannels: 1, modelChannels: 32, channelMult: [1] })
    run(other, (params) => admForward(params, other, x, 7).dataSync())
  })
})

test('a network that needs a label, or whose outputs are no image, is refused by name before it runs', () => {
  const labelled = admConfig({ imageSize: 4, modelChannels: 32, channelMult: [1], numClasses: 10 })
  expect(cannotPredict(labelled)).toMatch(/^is class-conditional \(num_classes is 10\)/)
  expect(() => predictor({ config: labelled, params: {} })).toThrow(
    'network: is class-conditional (num_classes is 10): a prior is asked without labels',
  )
  const odd = ddpmConfig({ sampleSize: 4, outChannels: 3, blockOutChannels: [4], normGroups: 2 })
  expect(() => predictor({ config: odd, params: {} })).toThrow(
    'network: has 3 output channels for 1 input channels; 1 would fit, or 2 where the variance is learned',
  )
})

test('levels, and what is held at full resolution, are read off the configuration', () => {
  const three = ddpmConfig({ sampleSize: 8, blockOutChannels: [4, 8, 16], normGroups: 2 })
  const four = admConfig({ imageSize: 8, modelChannels: 64, channelMult: [0.5, 1, 1, 2] })
  for (const [config, divisor, channels] of [
    [three, 4, 2 * (4 + 8)],
    [four, 8, 2 * (32 + 64)],
  ] as const) {
    expect(architectureOf(config).divisor(config)).toBe(divisor)
    expect(architectureOf(config).channelsAtOnce(config)).toBe(channels)
  }
})
