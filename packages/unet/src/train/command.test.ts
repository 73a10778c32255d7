import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  createWasmDevice,
  FileFormatError,
  NonFiniteError,
  OptionError,
  registerDevice,
} from '@tweedie/tensor'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DdpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { heldOutDigits } from '../data/files.ts'
import { idxBytes } from '../data/idx.test.helper.ts'
import { loadNetwork } from '../models/folder.ts'
import { loadShippedPrior } from '../priors/shipped.ts'
import { trainFromCommand } from './command.ts'
import type { TrainOptions } from './config.ts'
import { trainConfig } from './config.ts'
import { evaluate } from './evaluate.ts'
import type { TrainCommand } from './options.ts'
import { readRecord } from './record.ts'
import { loadTrainState, saveTrainState } from './state-file.ts'

const base = mkdtempSync(join(tmpdir(), 'tweedie-command-'))
const data = join(base, 'data')
const out = join(base, 'new', 'out')
beforeAll(() => writeSet(data, [1, 8, 8]))
beforeEach(() => rmSync(join(base, 'new'), { recursive: true, force: true }))
afterAll(() => rmSync(base, { recursive: true }))

/** A folder of six random training images and three test images. */
function writeSet(folder: string, [channels, height, width]: readonly [number, number, number]): void {
  mkdirSync(folder, { recursive: true })
  const shape = (count: number) =>
    channels === 1 ? [count, height, width] : [count, channels, height, width]
  const rank = channels === 1 ? 3 : 4
  writeFileSync(join(folder, `train-images-idx${rank}-ubyte.gz`), gzipSync(idxBytes(shape(6))))
  writeFileSync(join(folder, `t10k-images.idx${rank}-ubyte`), idxBytes(shape(3), 2))
}

const model = ddpmConfig({
  sampleSize: 8,
  blockOutChannels: [4],
  normGroups: 2,
  midAttention: false,
  downAttention: [false],
  upAttention: [false],
})
const configOf = (change: Partial<TrainOptions> = {}) =>
  trainConfig({ model, steps: 4, batch: 2, shards: 2, ...change })
const config = configOf()
/** Trains in `out`; what is said is kept in `said`. */
const said: string[] = []
beforeEach(() => said.splice(0))
const training = (change: Partial<TrainCommand> = {}) =>
  trainFromCommand({ data, out, config, logEvery: 1, onMessage: (message) => said.push(message), ...change })
const files = () => readdirSync(out).sort()
const read = (file: string) => readFileSync(join(out, file))
const steps = () =>
  read('loss.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).step)
/** A training that is told to stop after a step. */
function stoppedAfter(stop: number, change: Partial<TrainCommand> = {}) {
  const controller = new AbortController()
  return training({
    signal: controller.signal,
    onProgress: ({ step }) => step === stop && controller.abort(new Error('enough')),
    ...change,
  })
}
const whole = ['config.json', 'loss.jsonl', 'model.safetensors', 'record.json', 'state.safetensors']

describe('a training', () => {
  test('interrupted and continued writes the same files as in one go', async () => {
    const record = await training()
    expect(record).toMatchObject({ name: 'out', trainingImages: 6, evaluation: { count: 3 } })
    expect(record.lossCurve.map(([step]) => step)).toEqual([1, 2, 3, 4])
    expect(files()).toEqual(whole)
    const model1 = read('model.safetensors')
    rmSync(out, { recursive: true })

    await expect(stoppedAfter(2)).rejects.toThrow('enough')
    expect(files()).toEqual(['loss.jsonl', 'state.safetensors'])
    await expect(training()).rejects.toThrow(OptionError)
    // A step too many, a line that is none, and half a line.
    writeFileSync(join(out, 'loss.jsonl'), `${read('loss.jsonl')}${read('loss.jsonl')}null\n{"step"`)
    await training({ resume: true, workers: 2 })
    expect(read('model.safetensors').equals(model1)).toBe(true)
    expect(steps()).toEqual([1, 2, 3, 4])

    const loaded = loadNetwork(out)
    expect(loaded.config).toEqual(model)
    for (const tensor of Object.values(loaded.params)) tensor.dispose()
    expect(readRecord(join(out, 'record.json'))).toMatchObject({ config, dataset: { folder: 'data' } })
  })

  const rectangular: DdpmConfig = Object.assign({ ...model }, { sampleSize: [4, 10] as const })
  test.each<[string, readonly [number, number, number], DdpmConfig]>([
    ['of another side', [1, 12, 12], { ...model, sampleSize: 12 }],
    ['of 28×28 that are not MNIST', [1, 28, 28], { ...model, sampleSize: 28 }],
    ['in colour', [3, 8, 8], { ...model, inChannels: 3, outChannels: 3 }],
    ['wider than high', [1, 4, 10], rectangular],
  ])('on images %s runs and says what they were', async (_, shape, network) => {
    const folder = join(base, shape.join('x'))
    writeSet(folder, shape)
    const record = await training({
      data: folder,
      config: configOf({ model: network, steps: 2 }),
      name: 'mine',
    })
    expect(record).toMatchObject({
      name: 'mine',
      trainingImages: 6,
      dataset: { folder: basename(folder), shape, heldOut: 0, training: { images: 6 }, test: { images: 3 } },
    })
    expect(record.data).toMatch(
      new RegExp(`^6 images of ${shape[1]}×${shape[2]}.* in ${basename(folder)}/train`),
    )
    expect(record.evaluation?.images).toMatch(/^the first 3 of 3 in t10k-images\.idx[34]-ubyte$/)
  })

  test('without test images says so, where that was asked for', async () => {
    const folder = join(base, 'no-test')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'train-images-idx3-ubyte'), idxBytes([6, 8, 8]))
    await expect(training({ data: folder })).rejects.toThrow('no test images')
    expect(existsSync(join(base, 'new'))).toBe(false)
    const record = await training({ data: folder, testSet: false })
    expect(record).toMatchObject({ evaluation: null, dataset: { test: null } })
    expect(JSON.parse(read('record.json').toString()).evaluation).toBeNull()
  })

  test('saves the state as often as it is told to', async () => {
    const saved: number[] = []
    const onState = (step: number) => saved.push(step)
    await training({ saveEvery: { steps: 3 }, onState })
    await training({ saveEvery: { seconds: 1e-9 }, onState, resume: true, config: configOf({ steps: 4 }) })
    expect(saved).toEqual([3, 4, 4])
    rmSync(out, { recursive: true })
    saved.splice(0)
    await training({ saveEvery: { seconds: 1e-9 }, onState })
    expect(saved).toEqual([1, 2, 3, 4])
  })

  test('stopped while it evaluates writes no model, and can be finished', async () => {
    const controller = new AbortController()
    const batches: string[] = []
    const onMessage = (message: string) => {
      if (message.startsWith('evaluated')) batches.push(message)
      if (batches.length === 1) controller.abort(new Error('enough'))
    }
    await expect(training({ signal: controller.signal, onMessage })).rejects.toThrow('enough')
    expect(batches).toEqual(['evaluated 2 of 3 test images'])
    expect(files()).toEqual(['loss.jsonl', 'state.safetensors'])
    expect((await training({ resume: true })).evaluation?.count).toBe(3)
    expect(files()).toEqual(whole)
    expect(steps()).toEqual([1, 2, 3, 4])
  })
})

describe('a training that does not start leaves nothing', () => {
  const nothing = () => expect(readdirSync(base)).not.toContain('new')
  const damaged = join(base, 'damaged')
  beforeAll(() => {
    writeSet(damaged, [1, 8, 8])
    writeFileSync(join(damaged, 't10k-images.idx3-ubyte'), idxBytes([3, 8, 8]).subarray(0, 99))
  })

  test.each<[string, Partial<TrainCommand>, typeof FileFormatError | typeof OptionError, string]>([
    ['without data', { data: join(base, 'none') }, FileFormatError, 'no such file or folder'],
    [
      'with a damaged test set',
      { data: damaged },
      FileFormatError,
      't10k-images.idx3-ubyte: [3, 8, 8] needs',
    ],
    [
      'with a model for other images',
      { config: configOf({ model: { ...model, sampleSize: 12 } }) },
      OptionError,
      'config: the model takes images of [1, 12, 12] by its configuration, but train-images-idx3-ubyte.gz in data holds [1, 8, 8]',
    ],
    [
      'with T = 7',
      { config: configOf({ timesteps: 7 }) },
      OptionError,
      'timesteps: must be 1 or at least 20',
    ],
    [
      'saving every 0 steps',
      { saveEvery: { steps: 0 } },
      OptionError,
      'saveEvery: must be a whole number of steps',
    ],
    [
      'saving every NaN seconds',
      { saveEvery: { seconds: Number.NaN } },
      OptionError,
      'saveEvery: must be a number',
    ],
    [
      'evaluating on 0 images',
      { evaluateImages: 0 },
      OptionError,
      'evaluateImages: must be a positive integer',
    ],
    ['with 0 workers', { workers: 0 }, OptionError, 'workers: must be a positive integer'],
  ])('%s', async (_, change, type, message) => {
    const progress: number[] = []
    const run = () => training({ ...change, onProgress: ({ step }) => progress.push(step) })
    await expect(run()).rejects.toThrow(message)
    await expect(run()).rejects.toBeInstanceOf(type)
    expect(progress).toEqual([])
    nothing()
  })

  test('with a model that does not fit in the memory of the device', async () => {
    registerDevice('wasm', () => createWasmDevice({ maxBytes: 2 ** 22 }))
    try {
      const wide = configOf({ model: { ...model, blockOutChannels: [64] } })
      await expect(training({ config: wide })).rejects.toThrow(
        /^config: a step on 627073 parameters needs more than 21\.5 MiB at once; the device wasm has 4\.0 MiB$/,
      )
    } finally {
      registerDevice('wasm', () => createWasmDevice())
    }
    nothing()
  })

  test('stopped before its first step', async () => {
    await expect(training({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    nothing()
  })

  test('diverging before its first state', async () => {
    const wild = configOf({ learningRate: 1e30, warmup: 0 })
    await expect(training({ config: wild })).rejects.toBeInstanceOf(NonFiniteError)
    nothing()
  })
})

describe('a folder', () => {
  test('that is trained in is not trained in twice', async () => {
    const second: unknown[] = []
    await training({
      onProgress: async ({ step }) => {
        if (step === 1) second.push(await training({ config: configOf({ seed: 1 }) }).catch((error) => error))
      },
    })
    expect(second).toEqual([expect.any(OptionError)])
    expect(String(second[0])).toMatch(new RegExp(`out: process ${process.pid} on .* has been training`))
    expect(files()).toEqual(whole)
    expect(steps()).toEqual([1, 2, 3, 4])
  })

  test.each(['model.safetensors', 'config.json', 'record.json'])(
    'with %s but no state is left alone',
    async (file) => {
      mkdirSync(out, { recursive: true })
      writeFileSync(join(out, file), 'mine')
      writeFileSync(join(out, 'loss.jsonl'), 'mine')
      for (const resume of [false, true]) {
        await expect(training({ resume })).rejects.toThrow(`holds ${file} but no state.safetensors`)
      }
      expect(files()).toEqual([file, 'loss.jsonl'].sort())
      expect(read(file).toString()).toBe('mine')
    },
  )

  test('with a loss.jsonl of somebody else is left alone', async () => {
    mkdirSync(out, { recursive: true })
    writeFileSync(join(out, 'loss.jsonl'), '{"epoch": 1}\n')
    await expect(training()).rejects.toThrow('loss.jsonl is no log of a training')
    expect(read('loss.jsonl').toString()).toBe('{"epoch": 1}\n')
  })

  test('in which the state cannot be saved: that error, also when stopped', async () => {
    const inTheWay = join(out, 'state.safetensors', 'in-the-way')
    const controller = new AbortController()
    const saved: number[] = []
    const run = training({
      signal: controller.signal,
      onState: (step) => saved.push(step),
      onProgress: ({ step }) => {
        if (step > 1) return
        mkdirSync(inTheWay, { recursive: true })
        controller.abort(new Error('enough'))
      },
    })
    await expect(run).rejects.toMatchObject({ syscall: 'rename', path: join(out, 'state.safetensors') })
    expect(saved).toEqual([])
  })
})

describe('going on', () => {
  test('with other images of the same number is refused', async () => {
    await expect(stoppedAfter(2)).rejects.toThrow('enough')
    const other = join(base, 'other-images')
    mkdirSync(other, { recursive: true })
    writeFileSync(join(other, 'train-images-idx3-ubyte'), idxBytes([6, 8, 8], new Uint8Array(6 * 64).fill(9)))
    const resumed = training({ resume: true, data: other, testSet: false })
    await expect(resumed).rejects.toThrow('belongs to another run: images.sha256 was')
  })

  test('with a damaged state is an error that names the file', async () => {
    await expect(stoppedAfter(2)).rejects.toThrow('enough')
    writeFileSync(
      join(out, 'state.safetensors'),
      read('state.safetensors').map((byte, i) => (i === 2000 ? byte ^ 1 : byte)),
    )
    await expect(training({ resume: true })).rejects.toThrow('state.safetensors: is damaged')
    expect(files()).toEqual(['loss.jsonl', 'state.safetensors'])
  })

  test('under settings that round otherwise is refused, or said and recorded', async () => {
    await expect(stoppedAfter(2)).rejects.toThrow('enough')
    const { training: images, imagesSha256: sha256 } = (await datasetOf()) ?? {}
    const identity = { config, images: { count: images?.images ?? 0, sha256: sha256 ?? '' } }
    const path = join(out, 'state.safetensors')
    const { state, provenance } = loadTrainState(path, identity)
    const [now] = provenance.arithmetic
    const before = { ...now, winograd: 'elsewhere' }
    saveTrainState(path, state, identity, { ...provenance, arithmetic: [before] })
    await expect(training({ resume: true })).rejects.toThrow(
      `so the result would not be that of one go: winograd was elsewhere, is now ${now?.['winograd']}`,
    )
    const record = await training({ resume: true, allowOtherRounding: true })
    expect(said.join('\n')).toContain(
      'the result will not be that of one go, bit for bit: winograd was elsewhere',
    )
    expect(record.arithmetic).toEqual([before, now])
  })

  /** What a training on `data` says of it. */
  const datasetOf = async () =>
    (await trainFromCommand({ data, config: configOf({ steps: 1 }), out: join(base, 'new', 'probe') }))
      .dataset

  test('with parameters that float16 cannot hold keeps them, and those that are not finite are no model', async () => {
    await expect(stoppedAfter(4)).rejects.toThrow('enough')
    const { training: images, imagesSha256: sha256 } = (await datasetOf()) ?? {}
    const identity = { config, images: { count: images?.images ?? 0, sha256: sha256 ?? '' } }
    const path = join(out, 'state.safetensors')
    const { state, provenance } = loadTrainState(path, identity)
    const withFirst = (value: number) => ({ ...state, ema: state.ema.map((x, i) => (i === 0 ? value : x)) })
    saveTrainState(path, withFirst(Number.NaN), identity, provenance)
    await expect(training({ resume: true })).rejects.toBeInstanceOf(NonFiniteError)
    expect(files()).toEqual(['loss.jsonl', 'state.safetensors'])
    saveTrainState(path, withFirst(70_000), identity, provenance)
    await training({ resume: true })
    const { params } = loadNetwork(out)
    expect(Object.values(params)[0]?.dataSync()[0]).toBe(70_000)
    for (const tensor of Object.values(params)) tensor.dispose()
  })

  test('where there is nothing starts anew, and says so', async () => {
    await training({ resume: true })
    expect(said[0]).toBe(`no state.safetensors in ${out}: starting anew`)
  })
})

describe('shipped priors', () => {
  test('an unknown name is an error that lists the known ones', () => {
    expect(() => loadShippedPrior('cats')).toThrow(/there is no prior 'cats'; shipped are: /)
  })

  test('digits predicts the noise in digits it never saw', () => {
    const { config, params, record } = loadShippedPrior('digits')
    const { mse } = evaluate(params, config, heldOutDigits().images, { count: 200, batch: 50, seed: 3 })
    // 200 images stand for the record's thousands to within a few percent.
    expect(mse).toBeLessThan(1.25 * (record.evaluation?.mse ?? 0))
    for (const tensor of Object.values(params)) tensor.dispose()
  })
})
