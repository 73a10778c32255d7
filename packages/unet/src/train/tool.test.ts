import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { beforeAll, describe, expect, test } from 'vitest'
import { writeSafetensors } from '../checkpoint/write.ts'
import { npzBytes } from '../data/npy.test.helper.ts'
import { openPicture, picture } from '../data/picture.test.helper.ts'
import { readTrainingSet } from '../data/training-set.ts'
import { loadNetwork } from '../models/folder.ts'
import { trainFromCommand } from './command.ts'
import { dryRun } from './dry-run.ts'
import { evaluate } from './evaluate.ts'
import { readLossLog } from './loss-log.ts'
import type { TrainCommand } from './options.ts'
import { loadTrainState } from './state-file.ts'
import {
  base,
  command,
  configOf,
  data,
  freshFolders,
  model,
  out,
  said,
  training,
} from './tool.test.helper.ts'

// What a training does besides its steps: looks at itself on the way, begins with a checkpoint, says what it would cost.

freshFolders()

const free = (tensors: Record<string, { dispose(): void }>) => {
  for (const tensor of Object.values(tensors)) tensor.dispose()
}

describe('on the way', () => {
  test('the averaged parameters are evaluated on the same images and noise, and a resumed log has the same losses', async () => {
    const seen: { step: number; mse: number }[] = []
    const snapshots: TrainCommand['snapshots'] = {
      every: { steps: 2 },
      take: async ({ step, network }) => {
        const { test: images } = readTrainingSet(data, { test: true })
        const { mse } = evaluate(network.params, network.config, images!, { count: 3, seed: 11 })
        seen.push({ step, mse })
      },
    }
    const looking = { heldOutEvery: 2, heldOutImages: 3, snapshots }
    await training(looking)
    const losses = () => readLossLog(join(out, 'loss.jsonl')).lines.map(({ heldOut }) => heldOut)
    const whole = losses()
    expect(whole).toEqual([undefined, seen[0]?.mse, undefined, seen[1]?.mse])
    expect(seen.map(({ step }) => step)).toEqual([2, 4])
    expect(new Set(whole).size).toBe(3)
    expect(said.join('\n')).toMatch(/step 2: loss [\d.]+, held-out [\d.]+/)
    expect(said.join('\n')).toMatch(/a step takes [\d.]+ m?s: about [\d.]+ m?s to go/)

    rmSync(out, { recursive: true })
    const stop = new AbortController()
    const stopping = training({
      ...looking,
      signal: stop.signal,
      onProgress: ({ step }) => step === 1 && stop.abort(new Error('enough')),
    })
    await expect(stopping).rejects.toThrow('enough')
    await training({ ...looking, resume: true })
    // It stopped after step 2, without the evaluation that was due there, and made up for it.
    expect(losses()).toEqual(whole)
  })

  test('validation images come before test images, which are for the end', async () => {
    const path = join(base, 'parts.npz')
    const images = (count: number, first: number) => ({
      shape: [count, 8, 8],
      data: Uint8Array.from({ length: 64 * count }, (_, i) => (first + 37 * i) % 251),
    })
    const parts = { train_images: images(6, 0), val_images: images(3, 5), test_images: images(4, 9) }
    writeFileSync(path, npzBytes(parts))
    const losses: number[] = []
    const record = await training({
      data: path,
      heldOutEvery: 4,
      snapshots: {
        every: { steps: 4 },
        take: async ({ network: { params, config } }) => {
          const { data: pixels, shape } = parts.val_images
          const set = { pixels, count: shape[0]!, shape: [1, 8, 8] as const }
          losses.push(evaluate(params, config, set, { seed: 11 }).mse)
        },
      },
    })
    expect(readLossLog(join(out, 'loss.jsonl')).lines.at(-1)?.heldOut).toBe(losses[0])
    expect(record.evaluation).toMatchObject({ count: 4, images: 'the first 4 of 4 in parts.npz:test_images' })
  })

  test('a look is at the averaged parameters of a saved state, with what it was trained on', async () => {
    const seen: unknown[] = []
    const record = await training({
      saveEvery: { steps: 1000 },
      config: configOf({ timesteps: 50, predicts: 'v' }),
      snapshots: {
        every: { steps: 3 },
        take: async ({ step, network, trainedOn, out: folder }) => {
          const identity = { config: record0(), images: imagesOf() }
          const { state } = loadTrainState(join(folder, 'state.safetensors'), identity)
          const values = Object.values(network.params).flatMap((t) => Array.from(t.dataSync()))
          seen.push(
            step,
            state.step,
            trainedOn,
            Float32Array.from(values).every((v, i) => v === state.ema[i]),
          )
        },
      },
    })
    const schedule = { kind: 'vp-linear', timesteps: 50 }
    expect(seen).toEqual([3, 3, { schedule, predicts: 'v', clip: 1 }, true])
    expect(record.dataset?.imagesSha256).toBe(imagesOf().sha256)
  })
  const record0 = () => configOf({ timesteps: 50, predicts: 'v' })
  const imagesOf = () => {
    const { images, record } = readTrainingSet(data, { test: false })
    return { count: images.count, sha256: record.imagesSha256 }
  }

  test('a signal that comes during a look ends the training there, with the state saved', async () => {
    const stop = new AbortController()
    const steps: number[] = []
    const run = training({
      signal: stop.signal,
      snapshots: { every: { steps: 2 }, take: async () => stop.abort(new Error('enough')) },
      onState: (step) => steps.push(step),
    })
    await expect(run).rejects.toThrow('enough')
    expect(steps).toEqual([2])
    expect(said.at(-1)).toBe('stopped after step 2; continue with resume')
  })
})

describe('parameters of a checkpoint', () => {
  const first = join(base, 'first')
  beforeAll(async () => {
    await trainFromCommand({ data, out: first, config: configOf({ seed: 5 }) })
  })
  const still = { learningRate: 1e-30, warmup: 0, steps: 1 }

  test.each([
    ['a folder', first],
    ['a file of weights', join(first, 'model.safetensors')],
  ])('of %s are what a training begins with; its record says so', async (_, initFrom) => {
    const record = await training({ initFrom, config: configOf(still) })
    const [before, after] = [loadNetwork(first).params, loadNetwork(out).params]
    for (const [name, tensor] of Object.entries(before))
      expect(after[name]?.dataSync(), name).toEqual(tensor.dataSync())
    const bytes = createHash('sha256')
    for (const tensor of Object.values(before)) {
      const { buffer, byteOffset, byteLength } = tensor.dataSync()
      bytes.update(new Uint8Array(buffer, byteOffset, byteLength))
    }
    const from = initFrom === first ? 'first' : 'model.safetensors'
    expect(record.initFrom).toEqual({ from, sha256: bytes.digest('hex') })
    free(before)
    free(after)
  })

  test('whose names have something before them are read; a pipeline of diffusers as well', async () => {
    const { params } = loadNetwork(first)
    const wrapped = Object.fromEntries(
      Object.entries(params).map(([name, tensor]) => [`module.${name}`, tensor]),
    )
    const folder = join(base, 'pipe', 'unet')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'diffusion_pytorch_model.safetensors'), writeSafetensors(wrapped))
    const record = await training({ initFrom: join(base, 'pipe'), config: configOf(still) })
    expect(record.initFrom?.from).toBe('pipe')
    expect(said.join('\n')).toContain('module.')
    free(params)
  })

  test('that do not fit are named, before any work', async () => {
    const wide = configOf({ model: { ...model, blockOutChannels: [6] } })
    const run = () => training({ initFrom: first, config: wide })
    await expect(run()).rejects.toBeInstanceOf(FileFormatError)
    await expect(run()).rejects.toThrow(/does not fit the configuration: of another shape conv_in\.weight/)
    await expect(training({ initFrom: join(base, 'none') })).rejects.toThrow('no such file or folder')
    await expect(training({ initFrom: data })).rejects.toThrow('there are no weights')
    expect(readdirSync(base)).not.toContain('new')
  })

  test('belong to the run: it cannot go on without them', async () => {
    const stop = new AbortController()
    const stopped = training({
      initFrom: first,
      signal: stop.signal,
      onProgress: ({ step }) => step === 2 && stop.abort(new Error('enough')),
    })
    await expect(stopped).rejects.toThrow('enough')
    await expect(training({ resume: true })).rejects.toThrow(/another run: init was "[0-9a-f]{64}", is now/)
    const record = await training({ resume: true, initFrom: first })
    const parts = readFileSync(join(out, 'model.safetensors'))
    rmSync(out, { recursive: true })
    expect((await training({ initFrom: first })).initFrom).toEqual(record.initFrom)
    expect(readFileSync(join(out, 'model.safetensors')).equals(parts)).toBe(true)
  })
})

describe('samples that are drawn', () => {
  const draws = { path: data, crop: [4, 4], flip: true, turn: true } as const

  test('of images larger than the model train it, are the same after an interruption, and belong to the run', async () => {
    const small = configOf({ model: { ...model, sampleSize: 4 } })
    const record = await training({ data: draws, config: small })
    expect(record).toMatchObject({
      data: '6 images of 8×8 in data/train-images-idx3-ubyte, in crops of 4×4, mirrored, turned',
      dataset: { shape: [1, 4, 4], draw: { crop: [4, 4], flip: true, turn: true } },
    })
    expect(record.evaluation?.images).toMatch(/^the first 1024 of 1024 in crops of t10k-images-idx3-ubyte$/)
    const whole = readFileSync(join(out, 'model.safetensors'))
    rmSync(out, { recursive: true })
    const stop = new AbortController()
    const stopped = training({
      data: draws,
      config: small,
      workers: 2,
      signal: stop.signal,
      onProgress: ({ step }) => step === 2 && stop.abort(new Error('enough')),
    })
    await expect(stopped).rejects.toThrow('enough')
    const other = training({ data: { ...draws, flip: false }, config: small, resume: true })
    await expect(other).rejects.toThrow('images.draw.flip was true, is now false')
    await training({ data: draws, config: small, resume: true })
    expect(readFileSync(join(out, 'model.safetensors')).equals(whole)).toBe(true)
  })

  test('of another size than the model says have to be such that it can halve them', async () => {
    const halving = {
      ...model,
      sampleSize: [4, 4],
      blockOutChannels: [4, 4],
      downAttention: [false, false],
      upAttention: [false, false],
    } as const
    const config = configOf({ model: halving, steps: 1 })
    const record = await training({ data: { path: data, crop: [6, 8] }, config })
    expect(record.dataset?.shape).toEqual([1, 6, 8])
    await expect(
      training({ data: { path: data, crop: [5, 4] }, config, out: join(base, 'odd') }),
    ).rejects.toThrow('crop: the network halves its images: a side of 5 is no multiple of 2')
    await expect(training({ config, out: join(base, 'odd') })).rejects.toThrow(
      'holds [1, 8, 8]; train on crops (crop, --crop 4), resize them (resize, --resize 4), or change the model',
    )
    await expect(
      training({ data: { path: data, crop: [9, 8] }, config, out: join(base, 'odd') }),
    ).rejects.toThrow('picture 0 of 8×8 has no crops of 9×8')
    expect(readdirSync(base)).not.toContain('odd')
  })
})

describe('pictures beyond the memory', () => {
  const photos = join(base, 'photos')
  beforeAll(() => {
    mkdirSync(photos)
    for (let i = 0; i < 5; i++) writeFileSync(join(photos, `${i}.png`), picture(1, 8 + i, 9, 40 * i))
  })
  const pictures = (memory: number, change: Partial<TrainCommand> = {}) =>
    training({ data: { path: photos, turn: true, holdOut: 1, memory }, openPicture, ...change })

  test('train by any number of threads to the bits of those in it, and leave no file', async () => {
    await pictures(1e6)
    const whole = readFileSync(join(out, 'model.safetensors'))
    rmSync(out, { recursive: true })
    const seen = new Set<string>()
    await pictures(0, {
      workers: 2,
      onProgress: () => {
        for (const name of readdirSync(out)) seen.add(name.replace(String(process.pid), 'PID'))
      },
    })
    expect(seen).toContain('pictures-0.PID.tmp')
    expect(readFileSync(join(out, 'model.safetensors')).equals(whole)).toBe(true)
    expect(readdirSync(out).filter((name) => name.includes('pictures'))).toEqual([])
  })

  test('have their file removed by the next training, where the one before was killed', async () => {
    mkdirSync(out, { recursive: true })
    // No process has this id.
    writeFileSync(join(out, 'pictures-0.4194305.tmp'), 'left')
    await pictures(1e6)
    expect(readdirSync(out).filter((name) => name.includes('pictures'))).toEqual([])
  })

  test('are checked in a dry run without a file', async () => {
    const found = await dryRun(command({ data: { path: photos, holdOut: 1, memory: 200 }, openPicture }))
    expect(found.trainingImages).toBe(1)
    expect(said.join()).toContain('3 pictures were read but not kept, for want of memory')
    expect(readdirSync(base)).not.toContain('new')
  })
})
