import { fromData, OptionError, randomKey, ShapeError, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { writeSafetensors } from '../../checkpoint/write.ts'
import { loadParams } from '../../models/load.ts'
import { loadPrior } from '../../models/prior.ts'
import { countParams } from '../../params.ts'
import { describeNetwork, networkConfig } from '../catalog.ts'
import { cannotPredict } from '../predictor.ts'
import { edm } from './architecture.ts'
import type { EdmOptions } from './config.ts'
import { edmConfig } from './config.ts'
import { edmExplain } from './explain.ts'
import { edmForward } from './forward.ts'
import { inferEdm } from './infer.ts'
import { initEdm } from './init.ts'
import { edmConfigFromKwargs, edmConfigToKwargs } from './kwargs.ts'
import { preconditionings } from './preconditioning.ts'
import { edmSpec, resampleFilters } from './spec.ts'

const base: EdmOptions = {
  ...{ imageSize: 8, modelChannels: 8, channelMult: [1, 2], numBlocks: 1, attnResolutions: [] },
  preconditioning: preconditionings.edm,
}
const host = { device: 'reference' }
const kwargs = {
  ...{ class_name: 'training.networks.EDMPrecond', img_resolution: 8, img_channels: 3, label_dim: 0 },
  ...{ model_type: 'SongUNet', model_channels: 8, channel_mult: [1, 2], num_blocks: 1, attn_resolutions: [] },
}

describe('configuration', () => {
  test.each<[Partial<EdmOptions>, string]>([
    [{ network: 'UNet' as 'SongUNet' }, 'network: must be SongUNet or DhariwalUNet, got UNet'],
    [{ channelMult: [] }, 'channelMult: needs 1 to 12 levels, got 0'],
    [{ channelMult: [1, 1.5] }, 'channelMult: must be a whole number from 1 to 65536, got 1.5'],
    [{ imageSize: 7 }, 'imageSize: 2 levels halve the image 1 times: 7 is no multiple of 2'],
    [
      { modelChannels: 3 },
      'channelMultNoise: × modelChannels is the width of the embedding of time: it must be even',
    ],
    [{ modelChannels: 2 }, 'at least 4, got 2'],
    [{ modelChannels: 14, channelMult: [1] }, 'modelChannels: makes 14 channels in enc.8x8_block0'],
    [{ modelChannels: 36 }, 'modelChannels: makes 144 channels in dec.4x4_block0'],
    [{ modelChannels: 60_000 }, 'modelChannels: makes 240000 channels, more than the 65536 that fit'],
    [
      { network: 'DhariwalUNet', modelChannels: 100, channelMult: [2], attnResolutions: [8] },
      'modelChannels: makes 200 channels in enc.8x8_block0, which do not split into',
    ],
    [{ labelDim: -1 }, 'labelDim: must be a whole number from 0 to 1000000, got -1'],
    [{ labelDropout: 0.1 }, 'labelDropout: is for networks that are told classes'],
    [{ labelDim: 2, labelDropout: 2 }, 'labelDropout: must be between 0 and 1, got 2'],
    [{ outChannels: 4 }, 'outChannels: a denoiser gives as many channels as it gets, 3, got 4'],
    [{ resampleFilter: [1, 2, 1] }, 'resampleFilter: must be an even number of taps, 2 to 64, symmetric'],
    [{ resampleFilter: [1, 2] }, 'resampleFilter: must be an even number of taps'],
    [{ resampleFilter: [1, -1, -1, 1] }, 'whose sum is not 0, got [1, -1, -1, 1]'],
    [{ embeddingType: 'learned' as 'fourier' }, 'embeddingType: must be positional or fourier, got learned'],
    [{ attnResolutions: [0.5] }, 'attnResolutions: must be a whole number from 1 to 4096, got 0.5'],
    [
      { network: 'DhariwalUNet', embeddingType: 'fourier' },
      'embeddingType: is of SongUNet: for a DhariwalUNet it must be positional, got fourier',
    ],
    [{ network: 'DhariwalUNet', resampleFilter: [1, 3, 3, 1] }, 'resampleFilter: is of SongUNet'],
    [{ preconditioning: { ...preconditionings.edm, sigmaData: -1 } }, 'sigmaData: must be above 0'],
  ])('%o is refused', (change, message) => {
    expect(() => edmConfig({ ...base, ...change })).toThrow(OptionError)
    expect(() => edmConfig({ ...base, ...change })).toThrow(message)
  })

  test.each<Partial<EdmOptions>>([
    {},
    { preconditioning: null, outChannels: 5 },
    { network: 'DhariwalUNet', preconditioning: { ...preconditionings.iddpm, M: 40 } },
    { preconditioning: preconditionings.vp, labelDim: 4, labelDropout: 0.1, augmentDim: 9 },
    {
      ...{ preconditioning: { kind: 've', sigmaMin: 0.01, sigmaMax: 50 }, embeddingType: 'fourier' },
      ...{ encoderType: 'residual', decoderType: 'skip', channelMultNoise: 2, resampleFilter: [1, 3, 3, 1] },
    },
  ])("goes to EDM's arguments and back, and to our own fields and back: %o", (change) => {
    const config = edmConfig({ ...base, ...change })
    expect(edmConfigFromKwargs(JSON.parse(JSON.stringify(edmConfigToKwargs(config))))).toEqual(config)
    expect(networkConfig(JSON.parse(JSON.stringify(config)), 'train.json')).toEqual(config)
  })

  test('what is left out is as in the constructors of EDM', () => {
    expect(
      edmConfigFromKwargs({ class_name: 'VPPrecond', img_resolution: 32, img_channels: 3 }),
    ).toMatchObject({
      ...{
        network: 'SongUNet',
        modelChannels: 128,
        channelMult: [1, 2, 2, 2],
        numBlocks: 4,
        attnResolutions: [16],
      },
      ...{ preconditioning: preconditionings.vp, channelMultEmb: 4, resampleFilter: [1, 1] },
    })
    expect(
      edmConfigFromKwargs({ class_name: 'EDMPrecond', img_resolution: 64, img_channels: 3 }),
    ).toMatchObject({
      ...{ network: 'DhariwalUNet', modelChannels: 192, channelMult: [1, 2, 3, 4], numBlocks: 3 },
      ...{ attnResolutions: [32, 16, 8], preconditioning: preconditionings.edm },
    })
  })

  test.each<[unknown, string]>([
    [3, 'config.json: the whole must be a JSON object'],
    [{ network_kwargs: 3 }, 'network_kwargs must be a JSON object, got 3'],
    [{ ...kwargs, class_name: 'Generator' }, 'class_name: must be VPPrecond, VEPrecond'],
    [{ ...kwargs, class_name: undefined }, 'it says what makes a denoiser of the network; got undefined'],
    [{ ...kwargs, class_name: 'constructor' }, 'class_name: must be'],
    [{ ...kwargs, model_type: 'ADM' }, "model_type: must be 'SongUNet' or 'DhariwalUNet', got 'ADM'"],
    [
      { ...kwargs, class_name: 'SongUNet', in_channels: 3, out_channels: 3 },
      "'img_channels' is no argument of SongUNet",
    ],
    [{ ...kwargs, beta_d: 3 }, "'beta_d' is no argument of EDMPrecond with a SongUNet"],
    [
      { ...kwargs, model_type: 'DhariwalUNet', encoder_type: 'skip' },
      "'encoder_type' is no argument of EDMPrecond with a DhariwalUNet",
    ],
    [{ ...kwargs, dropout: 2 }, 'dropout: must be a number from 0 to 1, got 2'],
    [{ ...kwargs, use_fp16: 1 }, 'use_fp16: must be true or false, got 1'],
    [{ ...kwargs, sigma_data: 0 }, 'sigma_data: must be a number from'],
    [{ ...kwargs, img_resolution: undefined, label_dim: 2 }, 'img_resolution: is missing'],
    [{ ...kwargs, img_resolution: 7 }, 'config.json: img_resolution: 2 levels halve'],
    [{ ...kwargs, model_channels: 36 }, 'config.json: model_channels: makes 144 channels'],
    [{ ...kwargs, num_blocks: 1e9 }, 'num_blocks: must be a whole number from 1 to 64'],
    [{ ...kwargs, channel_mult: [1, 1e9] }, 'channel_mult: must be a list of 1 to 12'],
    [{ ...kwargs, class_name: 'VEPrecond', sigma_max: 0.001 }, 'sigma_max: must be above sigmaMin 0.02'],
    [{ ...kwargs, init_args: [8] }, "'init_args' is no argument"],
  ])('%o is refused', (json, message) => {
    const plain = JSON.parse(JSON.stringify(json)) as unknown
    expect(() => edmConfigFromKwargs(plain)).toThrow(message)
  })

  test.each<[object, string]>([
    [{ preconditioning: { kind: 'ddim' } }, "preconditioning.kind: must be vp, ve, iddpm, edm, got 'ddim'"],
    [{ preconditioning: 3 }, 'preconditioning must be a JSON object, got 3'],
    [{ preconditioning: { kind: 've', sigmaData: 1 } }, "'sigmaData' is no field of preconditioning ve"],
    [{ numBlocks: 0 }, 'numBlocks: must be a whole number from 1 to 64, got 0'],
  ])('our own fields: %o is refused', (change, message) => {
    expect(() => networkConfig({ architecture: 'edm', imageSize: 8, ...change }, 't.json')).toThrow(message)
  })
})

/** Files of every kind. */
const variants: [string, Partial<EdmOptions>][] = [
  ['colour', { inChannels: 1, outChannels: 1 }],
  ['size', { imageSize: 16 }],
  ['width', { modelChannels: 16 }],
  ['levels', { channelMult: [1, 1, 3] }],
  ['one level', { channelMult: [2] }],
  ['blocks', { numBlocks: 3 }],
  ['classes', { labelDim: 10 }],
  ['augmentation', { augmentDim: 9 }],
  ['frequencies', { embeddingType: 'fourier' }],
  ['width of time', { channelMultNoise: 2 }],
  ['width of the embedding', { channelMultEmb: 3 }],
  ['encoder skip', { encoderType: 'skip' }],
  ['encoder residual', { encoderType: 'residual' }],
  ['decoder skip', { decoderType: 'skip' }],
  ['attention', { attnResolutions: [8, 4] }],
  ['DhariwalUNet', { network: 'DhariwalUNet' }],
]

/** The tensors of EDM's own state dict: `model.` before the names, the filters of resampling among them. */
function stateDict(options: EdmOptions, filter = options.resampleFilter ?? [1, 1], before = 'model.') {
  const config = edmConfig(options)
  const params = initEdm(config, randomKey(0), host)
  const total = filter.reduce((sum, tap) => sum + tap, 0)
  const taps = filter.flatMap((a) => filter.map((b) => (a * b) / total ** 2))
  const filters = resampleFilters(config).map(
    (name) => [name, fromData(taps, [1, 1, filter.length, filter.length], host)] as const,
  )
  const named = [...Object.entries(params), ...filters].map(
    ([name, value]) => [before + name, value] as const,
  )
  return parseSafetensors(writeSafetensors(Object.fromEntries(named)), 'f')
}

describe('checkpoints', () => {
  test.each(variants)('names and shapes tell the configuration: %s', (_, change) => {
    const config = edmConfig({ ...base, ...change })
    const inferred = inferEdm(new Map(Object.entries(edmSpec(config))))!
    expect(config).toMatchObject(inferred)
    expect(Object.keys(inferred).length).toBeGreaterThanOrEqual(11)
    expect(describeNetwork(new Map(Object.entries(edmSpec(config))))).toContain(`${config.imageSize}×`)
  })

  test.each(variants)('what explains a file of another configuration: %s', (_, change) => {
    const config = edmConfig(base)
    const file = scope(() =>
      parseSafetensors(writeSafetensors(initEdm(edmConfig({ ...base, ...change }), randomKey(0), host)), 'f'),
    )
    const load = () =>
      loadParams(file, edmSpec(config), 'model.safetensors', { explain: edmExplain(config), ...host })
    for (const [field, value] of Object.entries(change)) {
      const shown = Array.isArray(value) ? `[${(value).join(', ')}]` : value
      expect(load).toThrow(
        `${field} would have to be ${typeof shown === 'string' && !Array.isArray(value) ? `'${shown}'` : shown}`,
      )
    }
  })

  test("a state dict of EDM's loads by its arguments, whatever wraps it, and by what the weights tell", () => {
    scope(() => {
      const options = { ...base, resampleFilter: [1, 3, 3, 1], encoderType: 'residual', labelDim: 2 } as const
      const whole = { ...edmConfigToKwargs(edmConfig(options)) }
      const { class_name } = whole
      for (const before of ['model.', '', 'ema.model.', 'net.module.model.'])
        for (const config of [whole, { class_name }]) {
          const loaded = loadPrior({ config, weights: stateDict(options, [1, 3, 3, 1], before) })
          expect(loaded.config).toEqual(edmConfig(options))
        }
    })
  })

  test('inspection knows it, whatever stands before its names', () => {
    scope(() => {
      const { entries } = stateDict({ ...base, labelDim: 4 }, [1, 1], 'ema.model.')
      expect(describeNetwork(new Map(entries.map(({ name, shape }) => [name, shape])))).toBe(
        "edm (SongUNet or DhariwalUNet of EDM): 3 input channels, 8×8, base width 8, SongUNet with positional embedding and standard encoder, 4 classes; its names begin with 'ema.'",
      )
    })
  })

  test('part of a checkpoint of score_sde is refused by name', () => {
    scope(() => {
      const weight = zeros([8, 8], host)
      const file = parseSafetensors(
        writeSafetensors({ 'module.all_modules.1.weight': weight, sigmas: weight }),
        'f',
      )
      const config = edmConfigToKwargs(edmConfig(base))
      const said = 'its names, all_modules.N, are those of score_sde, but some are missing'
      expect(() => loadPrior({ config, weights: file })).toThrow(said)
      expect(describeNetwork(new Map(file.entries.map(({ name, shape }) => [name, shape])))).toContain(said)
    })
  })

  test('the filter of a file has to be that of the configuration', () => {
    scope(() => {
      const options = { ...base, resampleFilter: [1, 3, 3, 1] }
      const config = edmConfigToKwargs(edmConfig(options))
      expect(() => loadPrior({ config, weights: stateDict(options, [1, 2, 2, 1]) })).toThrow(
        /resample_filter' holds 0\.02777\d* where resampleFilter makes it 0\.015625/,
      )
      expect(() => loadPrior({ config, weights: stateDict(options, [1, 1]) })).toThrow(
        'resampleFilter would have to be [1, 1] (it is [1, 3, 3, 1])',
      )
    })
  })

  test('names that number without end tell what they tell, at once', () => {
    const spec = new Map(Object.entries(edmSpec(edmConfig(base))))
    for (let i = 10_000; i < 200_000; i++) spec.set(`enc.${i}x${i}_conv.weight`, [1])
    spec.set('enc.9999999999x9999999999_conv.weight', [8, 3, 3, 3])
    expect(inferEdm(spec)).toMatchObject({ imageSize: 8, modelChannels: 8 })
    expect(inferEdm(new Map([['map_layer0.weight', [8, 8]]]))).toBeUndefined()
  })

  test('is of EDM by its class, and no other JSON is', () => {
    expect(edm.detect(kwargs)).toBe(true)
    expect(edm.detect({ network_kwargs: kwargs })).toBe(true)
    expect(edm.detect({ model_type: 'DhariwalUNet' })).toBe(true)
    for (const json of [
      null,
      3,
      [],
      {},
      { _class_name: 'UNet2DModel' },
      { image_size: 8, model_channels: 8 },
    ])
      expect(edm.detect(json)).toBe(false)
  })
})

const ncsnpp = {
  ...{
    embedding_type: 'fourier',
    encoder_type: 'residual',
    channel_mult_noise: 2,
    resample_filter: [1, 3, 3, 1],
  },
  ...{ model_type: 'SongUNet', model_channels: 128 },
}
test.each<[string, object, number]>([
  [
    'CIFAR-10, DDPM++',
    { img_resolution: 32, label_dim: 10, augment_dim: 9, model_type: 'SongUNet', channel_mult: [2, 2, 2] },
    55_735_299,
  ],
  ['FFHQ, NCSN++', { ...ncsnpp, img_resolution: 64, augment_dim: 9, channel_mult: [1, 2, 2, 2] }, 62_761_219],
  ['ImageNet, ADM', { img_resolution: 64, label_dim: 1000, channel_mult: [1, 2, 3, 4] }, 295_899_267],
  [
    'NCSN++ with skips',
    { ...ncsnpp, img_resolution: 32, channel_mult: [2, 2, 2], encoder_type: 'skip', decoder_type: 'skip' },
    55_815_305,
  ],
])('%s has as many parameters as PyTorch counts', (_, json, count) => {
  expect(
    countParams(edmSpec(edmConfigFromKwargs({ class_name: 'EDMPrecond', img_channels: 3, ...json }))),
  ).toBe(count)
})

test('fresh parameters start where EDM starts: blocks as their shortcuts, the output at almost 0', () => {
  scope(() => {
    for (const network of ['SongUNet', 'DhariwalUNet'] as const) {
      const config = edmConfig({
        ...base,
        network,
        modelChannels: 32,
        preconditioning: null,
        attnResolutions: [8],
      })
      const params = initEdm(config, randomKey(1), host)
      const out = edmForward(params, config, zeros([1, 3, 8, 8], host).add(1), 0.3)
      expect(Math.max(...out.dataSync().map(Math.abs))).toBeLessThan(network === 'SongUNet' ? 1e-4 : 1e-12)
      const weight = params['enc.8x8_block0.conv0.weight']!.dataSync()
      const bound = Math.sqrt(network === 'SongUNet' ? 6 / (2 * 32 * 9) : 1 / (32 * 9))
      const most = Math.max(...weight.map(Math.abs))
      expect(most).toBeLessThanOrEqual(bound)
      expect(most).toBeGreaterThan(0.95 * bound)
      expect(countParams(params)).toBe(countParams(edmSpec(config)))
    }
  })
})

describe('what a network is asked', () => {
  const config = edmConfig({ ...base, labelDim: 3, augmentDim: 2 })
  const params = initEdm(config, randomKey(0), host)
  const x = zeros([2, 3, 8, 8], host)
  const numbers = (values: readonly number[], shape = [values.length]) => fromData(values, shape, host)
  test.each<[string, () => unknown, string]>([
    ['channels', () => edmForward(params, config, zeros([1, 1, 8, 8], host), 1), 'x must be [N, 3, H, W]'],
    [
      'a side',
      () => edmForward(params, config, zeros([1, 3, 8, 7], host), 1),
      'height and width must be multiples of 2',
    ],
    [
      'times',
      () => edmForward(params, config, x, numbers([1, 2, 3])),
      't must be a number or one time per image, [2]',
    ],
    ['a level', () => edmForward(params, config, x, -1), 't: is a noise level σ'],
    [
      'labels',
      () => edmForward(params, config, x, 1, { labels: numbers([1, 2, 3]) }),
      'labels must be one per image, [2]',
    ],
    [
      'a label',
      () => edmForward(params, config, x, 1, { labels: numbers([1, 4]) }),
      'must be classes 0 … 2, or 3 for none, got 4 at index 1',
    ],
    [
      'a condition',
      () => edmForward(params, config, x, 1, { c: numbers([1, 2]) }),
      'c must be [2, 8] or [1, 8]',
    ],
    [
      'both',
      () => edmForward(params, config, x, 1, { c: numbers([1], [1, 1]), labels: numbers([0]) }),
      'labels: cannot be given beside an embedding c',
    ],
    [
      'augmentation',
      () => edmForward(params, config, x, 1, { augment: numbers([1, 2]) }),
      'augment must be [2, 2]',
    ],
    [
      'no classes',
      () => edmForward({}, edmConfig(base), x, 1, { labels: numbers([0, 0]) }),
      'labels: the network has no classes',
    ],
    [
      'no augmentation',
      () => edmForward({}, edmConfig(base), x, 1, { augment: numbers([1, 1], [2, 1]) }),
      'augment: the network knows no augmentation',
    ],
  ])('%s that do not fit are refused', (_, run, message) => {
    expect(run).toThrow(message)
    try {
      run()
    } catch (error) {
      expect(error instanceof ShapeError || error instanceof OptionError).toBe(true)
    }
  })

  test('one that is told classes cannot be asked by x and σ alone, where its training does not say that it may', () => {
    expect(cannotPredict(config)).toContain('is class-conditional (label_dim is 3)')
    expect(cannotPredict(config, { noClass: true })).toBeUndefined()
    expect(cannotPredict(edmConfig(base))).toBeUndefined()
  })
})
