import { cpSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError, randomKey, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmConfigToDiffusers } from '../architectures/ddpm/diffusers.ts'
import { initDdpm } from '../architectures/ddpm/init.ts'
import { readJson, saveSafetensors } from '../checkpoint/file.ts'
import { writeSafetensors } from '../checkpoint/write.ts'
import { readRecord } from '../train/record.ts'
import { loadNetwork } from './folder.ts'
import { folderOf, host, numbers, renamed } from './folders.test.helper.ts'
import { findModel } from './model.ts'
import { loadPrior } from './prior.ts'

const layouts = resolve(import.meta.dirname, '../../../../tests/fixtures/cases/diffusers-layouts')
const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
const json = ddpmConfigToDiffusers(config)
const params = initDdpm(config, randomKey(1), host)
const scheduler = { _class_name: 'DDPMScheduler', num_train_timesteps: 200 }

describe('the layouts of diffusers', () => {
  const expected = scope(() => numbers(loadNetwork(join(layouts, 'sharded'), host).params))

  test.each(['bin', 'fp16-variant', 'sharded'])('%s loads', (name) => {
    scope(() => {
      const found = numbers(loadNetwork(join(layouts, name), host).params)
      expect(found.map(([tensor]) => tensor)).toEqual(expected.map(([tensor]) => tensor))
      for (const [i, [tensor, values]] of found.entries()) {
        // Half precision has 11 significant bits; below 2⁻¹⁴ its steps are 2⁻²⁴.
        const near = (a: number, b: number) =>
          name === 'fp16-variant' ? Math.abs(a - b) <= Math.max(Math.abs(b) / 2048, 2 ** -25) : a === b
        const wanted = expected[i]![1]
        expect(
          values.every((v, k) => near(v, wanted[k]!)),
          tensor,
        ).toBe(true)
      }
    })
  })

  test('the only file of weights is said to be taken, a usual one is not', () => {
    scope(() => {
      expect(loadNetwork(join(layouts, 'bin'), host).notes).toEqual([])
      expect(loadNetwork(join(layouts, 'fp16-variant'), host).notes).toEqual([
        expect.stringMatching(
          /diffusion_pytorch_model\.fp16\.safetensors: taken as the weights, the only ones/,
        ),
      ])
    })
  })

  test('shards of a variant, and of .bin files', () => {
    const folder = folderOf()
    cpSync(join(layouts, 'sharded'), folder, { recursive: true })
    const index = join(folder, 'diffusion_pytorch_model.safetensors.index.json')
    renameSync(index, join(folder, 'diffusion_pytorch_model.safetensors.index.fp16.json'))
    scope(() => {
      expect(numbers(loadNetwork(folder, host).params)).toEqual(expected)
    })
    const binary = folderOf({
      'config.json': readFileSync(join(layouts, 'bin', 'config.json'), 'utf8'),
      'diffusion_pytorch_model.bin.index.json': {
        weight_map: Object.fromEntries(expected.map(([name]) => [name, 'model-00001-of-00001.bin'])),
      },
    })
    cpSync(join(layouts, 'bin', 'diffusion_pytorch_model.bin'), join(binary, 'model-00001-of-00001.bin'))
    scope(() => {
      expect(numbers(loadNetwork(binary, host).params)).toEqual(expected)
    })
  })

  test('a folder without weights says what is there and what would fit', () => {
    const folder = folderOf({ 'config.json': json, 'flax_model.msgpack': 'x' })
    expect(() => loadNetwork(folder)).toThrow(
      /there are no weights: model\.safetensors or diffusion_pytorch_model\.safetensors would fit .*there are 'config\.json', 'flax_model\.msgpack'/,
    )
    const two = folderOf({ 'config.json': json, 'a.fp16.safetensors': '', 'b.bin': '' })
    expect(() => loadNetwork(two)).toThrow(
      "there are several files of weights: 'a.fp16.safetensors', 'b.bin'; name the one",
    )
    const shards = folderOf({ 'config.json': json, 'model-00001-of-00002.safetensors': '' })
    expect(() => loadNetwork(shards)).toThrow(
      "there are 1 shards ('model-00001-of-00002.safetensors'), but not their index",
    )
  })
})

describe('shards', () => {
  const names = Object.keys(params)
  const at = (name: string) => `model-0000${names.indexOf(name) % 2}-of-00002.safetensors`
  const whole = Object.fromEntries(names.map((name) => [name, at(name)]))
  const part = (file: string) =>
    Object.fromEntries(names.filter((n) => at(n) === file).map((n) => [n, params[n]!]))

  function sharded(
    change: (map: Record<string, unknown>) => unknown,
    more: Record<string, Tensor> = {},
  ): string {
    const map = { ...whole }
    const folder = folderOf({
      'config.json': json,
      'model.safetensors.index.json': change(map) ?? { weight_map: map },
    })
    for (const file of new Set(Object.values(whole)))
      saveSafetensors(join(folder, file), { ...part(file), ...more })
    return folder
  }
  const [first = '', second = ''] = names

  test('load as one file', () => {
    scope(() => {
      expect(
        numbers(
          loadNetwork(
            sharded(() => undefined),
            host,
          ).params,
        ),
      ).toEqual(numbers(params))
    })
  })

  test.each<[string, (map: Record<string, unknown>) => unknown, RegExp]>([
    [
      'a file outside the folder',
      (map) => void (map[first] = '../x.safetensors'),
      /weight_map names '\.\.\/x\.safetensors', which is no file of its folder/,
    ],
    ['an absolute path', (map) => void (map[first] = '/etc/passwd'), /weight_map names '\/etc\/passwd'/],
    ['a path of Windows', (map) => void (map[first] = '..\\x'), /weight_map names '\.\.\\x'/],
    ['the folder above', (map) => void (map[first] = '..'), /weight_map names '\.\.'/],
    ['no name at all', (map) => void (map[first] = ''), /weight_map names ''/],
    ['a number for a file', (map) => void (map[first] = 3), /must be a text, got 3/],
    [
      'a missing shard',
      (map) => void (map[first] = 'model-00002-of-00002.safetensors'),
      /1 of 3 shards are missing: 'model-00002-of-00002\.safetensors'/,
    ],
    [
      'another shard than the one that holds it',
      (map) => void (map[first] = at(second)),
      /shard 'model-0000\d-of-00002\.safetensors' (does not hold|holds) 'conv_in\.weight'/,
    ],
    [
      'a tensor that the index leaves out',
      (map) => void delete map[first],
      /holds 'conv_in\.weight', which by the index is nowhere/,
    ],
    [
      'a tensor that no shard has',
      (map) => void (map['extra'] = at(first)),
      /does not hold 'extra', as the index says/,
    ],
    ['no map', () => ({}), /weight_map: is missing/],
    ['a list for a map', () => ({ weight_map: [] }), /weight_map: must be an object of tensor names/],
    ['a list for an index', () => [], /the whole must be a JSON object, got \[\]/],
  ])('whose index names %s are refused', (_, change, message) => {
    const folder = sharded(change)
    expect(() => loadNetwork(folder)).toThrow(message)
    expect(() => loadNetwork(folder)).toThrow(FileFormatError)
  })

  test('that both hold a tensor are refused', () => {
    const folder = sharded(() => undefined, { [first]: params[first]! })
    expect(() => loadNetwork(folder)).toThrow(/holds 'conv_in\.weight', which by the index is in 'model/)
  })
})

describe('names with something before them', () => {
  const saved = (tensors: Record<string, Tensor>) => {
    const folder = folderOf({ 'config.json': json })
    saveSafetensors(join(folder, 'model.safetensors'), tensors)
    return folder
  }
  test.each(['module.', 'model.', 'state_dict.model.', '_orig_mod.module.', 'ema.'])(
    '%s is taken off, and said',
    (prefix) => {
      scope(() => {
        const loaded = loadNetwork(saved(renamed(params, (name) => prefix + name)), host)
        expect(numbers(loaded.params)).toEqual(numbers(params))
        expect(loaded.notes).toEqual([
          expect.stringContaining(`names begin with '${prefix}', which is taken off`),
        ])
      })
    },
  )

  test('what lies beside the weights is left out, and said', () => {
    scope(() => {
      const beside = { 'optimizer.0.exp_avg': params['conv_in.bias']! }
      const loaded = loadNetwork(saved({ ...renamed(params, (name) => `model.${name}`), ...beside }), host)
      expect(loaded.notes).toEqual([
        expect.stringContaining("1 others, such as 'optimizer.0.exp_avg', are left out"),
      ])
    })
  })

  test('of several sets the moving average is taken, or that of a key', () => {
    scope(() => {
      const two = {
        ...renamed(params, (name) => `model.${name}`),
        ...Object.fromEntries(Object.entries(params).map(([name, value]) => [`ema.${name}`, value.add(1)])),
      }
      const folder = saved(two)
      const one = (network: ReturnType<typeof loadNetwork>) =>
        network.params['conv_out.bias']?.dataSync()[0] ?? NaN
      const model = loadNetwork(folder, { ...host, key: 'model' })
      const average = loadNetwork(folder, host)
      expect(one(average) - one(model)).toBeCloseTo(1, 6)
      expect(one(loadNetwork(folder, { ...host, key: 'ema' }))).toBe(one(average))
      expect(average.notes).toEqual([expect.stringContaining("'ema' are taken: the moving average (EMA)")])
      const file = { config: json, weights: writeSafetensors(two) }
      expect(one(loadPrior(file, { ...host, key: 'model' }))).toBe(one(model))
    })
  })

  test('several sets are refused by name, and nothing else is taken off', () => {
    const two = { ...renamed(params, (name) => `net.${name}`), ...renamed(params, (name) => `model.${name}`) }
    expect(() => loadNetwork(saved(two))).toThrow(
      "holds 2 sets of weights, under 'net', 'model'; give the key",
    )
    const file = { config: json, weights: writeSafetensors(two) }
    expect(() => loadPrior(file)).toThrow(
      "holds 2 sets of weights, under 'net.', 'model.'; give the key of one",
    )
    expect(() => loadPrior(file, { key: 'ema' })).toThrow("holds 0 sets of weights, under 'ema'")
    expect(() => loadNetwork(saved({ ...params, 'ema.conv_in.weight': params['conv_in.weight']! }))).toThrow(
      'missing conv_in.bias',
    )
    const partial = renamed(params, (name) => (name === 'conv_out.bias' ? name : `m.${name}`))
    expect(() => loadNetwork(saved(partial))).toThrow('missing conv_out.bias')
    expect(() =>
      loadNetwork(saved({ ...renamed(params, (n) => `m.${n}`), 'm.extra': params['conv_in.bias']! })),
    ).toThrow('unexpected extra')
  })
})

describe('a model by its path', () => {
  const weighted = (files: Readonly<Record<string, unknown>>, at = '') => {
    const folder = folderOf(files)
    saveSafetensors(join(folder, at, 'model.safetensors'), params)
    return folder
  }

  test('the root of a pipeline, its unet, and the file of weights', () => {
    const pipeline = weighted(
      { 'model_index.json': {}, 'unet/config.json': json, 'scheduler/scheduler_config.json': scheduler },
      'unet',
    )
    for (const path of ['', 'unet', 'unet/model.safetensors']) {
      const found = findModel(join(pipeline, path))
      expect(found).toMatchObject({
        directory: join(pipeline, 'unet'),
        config,
        training: { kind: 'scheduler', trainedOn: { schedule: { timesteps: 200 } } },
      })
    }
    expect(findModel(join(pipeline, 'scheduler'))).toBeUndefined()
    expect(findModel(join(pipeline, 'nowhere'))).toBeUndefined()
    expect(findModel(join(pipeline, 'model_index.json'))).toBeUndefined()
  })

  test.each([
    [
      'vqvae',
      ['diffusers', 'VQModel'],
      'vqvae: pipelines with other parts than unet and scheduler are not supported',
    ],
    ['text_encoder', ['transformers', 'CLIPTextModel'], "got ['transformers', 'CLIPTextModel']"],
    ['requires_safety_checker', true, 'got true'],
  ])('a pipeline with %s is refused: its network may not work on pictures', (name, part, message) => {
    const pipeline = weighted(
      {
        'model_index.json': { _class_name: 'LDMPipeline', unet: [], scheduler: [], [name]: part },
        'unet/config.json': json,
        'scheduler/scheduler_config.json': scheduler,
      },
      'unet',
    )
    expect(() => findModel(pipeline)).toThrow(message)
    expect(() => findModel(join(pipeline, 'unet'))).toThrow(FileFormatError)
    const parts = { _class_name: 'DDPMPipeline', unet: ['diffusers', 'UNet2DModel'], [name]: [null, null] }
    writeFileSync(join(pipeline, 'model_index.json'), JSON.stringify(parts))
    expect(findModel(pipeline)).toBeDefined()
  })

  test('scheduler_config.json beside config.json, as the first pipelines have it, or in scheduler/', () => {
    for (const name of ['scheduler_config.json', 'scheduler/scheduler_config.json'])
      expect(findModel(weighted({ 'config.json': json, [name]: scheduler }))?.training).toMatchObject({
        trainedOn: { schedule: { timesteps: 200 } },
      })
    expect(findModel(weighted({ 'config.json': json }))?.training).toBeUndefined()
  })

  test('a record, of which T and the target alone are read', () => {
    const folder = weighted({ 'config.json': json, 'record.json': { config: { timesteps: 77 } } })
    expect(findModel(folder)?.training).toMatchObject({
      kind: 'record',
      trainedOn: { schedule: { kind: 'vp-linear', timesteps: 77 }, predicts: 'epsilon' },
    })
    const learnedV = weighted({
      'config.json': json,
      'record.json': { config: { timesteps: 9, predicts: 'v' } },
    })
    expect(findModel(learnedV)?.training?.trainedOn.predicts).toBe('v')
    writeFileSync(join(folder, 'scheduler_config.json'), JSON.stringify(scheduler))
    const both = findModel(folder)?.training
    expect(both).toMatchObject({ kind: 'record', trainedOn: { schedule: { timesteps: 77 } } })
    expect(both?.notes).toEqual([
      expect.stringMatching(/record\.json: says what .*; .*scheduler_config\.json is not read$/),
    ])
  })

  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  test.each<[string, unknown, string]>([
    ['{}', {}, 'config must be a JSON object, got undefined'],
    ['null', null, 'the whole must be a JSON object, got null'],
    ['[]', [], 'the whole must be a JSON object, got []'],
    ['a deep list', deep, 'the whole must be a JSON object, got a list of 1'],
    [
      'a deep value',
      `{"config":{"timesteps":${deep}}}`,
      'timesteps: must be a whole number from 1 to 100000, got a list of 1',
    ],
    ['no JSON', '{', 'is not JSON'],
    ['no steps', { config: {} }, 'timesteps: is missing; it must be a whole number from 1 to 100000'],
    [
      'a billion steps',
      { config: { timesteps: 1e9 } },
      'timesteps: must be a whole number from 1 to 100000, got 1000000000',
    ],
    [
      'another target',
      { config: { timesteps: 10, predicts: 'score' } },
      "predicts: must be 'epsilon' or 'x0' or 'v' or 'flow' or 'velocity' or 'edm', got 'score'",
    ],
    ['half a step', { config: { timesteps: 0.5 } }, 'got 0.5'],
    ['a text for a number', { config: { timesteps: '1000' } }, "got '1000'"],
  ])('a record that is %s is refused', (_, record, message) => {
    const folder = weighted({ 'config.json': json, 'record.json': record })
    expect(() => findModel(folder)).toThrow(message)
    expect(() => findModel(folder)).toThrow(FileFormatError)
    expect(() => readRecord(join(folder, 'record.json'))).toThrow(message)
  })

  test('JSON of 100 MB is refused unread', () => {
    const folder = folderOf({ 'config.json': '{}' })
    truncateSync(join(folder, 'config.json'), 100 * 2 ** 20)
    expect(() => findModel(folder)).toThrow('has 104857600 bytes')
    expect(() => readJson(join(folder, 'config.json'))).toThrow(FileFormatError)
  })
})
