import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { fromData, zeros } from '@tweedie/tensor'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodePicture } from './images/png.ts'
import { openPicture } from './images/read.ts'
import { expectWrongUse, ran, temporaryFolder, whitePrior } from './testing.test.helper.ts'

// An autoencoder, a prior on its latents, samples of a class, a restoration: by the command line, on a few random images.

/** An IDX file of bytes. */
function idx(shape: readonly number[], at: (i: number) => number): Uint8Array {
  const size = shape.reduce((a, b) => a * b, 1)
  const bytes = Buffer.alloc(4 + 4 * shape.length + size)
  bytes.set([0, 0, 8, shape.length])
  shape.forEach((extent, i) => void bytes.writeUInt32BE(extent, 4 + 4 * i))
  for (let i = 0; i < size; i++) bytes[4 + 4 * shape.length + i] = at(i)
  return bytes
}

const coder = {
  model: {
    architecture: 'autoencoder',
    sampleSize: 8,
    blockOutChannels: [4, 4],
    normGroups: 2,
    numClasses: 2,
  },
  ...{ steps: 3, batch: 4, shards: 2 },
}
const prior = {
  model: {
    ...{ architecture: 'adm', imageSize: 4, inChannels: 4, modelChannels: 32, channelMult: [1] },
    ...{ numResBlocks: 1, numClasses: 3 },
  },
  ...{ predicts: 'v', labelDrop: 0.2, steps: 3, batch: 4, shards: 2 },
}
const folder = temporaryFolder()
const run = (...argv: string[]) => ran(folder.path, argv)
const train = (config: string, out: string, ...more: string[]) =>
  run('train', '--data', '.', '--config', config, '--out', out, ...more)

beforeAll(async () => {
  const put = (name: string, of: Uint8Array | string) => writeFileSync(join(folder.path, name), of)
  for (const [part, count] of [
    ['train', 8],
    ['t10k', 4],
  ] as const) {
    put(
      `${part}-images-idx3-ubyte`,
      idx([count, 8, 8], (i) => (i * 37) % 251),
    )
    put(
      `${part}-labels-idx1-ubyte`,
      idx([count], (i) => i % 2),
    )
  }
  put('coder.json', JSON.stringify(coder))
  put('prior.json', JSON.stringify(prior))
  const data = Float32Array.from({ length: 64 }, (_, i) => (i % 8) / 8)
  put('a.png', encodePicture({ channels: 1, width: 8, height: 8, data }))
  expect(await train('coder.json', 'coder')).toMatchObject({ code: 0 })
  expect(await train('prior.json', 'latents', '--autoencoder', 'coder')).toMatchObject({
    code: 0,
    err: expect.stringContaining('coded 12 of 12 pictures'),
  })
})
afterAll(() => folder[Symbol.dispose]())

test('both are explained by inspect', async () => {
  const told = async (file: string) => (await run('inspect', file)).out
  expect(await told('coder/model.safetensors')).toContain(
    "architecture: autoencoder (this project's autoencoder): 1 input channels to 4 channels of latents, sides shorter by 2, tells 2 classes",
  )
  expect(await told('latents/model.safetensors')).toContain('4 input channels, base width 32, 3 classes')
  expect(await told('latents/autoencoder/model.safetensors')).toContain('autoencoder')
})

test('samples are pictures, of a class where one is asked for', async () => {
  const draw = (...more: string[]) =>
    run('sample', '--prior', 'latents', '--n', '2', '--steps', '2', '--out', 'g.png', '--json', ...more)
  const drawn = await draw()
  expect(drawn).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(drawn.out)).not.toHaveProperty('class')
  const told = await draw('--class', '1')
  expect(JSON.parse(told.out)).toMatchObject({ class: 1, guidance: 1 })
  expect(JSON.parse((await draw('--class', '1', '--guidance', '2.5')).out)).toMatchObject({ guidance: 2.5 })
  expectWrongUse(await draw('--class', '2'), '--class: must be a label 0 … 1, got 2')
  expectWrongUse(await draw('--guidance', '2'), '--guidance: is for samples of a class')
  const white = await run('sample', '--prior', 'white', '--class', '1', '--steps', '2', '--out', 'g.png')
  expectWrongUse(white, "--class: 'white' cannot be told a class")
})

test('guidance leads beyond the class', async () => {
  // A prior that knows one picture of grey, and of class k one of 0.2 k.
  const { denoise: _, ...white } = whitePrior([1, 8, 8])
  const grey: Prior = {
    ...white,
    denoise: (xt) => xt.mul(0),
    conditional: {
      ...{ classes: ['none', 'light'], nothing: zeros([1, 1]) },
      embed: (labels) =>
        fromData(
          labels.map((label) => 0.2 * label),
          [labels.length, 1],
        ),
      denoise: (xt, _, c) => xt.mul(0).add(c.reshape([-1, 1, 1, 1])),
    },
  }
  const brightest = async (...more: string[]) => {
    const argv = [
      'sample',
      '--prior',
      'grey',
      '--n',
      '1',
      '--steps',
      '3',
      '--sampler',
      'ddim',
      '--out',
      'l.png',
    ]
    expect(await ran(folder.path, [...argv, ...more], { priors: { grey: async () => grey } })).toMatchObject({
      code: 0,
    })
    const { picture } = openPicture(readFileSync(join(folder.path, 'l.png')), 'l.png').decode()
    return Math.max(...picture.data)
  }
  expect(await brightest()).toBeCloseTo(0.5, 2)
  expect(await brightest('--class', '1')).toBeCloseTo(0.6, 2)
  expect(await brightest('--class', '1', '--guidance', '2.5')).toBeCloseTo(0.75, 2)
})

test('a picture is restored by its latents; a method that needs a linear measurement is refused', async () => {
  const task = ['restore', 'a.png', '--operator', 'inpaint:box=4', '--prior', 'latents', '--steps', '3']
  const { code, out } = await run(...task, '--method', 'dps', '--out', 'r', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ prior: { name: 'latents', shape: [4, 4, 4] } })
  expect(readdirSync(join(folder.path, 'r'))).toContain('restored.png')
  expectWrongUse(
    await run(...task, '--method', 'ddrm', '--out', 's'),
    "'inpaint ∘ decoder of latents' has no",
  )
  expect(existsSync(join(folder.path, 's'))).toBe(false)
})

test('pictures of another size go by the side of their latents', async () => {
  const draw = (prior: string) =>
    run('sample', '--prior', prior, '--n', '1', '--steps', '2', '--out', 'w.png')
  expect(await draw('latents@12x8')).toMatchObject({ code: 0 })
  expectWrongUse(await draw('latents@9'), 'a side of 9 is no multiple of 2')
})

test('what cannot be trained on latents is refused, and so are autoencoders that are none', async () => {
  expectWrongUse(await train('prior.json', 'x', '--autoencoder', 'latents'), '--autoencoder: ')
  const small = { ...prior, model: { ...prior.model, imageSize: 2 } }
  writeFileSync(join(folder.path, 'small.json'), JSON.stringify(small))
  expectWrongUse(
    await train('small.json', 'x', '--autoencoder', 'coder'),
    '--config: the model takes [4, 2, 2]',
  )
  expectWrongUse(await train('prior.json', 'x'), '--config: the model takes images of [4, 4, 4]')
  rmSync(join(folder.path, 'train-labels-idx1-ubyte'))
  const unlabelled = await train('coder.json', 'x')
  expect(unlabelled.code).not.toBe(0)
  expect(unlabelled.err).toContain('no labels, which the model has use for')
  expect(existsSync(join(folder.path, 'x'))).toBe(false)
})
