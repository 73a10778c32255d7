import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { explain } from '../../errors.ts'
import { encodePicture } from '../../images/png.ts'
import type { Ran } from '../../testing.test.helper.ts'
import { ran, temporaryFolder } from '../../testing.test.helper.ts'

/** An IDX file of square images. */
function idx(count: number, shift: number, side = 28): Uint8Array {
  const bytes = Buffer.alloc(16 + count * side ** 2)
  bytes.set([0, 0, 8, 3])
  ;[count, side, side].forEach((extent, i) => bytes.writeUInt32BE(extent, 4 + 4 * i))
  for (let i = 16; i < bytes.length; i++) bytes[i] = ((i + shift) * 37) % 251
  return gzipSync(bytes)
}

const config = {
  model: {
    sampleSize: 28,
    inChannels: 1,
    outChannels: 1,
    blockOutChannels: [4, 4],
    layersPerBlock: 1,
    normGroups: 2,
  },
  steps: 6,
  batch: 4,
  shards: 2,
}

function prepared(side = 28) {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, 'train-images-idx3-ubyte.gz'), idx(12, 0, side))
  writeFileSync(join(folder.path, 't10k-images-idx3-ubyte.gz'), idx(3, 5, side))
  writeFileSync(
    join(folder.path, 'c.json'),
    JSON.stringify({ ...config, model: { ...config.model, sampleSize: side } }),
  )
  return folder
}
const training = (folder: string, out: string, more: string[] = [], signal?: AbortSignal): Promise<Ran> =>
  ran(
    folder,
    ['train', '--data', '.', '--config', 'c.json', '--out', out, ...more],
    signal === undefined ? {} : { signal },
  )

/** A signal that is raised when it is looked at for the nth time: training looks once after each step. */
function abortedAtRead(n: number): AbortSignal {
  const stop = new AbortController()
  let reads = 0
  const own = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!
  return Object.defineProperty(stop.signal, 'aborted', {
    get: () => {
      if (++reads === n) stop.abort()
      return own.get!.call(stop.signal)
    },
  })
}

test('trains, tells what it did, and the folder is a prior', async () => {
  using folder = prepared()
  const { code, out } = await training(folder.path, 'model', ['--json', '--name', 'noise'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ name: 'noise', trainingImages: 12, config: { steps: 6, seed: 0 } })
  expect(JSON.parse(out).command).toBe(
    'tweedie train --data . --config c.json --out model --json --name noise',
  )
  const drawn = await ran(folder.path, [
    'sample',
    '--prior',
    'model',
    '--n',
    '2',
    '--steps',
    '2',
    '--out',
    'g.png',
  ])
  expect(drawn).toMatchObject({ code: 0, err: '' })
})

test('interrupted and continued: 130, then the same bits as in one go', async () => {
  using folder = prepared()
  expect((await training(folder.path, 'whole')).code).toBe(0)
  const first = await training(folder.path, 'parts', [], abortedAtRead(3))
  expect(first).toMatchObject({ code: 130, out: '' })
  expect(first.err).toMatch(/stopped after step 3;.*\n.*the state after step 3 is saved, go on with --resume/)
  expect((await training(folder.path, 'parts', ['--resume'])).code).toBe(0)
  const weights = (name: string) => readFileSync(join(folder.path, name, 'model.safetensors'))
  expect(weights('parts').equals(weights('whole'))).toBe(true)
})

test('an adm that predicts v: interrupted and continued to the same bits, then a prior that restores', async () => {
  using folder = prepared(8)
  const model = {
    architecture: 'adm',
    imageSize: 8,
    inChannels: 1,
    modelChannels: 32,
    channelMult: [1, 1],
    numResBlocks: 1,
  }
  writeFileSync(
    join(folder.path, 'c.json'),
    JSON.stringify({ ...config, model, predicts: 'v', timesteps: 100 }),
  )
  const { code, out } = await training(folder.path, 'whole', ['--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    config: { model, predicts: 'v' },
    evaluation: { count: 3, mse: expect.any(Number) },
  })
  expect((await training(folder.path, 'parts', [], abortedAtRead(3))).code).toBe(130)
  expect((await training(folder.path, 'parts', ['--resume'])).code).toBe(0)
  const file = (name: string, of: string) => readFileSync(join(folder.path, name, of))
  for (const of of ['model.safetensors', 'config.json'])
    expect(file('parts', of).equals(file('whole', of))).toBe(true)
  expect((await ran(folder.path, ['inspect', 'whole/model.safetensors'])).out).toContain(
    'architecture: adm (guided-diffusion UNetModel): 1 input channels, base width 32',
  )

  const sampled = ['sample', '--prior', 'whole', '--n', '1', '--steps', '2', '--out', 'g.png']
  expect(await ran(folder.path, sampled)).toMatchObject({ code: 0, err: '' })
  const data = new Float32Array(64).fill(0.5)
  writeFileSync(join(folder.path, 'b.png'), encodePicture({ channels: 1, width: 8, height: 8, data }))
  const task = ['--operator', 'inpaint:box=4', '--prior', 'whole', '--steps', '3', '--out', 'r']
  expect(await ran(folder.path, ['restore', 'b.png', ...task])).toMatchObject({ code: 0 })
  expect(readdirSync(join(folder.path, 'r'))).toContain('restored.png')
})

test('a training that is there already is not lost', async () => {
  using folder = prepared()
  await training(folder.path, 'model')
  const before = readdirSync(join(folder.path, 'model')).sort()
  const again = await training(folder.path, 'model')
  expect(again).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/^tweedie: --resume: .*exists/),
  })
  expect(readdirSync(join(folder.path, 'model')).sort()).toEqual(before)
})

test('images of another size train, and the record says what they were', async () => {
  using folder = prepared(32)
  const { code, out } = await training(folder.path, 'model', ['--json', '--save-every', '2'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    name: 'model',
    data: expect.stringMatching(/^12 images of 32×32 in /),
    dataset: { shape: [1, 32, 32], heldOut: 0 },
  })
  const sampled = ['sample', '--prior', 'model', '--n', '1', '--steps', '1', '--out', 'g.png']
  expect(await ran(folder.path, sampled)).toMatchObject({ code: 0, err: '' })
})

describe('before any work, and leaving nothing', () => {
  const before = async (change: (folder: string) => void, more: string[] = [], signal?: AbortSignal) => {
    using folder = prepared()
    change(folder.path)
    const result = await training(folder.path, 'model', more, signal)
    expect(readdirSync(folder.path)).not.toContain('model')
    return result
  }
  const noTest = (folder: string) => rmSync(join(folder, 't10k-images-idx3-ubyte.gz'))
  const otherSize = (folder: string) =>
    writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), idx(12, 0, 32))

  test.each<[string, (folder: string) => void, string[], RegExp]>([
    ['test images that are missing', noTest, [], /no test images: looked for t10k-images-idx3-ubyte/],
    ['sets of two sizes', otherSize, [], /holds images of \[1, 28, 28\], train.* of \[1, 32, 32\]/],
    [
      'a model of another size',
      otherSize,
      ['--no-test-set'],
      /^tweedie: --config: the model takes images of \[1, 28, 28\]/,
    ],
    ['an interval of 0', () => undefined, ['--save-every', '0'], /--save-every/],
  ])('%s: 2 and one line', async (_, change, more, message) => {
    const { code, out, err } = await before(change, more)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test('data that is missing while interrupted is missing data', async () => {
    const { code, err } = await before(noTest, [], AbortSignal.abort())
    expect(code).toBe(2)
    expect(err).not.toContain('saved')
  })

  test('an interrupt says that nothing is saved', async () => {
    const { code, err } = await before(() => undefined, [], AbortSignal.abort())
    expect([code, err]).toEqual([130, 'tweedie: interrupted before the first step; nothing was written\n'])
  })
})

test('an interrupted training that cannot save says that, not that it has', async () => {
  using folder = prepared()
  const stop = new AbortController()
  const aborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!
  // The signal is looked at after each step: at the second, something stands in the way of the state.
  let reads = 0
  Object.defineProperty(stop.signal, 'aborted', {
    get: () => {
      if (++reads === 2) {
        mkdirSync(join(folder.path, 'model', 'state.safetensors', 'in-the-way'), { recursive: true })
        stop.abort()
      }
      return aborted.get!.call(stop.signal)
    },
  })
  const { code, err } = await training(folder.path, 'model', [], stop.signal)
  expect(code).not.toBe(130)
  expect(err).not.toContain('is saved')
  expect(err).toContain('state.safetensors')
})

test('without test images, as asked for: the record has no test loss', async () => {
  using folder = prepared()
  rmSync(join(folder.path, 't10k-images-idx3-ubyte.gz'))
  const { code, out } = await training(folder.path, 'model', ['--json', '--no-test-set'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ evaluation: null, dataset: { test: null } })
})

test('a full disk is a failure, not wrong use, and names the file', () => {
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write', path: 'out/state' })
  expect(explain(full)).toEqual({ code: 1, message: 'out/state: no space left on the device' })
})
