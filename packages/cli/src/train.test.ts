import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Ran } from './testing.ts'
import { ran, temporaryFolder } from './testing.ts'

/** An IDX file of images of 28×28. */
function idx(count: number, shift: number): Uint8Array {
  const bytes = Buffer.alloc(16 + count * 784)
  bytes.set([0, 0, 8, 3])
  ;[count, 28, 28].forEach((extent, i) => bytes.writeUInt32BE(extent, 4 + 4 * i))
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

function prepared() {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, 'train-images-idx3-ubyte.gz'), idx(12, 0))
  writeFileSync(join(folder.path, 't10k-images-idx3-ubyte.gz'), idx(3, 5))
  writeFileSync(join(folder.path, 'c.json'), JSON.stringify(config))
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
  expect(first.err).toMatch(/stopped after step [1-5];.*\n.*go on with --resume/)
  expect((await training(folder.path, 'parts', ['--resume'])).code).toBe(0)
  const weights = (name: string) => readFileSync(join(folder.path, name, 'model.safetensors'))
  expect(weights('parts').equals(weights('whole'))).toBe(true)
})

test('a training that is there already is not lost', async () => {
  using folder = prepared()
  await training(folder.path, 'model')
  const before = readdirSync(join(folder.path, 'model')).sort()
  const again = await training(folder.path, 'model')
  expect(again).toMatchObject({ code: 2, out: '', err: /^tweedie: --resume: .*exists/ })
  expect(readdirSync(join(folder.path, 'model')).sort()).toEqual(before)
})
