import { fromData, OptionError, randomKey, ShapeError, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { encodeSafetensors, writeSafetensors } from '../../checkpoint/write.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { loadParams } from '../../models/load.ts'
import type { ParamSpec } from '../../params.ts'
import { countParams } from '../../params.ts'
import { splitLearnedVariance } from '../learned-variance.ts'
import type { AdmOptions } from './config.ts'
import { admConfig } from './config.ts'
import { describeAdm } from './describe.ts'
import { admExplain } from './explain.ts'
import { admForward } from './forward.ts'
import { admConfigFromGuided, admConfigToGuided } from './guided.ts'
import { inferAdm } from './infer.ts'
import { initAdm } from './init.ts'
import { admSpec } from './spec.ts'

const base: AdmOptions = { imageSize: 8, modelChannels: 32, channelMult: [1, 2], numResBlocks: 1 }
const host = { device: 'reference' }
const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1)
const guided = {
  image_size: 8,
  in_channels: 3,
  model_channels: 32,
  out_channels: 3,
  num_res_blocks: 1,
  attention_resolutions: [],
  channel_mult: [1, 2],
}

describe('configuration', () => {
  test.each<[Partial<AdmOptions>, string]>([
    [{ channelMult: [] }, 'channelMult: needs 1 to 12 levels, got 0'],
    [{ channelMult: [1, 1.25] }, 'channelMult: 1.25 × 32 = 40 channels do not split into the 32 groups'],
    [{ channelMult: [1, -1] }, 'channelMult: -1 × 32'],
    [{ modelChannels: 33 }, 'modelChannels: is the width of the time embedding and must be even'],
    [{ imageSize: 7 }, 'imageSize: 2 levels halve the image 1 times: 7 is no multiple of 2'],
    [{ numHeads: 3 }, 'numHeads: 64 channels do not split into 3 heads'],
    [{ numHeadsUpsample: 5 }, 'numHeadsUpsample: 64 channels do not split into 5 heads'],
    [{ numHeadChannels: 48 }, 'numHeadChannels: 64 channels do not split into heads of 48'],
    [{ numClasses: 0 }, 'numClasses: must be a whole number from 1 to 1000000, got 0'],
    [{ attentionResolutions: [1.5] }, 'attentionResolutions: must be a whole number from 1 to 4096, got 1.5'],
  ])('%o is refused', (change, message) => {
    expect(() => admConfig({ ...base, ...change })).toThrow(message)
  })

  test('goes to guided-diffusion and back', () => {
    const config = admConfig({
      ...base,
      outChannels: 6,
      attentionResolutions: [2],
      convResample: false,
      numClasses: 10,
      numHeads: 2,
      numHeadChannels: 16,
      numHeadsUpsample: 4,
      useScaleShiftNorm: true,
      resblockUpdown: true,
      useNewAttentionOrder: true,
    })
    expect(admConfigFromGuided(JSON.parse(JSON.stringify(admConfigToGuided(config))))).toEqual(config)
    expect(admConfigFromGuided({ kwargs: guided })).toEqual(admConfig(base))
  })

  test.each<[unknown, string]>([
    [3, 'config.json: the whole'],
    [{ ...guided, dims: 3 }, 'dims'],
    [{ ...guided, num_heads: 0 }, 'num_heads'],
    [
      { kwargs: { ...guided, model_channels: '32' } },
      "model_channels: must be a whole number from 1 to 65536, got '32'",
    ],
    [{ ...guided, learn_sigma: true }, "'learn_sigma' is no argument of UNetModel"],
    [{ kwargs: [guided] }, 'kwargs must be a JSON object, got a list of 1'],
    [
      { ...guided, num_res_blocks: 1e9 },
      'num_res_blocks: must be a whole number from 1 to 64, got 1000000000',
    ],
    [{ ...guided, image_size: 2 ** 30 }, 'image_size: must be a whole number from 1 to 4096, got 1073741824'],
    [{ ...guided, channel_mult: new Array(1e5).fill(1) }, 'channel_mult: must be a list of 1 to 12'],
    [{ ...guided, channel_mult: [1, 1e9] }, 'channel_mult: must be a list of 1 to 12'],
    [
      { ...guided, channel_mult: [1, 65536] },
      'channel_mult: 2097152 channels are more than the 65536 that fit',
    ],
    [{ ...guided, num_classes: 1e9 }, 'num_classes: must be a whole number from 1 to 1000000'],
    [{ ...guided, image_size: 7 }, 'config.json: image_size: 2 levels'],
  ])('%o is refused', (json, message) => {
    expect(() => admConfigFromGuided(json)).toThrow(message)
  })
})

describe('other networks of guided-diffusion are refused by name', () => {
  const config = admConfig(base)
  const load = (spec: ParamSpec) => {
    const arrays = Object.entries(spec).map(([name, shape]) => [
      name,
      { shape, values: new Float32Array(sizeOf(shape)) },
    ])
    const file = parseSafetensors(encodeSafetensors(Object.fromEntries(arrays)), 'f')
    return () =>
      loadParams(file, admSpec(config), 'model.safetensors', { explain: admExplain(config), ...host })
  }

  test('the classifier, whatever it pools by', () => {
    const encoder = Object.entries(admSpec(config)).filter(([name]) => !/^(output_blocks|out)\./.test(name))
    for (const last of [{ 'out.2.positional_embedding': [64, 17] }, { 'out.2.weight': [10, 2048] }]) {
      const spec = { ...Object.fromEntries(encoder), 'out.0.weight': [64], ...last }
      const shapes = new Map(Object.entries(spec))
      expect(inferAdm(shapes)).toBeUndefined()
      expect(describeAdm(shapes)).toContain('classifier (EncoderUNetModel)')
      expect(load(spec)).toThrow("it holds guided-diffusion's classifier (EncoderUNetModel)")
    }
    expect(() => admConfigFromGuided({ kwargs: { ...guided, pool: 'attention' } })).toThrow(
      'EncoderUNetModel',
    )
    expect(() => admConfigFromGuided({ image_size: 64, classifier_width: 128 })).toThrow('EncoderUNetModel')
  })

  test('the network of super-resolution, whose input has twice the channels', () => {
    expect(load(admSpec(admConfig({ ...base, inChannels: 6, outChannels: 6 })))).toThrow('SuperResModel')
  })
})

test('times are scaled before they are embedded', () => {
  const options = { dtype: 'float64', device: 'reference' } as const
  scope(() => {
    const config = admConfig({ ...base, useScaleShiftNorm: true })
    const params = hashedParams(admSpec(config), options)
    const x = zeros([1, 3, 4, 4], options).add(1)
    const scaled = admForward(params, { ...config, timeScale: 0.25 }, x, 400).dataSync()
    expect(scaled).toEqual(admForward(params, config, x, 100).dataSync())
    expect(scaled).not.toEqual(admForward(params, config, x, 400).dataSync())
  })
  for (const timeScale of [0, -1, Number.NaN, 1e9])
    expect(() => admConfig({ ...base, timeScale })).toThrow('timeScale: must be above 0')
})

/** Files of every kind of resampling and number of levels. */
const variants: [string, Partial<AdmOptions>][] = [
  ['colour', { inChannels: 1, outChannels: 3 }],
  ['learned variance', { outChannels: 6 }],
  ['width', { modelChannels: 64 }],
  ['levels', { channelMult: [1, 1, 2] }],
  ['one level', { channelMult: [1] }],
  ['blocks', { numResBlocks: 3 }],
  ['residual resampling', { resblockUpdown: true }],
  ['resampling without weights', { convResample: false }],
  ['scale and shift', { useScaleShiftNorm: true }],
  ['classes', { numClasses: 10 }],
  ['attention', { attentionResolutions: [1, 2] }],
]

describe('checkpoints', () => {
  test.each(variants)('names and shapes tell the configuration: %s', (_, change) => {
    const config = admConfig({ ...base, ...change })
    const inferred = inferAdm(new Map(Object.entries(admSpec(config))))!
    expect(config).toMatchObject(inferred)
    expect(Object.keys(inferred).length).toBeGreaterThanOrEqual(8)
  })

  test.each(variants)('what explains a file of another configuration: %s', (_, change) => {
    const config = admConfig(base)
    const file = scope(() =>
      parseSafetensors(writeSafetensors(initAdm(admConfig({ ...base, ...change }), randomKey(0), host)), 'f'),
    )
    const load = () =>
      loadParams(file, admSpec(config), 'model.safetensors', { explain: admExplain(config), ...host })
    for (const [field, value] of Object.entries(change)) {
      if (JSON.stringify(config[field as keyof AdmOptions]) === JSON.stringify(value)) continue
      // A wider network shows in the widths of its levels too, over the width of the time embedding.
      expect(load).toThrow(
        `${field} would have to be ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`,
      )
    }
  })

  test.each(['99999999', '9999999999', '1e5', `${'9'.repeat(400)}`])(
    'block numbers that a file cannot have tell nothing, at once: %s',
    (number) => {
      const shapes = (name: string) =>
        new Map<string, readonly number[]>([
          ['time_embed.0.weight', [0, 1]],
          ['input_blocks.0.0.weight', [0]],
          ['out.2.weight', [0]],
          [name, [0]],
          ['output_blocks.1.1.conv.weight', [0]],
        ])
      const digits = number.replace('1e5', '100000')
      expect(inferAdm(shapes(`output_blocks.${digits}.1.conv.weight`))).toBeUndefined()
      expect(inferAdm(shapes(`input_blocks.${digits}.0.op.weight`))).toBeUndefined()
      expect(inferAdm(shapes(`output_blocks.${digits}.1.qkv.weight`))).toBeUndefined()
      expect(inferAdm(shapes('output_blocks.3.1.conv.weight'))).toBeDefined()
    },
  )

  test('names without end tell what they tell', () => {
    const names = Array.from({ length: 200_000 }, (_, i) => `output_blocks.${i}.1.conv.weight`)
    const shapes = new Map<string, readonly number[]>(names.map((name) => [name, [0]]))
    for (const name of ['time_embed.0.weight', 'input_blocks.0.0.weight', 'out.2.weight'])
      shapes.set(name, [32, 32])
    expect(inferAdm(shapes)).toMatchObject({ modelChannels: 32 })
  })

  test('has as many parameters as PyTorch counts for the shared reference network', () => {
    const config = admConfig({ ...base, imageSize: 32, outChannels: 6, attentionResolutions: [2] })
    expect(countParams(admSpec({ ...config, useScaleShiftNorm: true, resblockUpdown: true }))).toBe(828_358)
  })
})

describe('forward', () => {
  const config = admConfig({ ...base, numClasses: 4 })

  test('a fresh network predicts zero, whatever the key', () => {
    scope(() => {
      const params = initAdm(admConfig(base), randomKey(3), host)
      expect(admForward(params, admConfig(base), zeros([1, 3, 4, 6], host).add(1), 3).dataSync()).toEqual(
        new Float32Array(72),
      )
      const other = initAdm(admConfig(base), randomKey(4), host)
      expect(params['time_embed.0.weight']!.dataSync()).not.toEqual(other['time_embed.0.weight']!.dataSync())
    })
  })

  test('input that does not fit is refused', () => {
    scope(() => {
      const x = zeros([2, 3, 8, 8], host)
      const labels = (values: number[]) => fromData(values, [values.length], { dtype: 'int32', ...host })
      const params = initAdm(config, randomKey(0), host)
      const run =
        (...[v, t, y]: Parameters<typeof admForward> extends [unknown, unknown, ...infer R] ? R : never) =>
        () =>
          admForward(params, config, v, t, y)
      expect(run(x, 3)).toThrow(OptionError)
      expect(run(x, 3, 4)).toThrow('y: must be a class label 0 … 3, got 4')
      expect(run(x, 3, labels([0, 4]))).toThrow(ShapeError)
      expect(run(x, 3, labels([0, 1, 2]))).toThrow('one per image')
      const floating = (values: number[], dtype: 'float32' | 'float64') =>
        fromData(values, [values.length], { dtype, ...host })
      expect(run(x, 3, floating([0, 1.5], 'float64'))).toThrow(
        'y: must be class labels 0 … 3, got 1.5 at index 1',
      )
      expect(run(x, 3, floating([4, 0], 'float64'))).toThrow('got 4 at index 0')
      expect(run(x, 3, floating([0, -1], 'float32'))).toThrow('got -1 at index 1')
      expect(run(x, 3, floating([Number.NaN, 0], 'float64'))).toThrow('got NaN at index 0')
      expect(run(x, 3, floating([2 ** 40, 0], 'float64'))).toThrow('got 1099511627776 at index 0')
      expect(run(x, 3, floating([0, 1, 2], 'float64'))).toThrow('one per image')
      expect(run(x, zeros([3], host), 1)).toThrow('one time per image')
      expect(run(zeros([1, 3, 7, 8], host), 3, 1)).toThrow('multiples of 2')
      expect(run(zeros([1, 1, 8, 8], host), 3, 1)).toThrow('[N, 3, H, W]')
      expect(() => admForward(params, admConfig(base), x, 3, 1)).toThrow('the network has no classes')
    })
  })

  test('ε and v are the first and the second half of the channels', () => {
    scope(() => {
      const output = fromData([1, 2, 3, 4], [1, 4, 1, 1], host)
      const { epsilon, v } = splitLearnedVariance(output)
      expect([Array.from(epsilon.dataSync()), Array.from(v.dataSync())]).toEqual([
        [1, 2],
        [3, 4],
      ])
      expect(() => splitLearnedVariance(zeros([1, 3, 2, 2], host))).toThrow('[N, 2C, H, W]')
    })
  })
})
