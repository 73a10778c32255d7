import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { FileFormatError, OptionError, randomKey, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmConfigToDiffusers } from '../architectures/ddpm/diffusers.ts'
import { initDdpm } from '../architectures/ddpm/init.ts'
import { saveSafetensors } from '../checkpoint/file.ts'
import { writeSafetensors } from '../checkpoint/write.ts'
import { loadNetwork } from './folder.ts'
import { folderOf, host, numbers } from './folders.test.helper.ts'
import { findModel } from './model.ts'
import { saidByScheduler } from './scheduler-words.ts'
import { toldScheduler } from './told-scheduler.ts'

const layouts = resolve(import.meta.dirname, '../../../../tests/fixtures/cases/diffusers-layouts')
const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
const json = ddpmConfigToDiffusers(config)
const params = initDdpm(config, randomKey(1), host)
const scheduler = { _class_name: 'DDPMScheduler', num_train_timesteps: 200 }

describe('weights of several kinds in a folder', () => {
  const expected = scope(() => numbers(loadNetwork(join(layouts, 'sharded'), host).params))

  test('of several the usual one is taken, and the others are said', () => {
    const folder = folderOf({ 'config.json': readFileSync(join(layouts, 'bin', 'config.json'), 'utf8') })
    const put = (from: string, name: string) => cpSync(join(layouts, from), join(folder, name))
    put('bin/diffusion_pytorch_model.bin', 'diffusion_pytorch_model.bin')
    put('fp16-variant/diffusion_pytorch_model.fp16.safetensors', 'diffusion_pytorch_model.fp16.safetensors')
    scope(() => {
      const plain = loadNetwork(folder, host)
      expect(numbers(plain.params)).toEqual(expected)
      expect(plain.notes).toEqual([
        expect.stringMatching(
          /model\.bin: taken as the weights; there are 'diffusion_pytorch_model\.fp16\.safetensors' too, to be had by their variant$/,
        ),
      ])
      const half = loadNetwork(folder, { ...host, variant: 'fp16' })
      expect(half.notes).toEqual([
        expect.stringMatching(/fp16\.safetensors: taken .* there are '.*model\.bin' too/),
      ])
    })
    expect(() => loadNetwork(folder, { variant: 'non_ema' })).toThrow(
      "no weights of the variant 'non_ema'; there are",
    )
    // One variant in two formats is one choice; two variants are not.
    rmSync(join(folder, 'diffusion_pytorch_model.bin'))
    put('bin/diffusion_pytorch_model.bin', 'diffusion_pytorch_model.fp16.bin')
    scope(() => {
      expect(loadNetwork(folder, host).notes).toEqual([
        expect.stringMatching(/fp16\.safetensors: taken as the weights; there are '.*fp16\.bin' too$/),
      ])
    })
    put('bin/diffusion_pytorch_model.bin', 'diffusion_pytorch_model.non_ema.bin')
    expect(() => loadNetwork(folder)).toThrow(
      "name the one that is meant (or its variant: 'fp16', 'non_ema')",
    )
    scope(() => {
      expect(numbers(loadNetwork(folder, { ...host, variant: 'non_ema' }).params)).toEqual(expected)
    })
  })

  test('an old pytorch_model.bin; the state of a training is no model', () => {
    const folder = folderOf({ 'config.json': readFileSync(join(layouts, 'bin', 'config.json'), 'utf8') })
    cpSync(join(layouts, 'bin', 'diffusion_pytorch_model.bin'), join(folder, 'pytorch_model.bin'))
    for (const name of [
      'optimizer.bin',
      'scheduler.bin',
      'training_args.bin',
      'state.safetensors',
      'rng_state.pth',
    ])
      writeFileSync(join(folder, name), '')
    scope(() => {
      const { params, notes } = loadNetwork(folder, host)
      expect(numbers(params)).toEqual(expected)
      expect(notes).toEqual([])
    })
  })

  test('shards of a variant by the names of old and new versions', () => {
    for (const name of [
      (i: number) => `diffusion_pytorch_model.fp16-0000${i}-of-00003.safetensors`,
      (i: number) => `diffusion_pytorch_model-0000${i}-of-00003.fp16.safetensors`,
    ]) {
      const folder = folderOf()
      const from = join(layouts, 'sharded')
      cpSync(join(from, 'config.json'), join(folder, 'config.json'))
      const renaming = (text: string) =>
        text.replace(/diffusion_pytorch_model-0000(\d)-of-00003\.safetensors/g, (_, i) => name(Number(i)))
      const index = readFileSync(join(from, 'diffusion_pytorch_model.safetensors.index.json'), 'utf8')
      writeFileSync(join(folder, 'diffusion_pytorch_model.safetensors.index.fp16.json'), renaming(index))
      for (const i of [1, 2, 3])
        cpSync(join(from, `diffusion_pytorch_model-0000${i}-of-00003.safetensors`), join(folder, name(i)))
      scope(() => {
        const { params, notes } = loadNetwork(folder, { ...host, variant: 'fp16' })
        expect(numbers(params)).toEqual(expected)
        expect(notes).toEqual([expect.stringMatching(/the only ones in the folder$/)])
      })
      scope(() => {
        expect(numbers(loadNetwork(folder, host).params)).toEqual(expected)
      })
    }
  })
})

describe('what lies around a network', () => {
  const weighted = (files: Readonly<Record<string, unknown>>, at = '') => {
    const folder = folderOf(files)
    saveSafetensors(join(folder, at, 'model.safetensors'), params)
    return folder
  }

  test('a pipeline of another class is said by name', () => {
    const named = (_class_name: string, more: object = {}) =>
      weighted(
        {
          'model_index.json': { _class_name, unet: ['diffusers', 'UNet2DModel'], ...more },
          'unet/config.json': json,
          'scheduler/scheduler_config.json': scheduler,
        },
        'unet',
      )
    expect(findModel(named('DDPMPipeline'))?.notes).toEqual([])
    expect(findModel(named('MyPipeline'))?.notes).toEqual([
      expect.stringMatching(/model_index\.json: is of a 'MyPipeline', which may do more than its network/),
    ])
    expect(() => findModel(named('ConsistencyModelPipeline'))).toThrow(
      'a ConsistencyModelPipeline is not supported',
    )
    expect(() =>
      findModel(named('StableDiffusionPipeline', { vae: ['diffusers', 'AutoencoderKL'] })),
    ).toThrow(
      "vae: pipelines with other parts than unet and scheduler are not supported, got ['diffusers', 'AutoencoderKL'] in a 'StableDiffusionPipeline'",
    )
    // As in diffusers, the scheduler is of the class that the pipeline says.
    const ddim = named('DDIMPipeline', { scheduler: ['diffusers', 'PNDMScheduler'] })
    expect(findModel(ddim)?.training?.trainedOn).toMatchObject({ clip: null })
    expect(() => findModel(named('DDIMPipeline', { scheduler: ['diffusers', 'LCMScheduler'] }))).toThrow(
      "'LCMScheduler' is no scheduler that is read",
    )
  })

  test("the hub's cache: links to blobs, and a repository by its folder", () => {
    const cache = folderOf()
    const hash = 'b4a5'
    const put = (name: string, content: string | Uint8Array) => {
      const blob = `blob-${name.replaceAll('/', '-')}`
      const link = join(cache, 'snapshots', hash, name)
      mkdirSync(join(cache, 'blobs'), { recursive: true })
      mkdirSync(join(link, '..'), { recursive: true })
      writeFileSync(join(cache, 'blobs', blob), content)
      symlinkSync(relative(join(link, '..'), join(cache, 'blobs', blob)), link)
    }
    put('unet/config.json', JSON.stringify(json))
    put('unet/diffusion_pytorch_model.safetensors', writeSafetensors(params))
    put('scheduler/scheduler_config.json', JSON.stringify(scheduler))
    put('model_index.json', JSON.stringify({ _class_name: 'DDPMPipeline' }))
    for (const path of ['', `snapshots/${hash}`, `snapshots/${hash}/unet`]) {
      const found = findModel(join(cache, path))
      expect(found?.training?.trainedOn.schedule).toMatchObject({ timesteps: 200 })
      scope(() => {
        expect(numbers(loadNetwork(found!.directory, host).params)).toEqual(numbers(params))
      })
    }
    mkdirSync(join(cache, 'snapshots', 'c7d8'))
    expect(() => findModel(cache)).toThrow(
      "with 2 snapshots, none of them main: name one of snapshots/ ('b4a5', 'c7d8')",
    )
    mkdirSync(join(cache, 'refs'))
    writeFileSync(join(cache, 'refs', 'main'), `${hash}\n`)
    expect(findModel(cache)).toBeDefined()
    rmSync(join(cache, 'blobs', 'blob-unet-diffusion_pytorch_model.safetensors'))
    expect(() => loadNetwork(findModel(cache)!.directory)).toThrow(
      /diffusion_pytorch_model\.safetensors: is a link to a file that is not there/,
    )
  })

  test("numbers that Python writes and JSON does not know, and the user's own scheduler", () => {
    const text =
      '{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity, "solver_type": "a \\"NaN"}'
    const folder = weighted({ 'config.json': json, 'scheduler_config.json': text })
    expect(findModel(folder)?.training?.notes).toEqual([
      expect.stringContaining('not used: lambda_min_clipped -Infinity, solver_type a "NaN'),
    ])
    const damaged = weighted({ 'config.json': json, 'scheduler_config.json': '{"a": Infinit}' })
    expect(() => findModel(damaged)).toThrow(/scheduler_config\.json: is not JSON/)
    const told = toldScheduler('DDIMScheduler:num_train_timesteps=50,clip_sample=false,trained_betas=null')
    expect(findModel(folder, { scheduler: told })?.training).toMatchObject({
      trainedOn: { schedule: { timesteps: 50 }, clip: null },
      notes: [expect.stringContaining('as told, in the place of')],
    })
    expect(() => toldScheduler('DDIMScheduler:beta_end')).toThrow(OptionError)
    expect(() => toldScheduler('./nowhere.json')).toThrow(
      "scheduler: './nowhere.json' is neither a file nor such as",
    )
  })
})

describe('flow matching', () => {
  const name = 'FlowMatchEulerDiscreteScheduler'
  const said = (fields: object) => saidByScheduler({ _class_name: name, ...fields }, 'scheduler_config.json')

  test('is a straight path, whatever σ its sampler visits', () => {
    const { trainedOn, words } = said({
      num_train_timesteps: 500,
      shift: 3,
      use_dynamic_shifting: true,
      base_shift: 0.5,
    })
    expect(trainedOn).toEqual({ schedule: { kind: 'flow', timesteps: 500 }, predicts: 'flow', clip: null })
    expect(words).toBe(
      `${name}: a straight path from noise to x₀, told σ·500, predicts ε − x₀, x̂₀ not clipped; not used: shift 3, use_dynamic_shifting true, base_shift 0.5`,
    )
    expect(said({}).words).toMatch(/told σ·1000, predicts ε − x₀, x̂₀ not clipped$/)
    const folder = folderOf({ 'config.json': json, 'scheduler_config.json': { _class_name: name } })
    expect(findModel(folder)?.training?.trainedOn.predicts).toBe('flow')
  })

  test.each([
    [{ invert_sigmas: true }, 'invert_sigmas: must be false or null, got true'],
    [{ prediction_type: 'epsilon' }, `prediction_type: 'epsilon' is not known here for a ${name}`],
    [{ num_train_timesteps: 0 }, 'num_train_timesteps: must be a whole number from 1'],
    [{ shift: 'much' }, 'shift: must be a number from'],
  ])('%o is refused', (fields, message) => {
    expect(() => said(fields)).toThrow(message)
    expect(() => said(fields)).toThrow(FileFormatError)
  })
})
