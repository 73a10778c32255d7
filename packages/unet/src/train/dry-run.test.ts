import fs, { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { requireDisk, requireWritable } from '../disk.ts'
import { dryRun } from './dry-run.ts'
import { clockOf, timeInWords } from './intervals.ts'
import type { TrainCommand } from './options.ts'
import { base, command, configOf, data, freshFolders, model, out, training } from './tool.test.helper.ts'

// What is checked and told before the first step of a training.

freshFolders()

describe('a dry run', () => {
  test('says what a training would be, and writes nothing', async () => {
    const found = await dryRun(command({ config: configOf({ steps: 40 }), heldOutEvery: 10 }))
    expect(found).toMatchObject({
      data: '6 images of 8×8 in data/train-images-idx3-ubyte',
      test: 't10k-images-idx3-ubyte',
      trainingImages: 6,
      testImages: 5,
      shape: [1, 8, 8],
      step: 0,
      steps: 40,
      secondsPerStep: expect.any(Number),
    })
    expect(found.secondsInAll).toBeGreaterThan(40 * (found.secondsPerStep ?? 0))
    expect(found.peakBytes).toBeGreaterThan(2 ** 20)
    expect(found.files.map(({ name }) => name)).toEqual([
      'state.safetensors',
      'loss.jsonl',
      'model.safetensors',
      'config.json',
      'record.json',
    ])
    expect(readdirSync(base)).not.toContain('new')
    await training()
    for (const { name, bytes } of found.files.filter((file) => file.name.endsWith('.safetensors'))) {
      const { length } = readFileSync(join(out, name))
      expect(bytes / length, name).toBeGreaterThan(0.8)
      expect(bytes / length, name).toBeLessThan(1.5)
    }
  })

  test('of a training that is begun goes on from its state, and leaves it as it is', async () => {
    await training()
    const before = readdirSync(out).map((name) => [name, readFileSync(join(out, name)).toString('base64')])
    await expect(dryRun(command())).rejects.toThrow('state.safetensors exists')
    const found = await dryRun(command({ resume: true }))
    expect(found).toMatchObject({ step: 4, secondsPerStep: null })
    expect(readdirSync(out).map((name) => [name, readFileSync(join(out, name)).toString('base64')])).toEqual(
      before,
    )
  })

  test.each<[string, Partial<TrainCommand>, string]>([
    ['data that are not there', { data: join(base, 'none') }, 'no such file or folder'],
    [
      'a model of another size',
      { config: configOf({ model: { ...model, sampleSize: 4 } }) },
      'the model takes',
    ],
    ['a file for a folder', { out: join(data, 'train-images-idx3-ubyte') }, 'is a file; name a folder'],
    ['a file on the way', { out: join(data, 'train-images-idx3-ubyte', 'a', 'b') }, 'a part of'],
    ['no images to evaluate on', { data: join(data, 'train-images-idx3-ubyte') }, 'no test images'],
    ['a checkpoint that is none', { initFrom: join(base, 'none') }, 'no such file or folder'],
    ['no step', { heldOutEvery: 0 }, 'heldOutEvery: must be a positive integer, got 0'],
    ['half an image', { heldOutImages: 0.5 }, 'heldOutImages: must be a positive integer, got 0.5'],
  ])('refuses %s', async (_, change, message) => {
    await expect(dryRun(command(change))).rejects.toThrow(message)
    await expect(training(change)).rejects.toThrow(message)
    expect(readdirSync(base)).not.toContain('new')
  })

  test('in a folder where another process trains is refused', async () => {
    const second: unknown[] = []
    await training({
      onProgress: async ({ step }) => {
        if (step === 1) second.push(await dryRun(command({ resume: true })).catch((error: unknown) => error))
      },
    })
    expect(second).toEqual([expect.any(OptionError)])
    expect(String(second[0])).toContain('has been training in this folder')
  })
})

test('a disk with too little room is refused, with what is needed and what there is', () => {
  expect(() => requireDisk('out', base, 3 * 2 ** 20, 'a model', () => 2 ** 20)).toThrow(
    `out: a model needs 3.0 MiB in ${base}; the disk has 1.0 MiB free`,
  )
  requireDisk('out', base, 100, 'a model', () => 100)
  requireDisk('out', join(base, 'not', 'there'), 1, 'a model')
  expect(() => requireDisk('out', base, 2 ** 60, 'a model')).toThrow(OptionError)
})

test('a training needs room for two states and a model, one that goes on for one state', async () => {
  const parameters = (await dryRun(command())).parameters
  const { statfsSync } = fs
  const withRoom = async <T>(bytes: number, work: () => Promise<T>): Promise<T> => {
    fs.statfsSync = ((path: string) => ({
      ...statfsSync(path),
      bavail: bytes,
      bsize: 1,
    })) as typeof statfsSync
    syncBuiltinESMExports()
    try {
      return await work()
    } finally {
      fs.statfsSync = statfsSync
      syncBuiltinESMExports()
    }
  }
  await expect(withRoom(36 * parameters - 1, training)).rejects.toThrow(
    /out: a training of \d+ parameters needs/,
  )
  await withRoom(36 * parameters, training)
  await expect(withRoom(20 * parameters - 1, () => training({ resume: true }))).rejects.toThrow(OptionError)
  await withRoom(20 * parameters, () => training({ resume: true }))
})

test.skipIf(process.getuid?.() === 0)('a folder without permission is refused', () => {
  const folder = join(base, 'closed')
  mkdirSync(folder, { mode: 0o500 })
  expect(() => requireWritable('out', join(folder, 'new'))).toThrow(`${folder} may not be written to`)
})

test('times and intervals in words', () => {
  expect([0, 0.0123, 0.31, 12.4, 99, 200, 3600, 12_000, 200_000].map(timeInWords)).toEqual([
    '0 ms',
    '12 ms',
    '0.3 s',
    '12 s',
    '99 s',
    '3 min',
    '60 min',
    '3 h 20 min',
    '2 d 7 h',
  ])
  const due = clockOf('saveEvery', { steps: 3 })
  expect([1, 2, 3, 4, 5, 6].filter(due)).toEqual([3, 6])
  expect(() => clockOf('saveEvery', { steps: 1.5 })).toThrow('saveEvery: must be a whole number of steps')
})
