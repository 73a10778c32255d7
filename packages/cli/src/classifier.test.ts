import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { normal, randomKey } from '@tweedie/tensor'
import {
  admClassifierConfig,
  admClassifierSpec,
  admConfig,
  admConfigToGuided,
  initAdm,
  writeSafetensors,
} from '@tweedie/unet'
import { afterAll, describe, expect, test } from 'vitest'
import { encodePicture } from './images/png.ts'
import { folderOf, root } from './priors.test.helper.ts'
import { expectWrongUse, ran } from './testing.test.helper.ts'

afterAll(() => rmSync(root, { recursive: true }))

const adm = admConfig({
  imageSize: 8,
  inChannels: 1,
  modelChannels: 32,
  channelMult: [1, 1],
  numResBlocks: 1,
})
const prior = folderOf(
  { 'config.json': admConfigToGuided(adm) },
  'model.safetensors',
  initAdm(adm, randomKey(0)),
)

const config = admClassifierConfig({
  ...{ imageSize: 8, modelChannels: 64, channelMult: [1], numResBlocks: 1, outChannels: 3 },
  ...{ numHeadChannels: 64, inChannels: 1 },
})
const params = Object.entries(admClassifierSpec(config)).map(
  ([name, shape], i) => [name, normal(randomKey(i), shape).mul(0.2)] as const,
)
writeFileSync(join(root, 'classifier.safetensors'), writeSafetensors(Object.fromEntries(params)))
const data = Float32Array.from({ length: 64 }, (_, i) => 0.5 + 0.4 * Math.sin(i))
writeFileSync(join(root, 'p.png'), encodePicture({ channels: 1, width: 8, height: 8, data }))

const guiding = ['--classifier', 'classifier.safetensors', '--class', '1']
const sampling = ['sample', '--prior', prior, '--steps', '3', '--n', '1', '--out', 's.png', '--json']
const restoring = [
  'restore',
  'p.png',
  '--prior',
  prior,
  '--operator',
  'inpaint:box=4',
  '--steps',
  '4',
  '--out',
  'r',
]

test('inspect tells what it is', async () => {
  const { code, out } = await ran(root, ['inspect', 'classifier.safetensors'])
  expect(code).toBe(0)
  expect(out).toContain(
    'its classifier (EncoderUNetModel) of 3 classes, pool adaptive, pictures of 1 channels',
  )
})

test('sample draws pictures of a class, and says of which', async () => {
  const drawn = async (...more: string[]) => {
    const { code, out, err } = await ran(root, [...sampling, ...more])
    expect(code, err).toBe(0)
    return { facts: JSON.parse(out), picture: readFileSync(join(root, 's.png')).toString('base64') }
  }
  const plain = await drawn('--spacing', 'karras')
  const one = await drawn('--spacing', 'karras', ...guiding, '--classifier-scale', '50')
  expect(one.facts).toMatchObject({ class: 1, classifier: 'classifier.safetensors', classifierScale: 50 })
  expect(one.facts.prior).toMatch(/ \| class 1$/)
  expect(one.facts).not.toHaveProperty('guidance')
  expect(one.picture).not.toBe(plain.picture)
  expect((await drawn('--spacing', 'karras', ...guiding)).facts).toMatchObject({ classifierScale: 1 })
})

describe('restore', () => {
  const numbers = () => readFileSync(join(root, 'r/restored.npy')).toString('base64')
  test('is guided to a class, by a method that goes through it too, and its record says so', async () => {
    for (const method of ['ddrm', 'dps:scale=1']) {
      expect(await ran(root, [...restoring, '--method', method])).toMatchObject({ code: 0 })
      const plain = numbers()
      expect(await ran(root, [...restoring, '--method', method, ...guiding])).toMatchObject({ code: 0 })
      const one = numbers()
      expect(one).not.toBe(plain)
      const { options } = JSON.parse(readFileSync(join(root, 'r/run.json'), 'utf8'))
      expect(options.classifier).toEqual({ file: 'classifier.safetensors', label: 1, scale: 1 })
      const strong = [...guiding, '--classifier-scale', '30']
      expect(await ran(root, [...restoring, '--method', method, ...strong])).toMatchObject({ code: 0 })
      expect(numbers()).not.toBe(one)
    }
  })
})

test.each([
  [
    [...restoring, '--classifier', 'classifier.safetensors'],
    /--classifier: tells classes apart: give --class too/,
  ],
  [[...restoring, '--class', '1'], /--class: is of a classifier: give --classifier too/],
  [
    [...restoring, '--classifier-scale', '2'],
    /--classifier-scale: is of a classifier: give --classifier too/,
  ],
  [[...sampling, '--classifier-scale', '2'], /--classifier-scale: is of a classifier: give --classifier too/],
  [[...sampling, ...guiding.slice(0, 3), '3'], /--class: must be a class 0 … 2 of the classifier, got 3/],
  [[...restoring, ...guiding.slice(0, 3), '3'], /--class: must be a class 0 … 2 of the classifier, got 3/],
  [
    ['restore', 'p.png', '--prior', 'photos:grey', '--operator', 'denoise', '--out', 'r', ...guiding],
    /--classifier: is told the index of a noise level of DDPM/,
  ],
  [
    ['sample', '--prior', 'digits-latent', '--out', 's.png', ...guiding],
    /--classifier: is of pictures; 'digits-latent' is not a prior on pictures/,
  ],
  [[...sampling, ...guiding, '--guidance', '2'], /--class: 'm0' cannot be told a class/],
])('%o is refused before any work', async (argv, message) => {
  const { err, ...result } = await ran(root, argv)
  expectWrongUse({ ...result, err: err.replace(/^Note: .*\n/gm, '') }, message)
})

test('a file that holds no classifier is an error of the file', async () => {
  const weights = join(prior, 'model.safetensors')
  const { code, err, out } = await ran(root, [...sampling, '--classifier', weights, '--class', '1'])
  expect([code === 0, out]).toEqual([false, ''])
  expect(err).toMatch(/holds no classifier of guided-diffusion's \(EncoderUNetModel\)/)
})
