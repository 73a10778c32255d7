import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { expectWrongUse, ran, temporaryFolder } from '../../testing.test.helper.ts'

// From a folder of pictures to a prior that restores.

const config = {
  model: {
    sampleSize: 8,
    inChannels: 3,
    outChannels: 3,
    blockOutChannels: [4, 4],
    layersPerBlock: 1,
    normGroups: 2,
    midAttention: false,
    downAttention: [false, false],
    upAttention: [false, false],
  },
  steps: 4,
  batch: 2,
  shards: 2,
}

function photo(height: number, width: number, seed: number, channels: 1 | 3 = 3): Uint8Array {
  const data = Float32Array.from(
    { length: channels * height * width },
    (_, i) => ((i * 37 + seed * 91) % 251) / 255,
  )
  return encodePicture({ channels, height, width, data })
}

/** A folder with a configuration, and pictures of several sizes in `photos`, one of them grey, one in a folder. */
function prepared() {
  const folder = temporaryFolder()
  const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder.path, name), bytes)
  mkdirSync(join(folder.path, 'photos', 'more'), { recursive: true })
  for (let i = 0; i < 6; i++) put(`photos/${i}.png`, photo(9 + i, 12, i))
  put('photos/more/grey.png', photo(8, 8, 50, 1))
  put('photos/readme.txt', 'mine')
  put('c.json', JSON.stringify(config))
  return {
    put,
    path: folder.path,
    train: (...more: string[]) =>
      ran(folder.path, ['train', '--config', 'c.json', '--data', 'photos', '--out', 'mine', ...more]),
    run: (...argv: string[]) => ran(folder.path, argv),
    files: (name = '.') => readdirSync(join(folder.path, name)).sort(),
    [Symbol.dispose]: folder[Symbol.dispose].bind(folder),
  }
}

test('a folder of photos becomes a prior that restores', async () => {
  using folder = prepared()
  const { code, err } = await folder.train('--flip', '--turn', '--hold-out', '2', '--samples-every', '2')
  expect([code, err]).toEqual([
    0,
    expect.stringContaining(
      'training on 7 pictures with 3 channels in photos less 2 held out, in crops of 8×8, mirrored, turned: ',
    ),
  ])
  expect(err).toContain('a step takes')
  expect(err).toContain('of 1 of 7 pictures: it is grey, and was given three equal channels')
  expect(folder.files('mine')).toEqual(
    ['config.json', 'loss.jsonl', 'model.safetensors', 'record.json', 'samples', 'state.safetensors'].sort(),
  )
  expect(folder.files('mine/samples')).toEqual(['step-0000002.png', 'step-0000004.png'])
  expect((await folder.run('convert', 'mine/samples/step-0000004.png', 's.npy')).code).toBe(0)
  const record = JSON.parse(readFileSync(join(folder.path, 'mine', 'record.json'), 'utf8'))
  expect(record).toMatchObject({
    name: 'mine',
    trainingImages: 5,
    dataset: { folder: 'photos', shape: [3, 8, 8], splitOff: 2, test: { images: 2 } },
  })
  expect(JSON.stringify(record)).not.toMatch(/mnist/i)
  const task = ['--operator', 'inpaint:box=4', '--prior', 'mine@8x12', '--steps', '2', '--out', 'r']
  expect(await folder.run('restore', 'photos/2.png', ...task)).toMatchObject({
    code: 2,
    err: expect.stringContaining('11'),
  })
  folder.put('eight.png', photo(8, 12, 7))
  expect(await folder.run('restore', 'eight.png', ...task)).toMatchObject({ code: 0 })
})

test('a dry run says what it would cost, in words or as JSON, and writes nothing', async () => {
  using folder = prepared()
  const before = folder.files()
  const { code, out } = await folder.train('--hold-out', '20%', '--dry-run')
  expect(code).toBe(0)
  expect(out).toMatch(/^training images {2}7 pictures with 3 channels in photos less 1 held out/)
  expect(out).toMatch(/\na step +[\d.]+ m?s\nin all +about /)
  expect(out).toMatch(
    /\nfiles +mine\/state\.safetensors \(\d+ KiB\), mine\/loss\.jsonl .*mine\/samples\/step-….png/,
  )
  expect(out).toMatch(/\nNothing was written\.\n$/)
  const json = await folder.train('--no-test-set', '--dry-run', '--json')
  expect(JSON.parse(json.out)).toMatchObject({ trainingImages: 7, testImages: 0, test: null, steps: 4 })
  expect(folder.files()).toEqual(before)
})

describe('a configuration file', () => {
  test('says where its data are, from its own folder; the command line comes before it', async () => {
    using folder = prepared()
    mkdirSync(join(folder.path, 'configs'))
    const data = { path: '../photos', flip: true, holdOut: '2', crop: [4, 8] }
    folder.put('configs/c.json', JSON.stringify({ ...config, data }))
    const argv = ['train', '--config', 'configs/c.json', '--out', 'mine', '--json']
    const { code, out } = await folder.run(
      ...argv,
      '--set',
      'steps=2',
      '--set',
      'model.layersPerBlock=2',
      '--set',
      'decay=constant',
      '--hold-out',
      '3',
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      config: { steps: 2, decay: 'constant', model: { layersPerBlock: 2 } },
      dataset: { folder: 'photos', splitOff: 3, shape: [3, 4, 8], draw: { crop: [4, 8], flip: true } },
    })
    folder.put('configs/c.json', JSON.stringify({ ...config, data: '../photos' }))
    const refused = await folder.run(...argv.slice(0, -2), 'other')
    expectWrongUse(
      refused,
      /photos: no test images: hold some of the training images out \(holdOut, --hold-out/,
    )
    folder.put('configs/c.json', JSON.stringify({ ...config, data: { path: '../photos', testSet: false } }))
    expect(JSON.parse((await folder.run(...argv.slice(0, -2), 'third', '--json')).out).evaluation).toBeNull()
  })

  test.each<[string, unknown, string]>([
    [
      'a field with a letter wrong',
      { learningrate: 1 },
      'c.json: learningrate: is no field of a training configuration; did you mean learningRate?',
    ],
    [
      'a field with letters swapped',
      { setps: 3 },
      'setps: is no field of a training configuration; did you mean steps?',
    ],
    [
      'a field of another tool',
      { ema_decay: 0.9 },
      'ema_decay: is no field of a training configuration; did you mean emaDecay?',
    ],
    [
      'a field like no other',
      { optimizer: 'adam' },
      'optimizer: is no field of a training configuration; there are model, predicts, steps',
    ],
    [
      'data with a wrong field',
      { data: { path: 'photos', flips: true } },
      'c.json: data.flips: is no field of data; did you mean flip?',
    ],
    [
      'data with a wrong value',
      { data: { path: 'photos', resize: 'large' } },
      'data.resize: must be an integer from 1 to 65536, got "large"',
    ],
    ['data with a path that is none', { data: { path: 3 } }, 'data.path: must be a path'],
    ['data that are a number', { data: 3 }, 'data: must be a path, or an object with "path"'],
    ['a checkpoint that is none', { initFrom: 3 }, 'initFrom: '],
  ])('with %s is refused', async (_, change, message) => {
    using folder = prepared()
    folder.put('c.json', JSON.stringify({ ...config, ...(change as object) }))
    expectWrongUse(await folder.train(), message)
    expect(folder.files()).not.toContain('mine')
  })

  test('without data asks for them', async () => {
    using folder = prepared()
    expectWrongUse(
      await folder.run('train', '--config', 'c.json', '--out', 'mine'),
      '--data: say where the images are',
    )
    expectWrongUse(await folder.train('--set', 'steps'), '--set')
    expectWrongUse(await folder.train('--set', 'steps.more=3'), 'steps.more: cannot be set')
    expectWrongUse(await folder.train('--set', 'stepz=3'), 'stepz: is no field')
  })
})

test('--init-from takes the name of a prior that ships', async () => {
  using folder = prepared()
  const model = { sampleSize: 28, blockOutChannels: [24, 48, 64], layersPerBlock: 1, normGroups: 8 }
  folder.put('c.json', JSON.stringify({ model, steps: 1, batch: 1, shards: 1 }))
  const digits = ['--init-from', 'digits', '--resize', '28', '--no-test-set', '--dry-run', '--json']
  expect(await folder.train(...digits)).toMatchObject({ code: 0 })
  const other = ['--set', 'model.blockOutChannels=[24,48,72]']
  expectWrongUse(await folder.train(...digits, ...other), /priors\/digits\/model\.safetensors: does not fit/)
})

describe('what cannot be trained on is refused before any work', () => {
  test.each<[string, string[], RegExp]>([
    ['a part that is none', ['--hold-out', '0'], /--hold-out/],
    [
      'all pictures held out',
      ['--hold-out', '7'],
      /^tweedie: --hold-out: 7 images to hold out of 7 leave none/,
    ],
    [
      'a crop that is larger',
      ['--no-test-set', '--crop', '10'],
      /2 of 7 pictures cannot be used .*--skip-broken.*0\.png: is 9×12, smaller than a crop of 10×10/,
    ],
    [
      'a crop that does not halve',
      ['--no-test-set', '--crop', '7x8'],
      /^tweedie: --crop: .* a side of 7 is no multiple of 2/,
    ],
    ['a folder that is none', ['--data', 'none', '--no-test-set'], /none: no such file or folder/],
    ['a text', ['--data', 'c.json', '--no-test-set'], /c\.json: is no data set: a folder of pictures/],
    ['a checkpoint that is none', ['--no-test-set', '--init-from', 'none'], /none: no such file or folder/],
    [
      'a checkpoint of another size',
      ['--no-test-set', '--init-from', 'other'],
      /of another shape down_blocks\.1\.resnets\.0\.conv1\.weight \[6, 4, 3, 3\] \(expected \[4, 4, 3, 3\]\)/,
    ],
    ['an interval that is none', ['--no-test-set', '--samples-every', '0'], /--samples-every/],
    ['a memory that is none', ['--no-test-set', '--memory', '2t'], /--memory/],
  ])('%s', async (name, more, message) => {
    using folder = prepared()
    if (name.includes('another size'))
      await folder.train('--no-test-set', '--set', 'model.blockOutChannels=[4,6]', '--out', 'other')
    expectWrongUse(await folder.train(...more), message)
    expect(folder.files()).not.toContain('mine')
  })

  test('pictures that are broken, unless they are left out; the record says which', async () => {
    using folder = prepared()
    folder.put('photos/cut.png', photo(9, 9, 1).subarray(0, 60))
    folder.put('photos/page.jpg', '<!doctype html>')
    folder.put('photos/moving.gif', 'GIF89a')
    const refused = await folder.train('--no-test-set')
    expectWrongUse(refused, /3 of 10 pictures cannot be used/)
    for (const name of ['cut.png: broken PNG', 'page.jpg: not a PNG', 'moving.gif: broken GIF'])
      expect(refused.err).toContain(name)
    const { code, out } = await folder.train('--no-test-set', '--skip-broken', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out).dataset.skipped).toMatchObject({ count: 3 })
  })

  test('grey pictures train a grey network, in colour or not, resized', async () => {
    using folder = prepared()
    const grey = ['--set', 'model.inChannels=1', '--set', 'model.outChannels=1', '--resize', '8', '--json']
    const { code, out } = await folder.train(...grey, '--no-test-set')
    expect(code).toBe(0)
    expect(
      (await folder.train(...grey.slice(0, -1), '--no-test-set', '--dry-run', '--out', 'o')).err,
    ).toContain('of 6 of 7 pictures: its colours were made grey')
    expect(JSON.parse(out)).toMatchObject({
      data: '7 pictures in photos, resized to 8, in crops of 8×8',
      dataset: { shape: [1, 8, 8], resize: 8 },
    })
  })
})
