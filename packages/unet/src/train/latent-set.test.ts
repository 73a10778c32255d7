import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromData, OptionError, scope } from '@tweedie/tensor'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { admConfig } from '../architectures/adm/config.ts'
import { autoencoderConfig } from '../architectures/autoencoder/config.ts'
import { encodePictures } from '../architectures/autoencoder/forward.ts'
import { idxBytes } from '../data/idx.test.helper.ts'
import { readTrainingSet } from '../data/training-set.ts'
import { loadNetwork } from '../models/folder.ts'
import { findModel } from '../models/model.ts'
import { trainFromCommand } from './command.ts'
import type { TrainOptions } from './config.ts'
import { trainConfig } from './config.ts'
import { latentSet, readAutoencoder } from './latent-set.ts'
import type { TrainCommand } from './options.ts'

// An autoencoder, and a prior on its latents that is told classes: trained as the command does, on a few random images.

const trainingImages = 130
const base = mkdtempSync(join(tmpdir(), 'tweedie-latent-'))
const data = join(base, 'data')
const [coder, prior] = [join(base, 'coder'), join(base, 'prior')]
const model = autoencoderConfig({
  ...{ sampleSize: 8, blockOutChannels: [4, 4], latentChannels: 2, normGroups: 2, numClasses: 2 },
})
const latentModel = admConfig({
  ...{ imageSize: 4, inChannels: 2, modelChannels: 32, channelMult: [1], numResBlocks: 1, numClasses: 3 },
})

/** Training images, more than are coded at a time, and four test images, of two classes. */
function writeSet(folder: string, counts = { train: trainingImages, t10k: 4 }): void {
  mkdirSync(folder, { recursive: true })
  for (const [part, count] of Object.entries(counts)) {
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), idxBytes([count, 8, 8], count))
    const labels = idxBytes([count])
    for (let i = 0; i < count; i++) labels[8 + i] = i % 2
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), labels)
  }
}

const ofCoder = (change: Partial<TrainOptions> = {}) =>
  trainConfig({ model, steps: 4, batch: 4, shards: 2, ...change })
const ofPrior = (change: Partial<TrainOptions> = {}) =>
  trainConfig({
    ...{ model: latentModel, steps: 4, batch: 4, shards: 2, timesteps: 50, predicts: 'v', labelDrop: 0.5 },
    ...change,
  })
const training = (out: string, change: Partial<TrainCommand> = {}) =>
  trainFromCommand({ data, out, config: ofCoder(), ...change })
const trainingPrior = (out: string, change: Partial<TrainCommand> = {}) =>
  training(out, { config: ofPrior(), autoencoder: coder, ...change })

/** A training that is told to stop after its second step, and then goes on. */
async function inTwo(run: (change: Partial<TrainCommand>) => Promise<unknown>): Promise<void> {
  const stop = new AbortController()
  const onProgress: TrainCommand['onProgress'] = ({ step }) => step === 2 && stop.abort(new Error('enough'))
  await expect(run({ signal: stop.signal, onProgress })).rejects.toThrow('enough')
  await run({ resume: true })
}

beforeAll(async () => {
  writeSet(data)
  await training(coder)
  await trainingPrior(prior)
})
afterAll(() => rmSync(base, { recursive: true }))

const read = (...path: string[]) => readFileSync(join(base, ...path))
const record = (...path: string[]) => JSON.parse(read(...path, 'record.json').toString())

test('an autoencoder is trained like any network: its record says how well it restores and tells', () => {
  const { evaluation, latents, config, autoencoder } = record('coder')
  expect(evaluation).toMatchObject({ count: 4, mse: expect.any(Number), accuracy: expect.any(Number) })
  expect(latents).toMatchObject({ images: trainingImages })
  expect(config).toMatchObject({ predicts: 'x0', timesteps: 1, latentNoise: 0.1, labelWeight: 0.01 })
  expect(autoencoder).toBeUndefined()
})

test('its latents of the training images have mean 0 and deviation 1 in every channel', () => {
  const { params } = loadNetwork(coder)
  const { images } = readTrainingSet(data, { test: false })
  const x = Float32Array.from(images.pixels, (v) => v / 127.5 - 1)
  const z = scope(() => encodePictures(params, model, fromData(x, [trainingImages, 1, 8, 8])).dataSync())
  for (const channel of [0, 1]) {
    const of = Array.from(z).filter((_, i) => Math.floor(i / 16) % 2 === channel)
    const mean = of.reduce((a, b) => a + b) / of.length
    const deviation = Math.sqrt(of.reduce((a, b) => a + (b - mean) ** 2, 0) / of.length)
    // To the rounding of float16 in the weights.
    expect(Math.abs(mean)).toBeLessThan(0.02)
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02)
  }
})

test('a prior on latents has the autoencoder beside it, as it was, and says which', () => {
  expect(readdirSync(prior).sort()).toContain('autoencoder')
  for (const file of ['config.json', 'model.safetensors', 'record.json'])
    expect(read('prior', 'autoencoder', file).equals(read('coder', file))).toBe(true)
  const sha256 = createHash('sha256').update(read('coder', 'model.safetensors')).digest('hex')
  expect(record('prior')).toMatchObject({
    autoencoder: { folder: 'coder', sha256 },
    config: { labelDrop: 0.5 },
  })
  expect(findModel(prior)).toMatchObject({
    autoencoder: join(prior, 'autoencoder'),
    training: { trainedOn: { clip: null, noClass: true, predicts: 'v' } },
  })
})

test('both go on after an interruption to the same bits', async () => {
  await inTwo((change) => training(join(base, 'coder-2'), change))
  await inTwo((change) => trainingPrior(join(base, 'prior-2'), change))
  for (const [whole, parts] of [
    ['coder', 'coder-2'],
    ['prior', 'prior-2'],
  ] as const)
    expect(read(parts, 'model.safetensors').equals(read(whole, 'model.safetensors'))).toBe(true)
})

test('latents are those of the encoder, image by image, with the labels of the images', () => {
  const { network } = readAutoencoder(coder)
  const pictures = readTrainingSet(data, { test: true, labels: true })
  const steps = latentSet(pictures, network)
  const seen: unknown[] = []
  let next = steps.next()
  for (; next.done !== true; next = steps.next()) seen.push(next.value)
  expect(seen).toEqual([
    { done: 100, all: 134 },
    { done: 130, all: 134 },
    { done: 134, all: 134 },
  ])
  const { images, test: held, record: about } = next.value
  expect(images).toMatchObject({ count: trainingImages, shape: [2, 4, 4], labels: pictures.images.labels })
  expect(held?.labels).toEqual(pictures.test?.labels)
  expect(about).toEqual(pictures.record)
  const last = Float32Array.from(pictures.images.pixels.subarray(129 * 64), (v) => v / 127.5 - 1)
  const z = scope(() => encodePictures(network.params, model, fromData(last, [1, 1, 8, 8])).dataSync())
  const coded = images.pixels.subarray(129 * 32, 130 * 32)
  z.forEach((v, i) => void expect(coded[i]).toBeCloseTo(v, 5))
})

test('what does not fit is refused before any work', async () => {
  const refused = async (change: Partial<TrainCommand>, message: string) => {
    const out = join(base, 'refused')
    const run = trainingPrior(out, change)
    await expect(run).rejects.toThrow(message)
    expect(readdirSync(base)).not.toContain('refused')
  }
  const wide = admConfig({ ...latentModel, inChannels: 3, outChannels: 3 })
  await refused({ data: { path: data, flip: true } }, 'latents are of images of one size, taken as they are')
  await refused(
    { config: ofPrior({ model: wide }) },
    'config: the model takes [3, 4, 4] by its configuration, but the latents of the autoencoder are [2, 4, 4]',
  )
  await refused({ autoencoder: prior }, 'holds a network of adm, no autoencoder')
  await refused(
    { config: ofCoder() },
    'autoencoder: is for priors of latents; the model is itself an autoencoder',
  )
  await refused({ autoencoder: join(base, 'nowhere') }, 'nowhere')
  const bare = join(base, 'bare')
  mkdirSync(bare)
  writeFileSync(join(bare, 'train-images-idx3-ubyte'), idxBytes([4, 8, 8]))
  await refused(
    { data: bare, testSet: false },
    'no labels, which the model has use for: looked for train-labels',
  )
  writeFileSync(join(bare, 'train-labels-idx1-ubyte'), idxBytes([3]))
  await refused({ data: bare, testSet: false }, 'holds [3], train-images-idx3-ubyte has 4 images')
  const small = join(base, 'small')
  mkdirSync(small)
  writeFileSync(join(small, 'train-images-idx3-ubyte'), idxBytes([4, 4, 4]))
  writeFileSync(join(small, 'train-labels-idx1-ubyte'), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1))
  await refused({ data: small, testSet: false }, 'codes pictures of [1, 8, 8], the data are of [1, 4, 4]')
  await expect(training(join(base, 'refused'), { config: ofPrior() })).rejects.toThrow(OptionError)
})

test('a prior whose autoencoder was taken away is refused by name', () => {
  rmSync(join(base, 'prior-2', 'autoencoder'), { recursive: true })
  expect(() => findModel(join(base, 'prior-2'))).toThrow('prior-2/autoencoder: is missing')
})
