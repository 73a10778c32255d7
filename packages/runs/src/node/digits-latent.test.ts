import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Prior } from '@tweedie/solvers'
import {
  checkFit,
  denoise,
  gaussianNoise,
  isLatent,
  mpgdAe,
  run,
  sampleUnconditional,
  withClass,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import {
  argmax,
  FileFormatError,
  fromData,
  mean,
  normal,
  randomKey,
  scope,
  square,
  zeros,
} from '@tweedie/tensor'
import { architectureOf, writeSafetensors } from '@tweedie/unet'
import { heldOutDigits, loadNetwork, loadShippedPrior } from '@tweedie/unet/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchLatentPrior } from '../priors/fetch-latent.ts'
import { listPriors, loadPrior } from './priors.ts'

// The shipped autoencoder and the prior on its latents, on digits that neither has seen.

const folder = fileURLToPath(new URL('../../../unet/priors/digits-latent', import.meta.url))
const coder = loadNetwork(join(folder, 'autoencoder'))
const { coder: network } = architectureOf(coder.config)
const record = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path, 'record.json'), 'utf8'))
let prior: Prior
beforeAll(async () => {
  prior = await loadPrior('digits-latent')
})

/** Every twentieth of the held-out digits, which lie by digit. */
const every = 20
const { images, labels } = heldOutDigits()
const count = images.count / every
const chosen = Array.from({ length: count }, (_, i) => i * every)
const wanted = chosen.map((i) => labels[i])
const values = new Float32Array(count * 784)
chosen.forEach((i, n) => {
  for (let j = 0; j < 784; j++) values[n * 784 + j] = (images.pixels[i * 784 + j] ?? 0) / 127.5 - 1
})
let [digits, latents]: (Tensor | undefined)[] = []
beforeAll(() => {
  digits = fromData(values, [count, 1, 28, 28])
  latents = prior.autoencoder?.encode(digits)
})
afterAll(() => {
  for (const tensor of [digits, latents]) tensor?.dispose()
})
const given = (x: Tensor | undefined): Tensor => {
  if (x === undefined) throw new Error('the prior has no autoencoder')
  return x
}
/** The digits that the classifier tells of latents. */
const told = (z: Tensor): number[] =>
  scope(() => Array.from(argmax(network?.logits(coder.params, coder.config, z) ?? z, 1).dataSync()))
const share = (found: readonly number[], of: readonly (number | undefined)[]) =>
  found.filter((digit, n) => digit === of[n]).length / found.length

test('its autoencoder stands beside a prior on pictures of its size, and of no other', async () => {
  const beside = await loadPrior('digits+digits-latent')
  expect([beside.name, isLatent(beside), beside.shape]).toEqual(['digits+digits-latent', false, [1, 28, 28]])
  expect(
    checkFit(
      mpgdAe.info,
      { operator: denoise(beside.shape), noise: gaussianNoise(0.1), y: zeros([1, ...beside.shape]) },
      beside,
    ),
  ).toBeUndefined()
  await expect(loadPrior('digits+digits')).rejects.toThrow(
    "'digits' has no autoencoder to put beside 'digits'",
  )
  const sizes = "'digits-latent' is of pictures [1, 28, 28], 'digits@32' of [1, 32, 32]"
  await expect(loadPrior('digits@32+digits-latent')).rejects.toThrow(`the autoencoder of ${sizes}`)
  await expect(loadPrior('digits-latent+digits-latent')).rejects.toThrow("'digits-latent' of [4, 7, 7]")
  await expect(loadPrior('digits+nothing')).rejects.toThrow("'nothing' is no prior")
})

test('is a latent, class-conditional prior of less than 2 MB, and says so', async () => {
  const bytes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  expect(bytes).toBeLessThan(2e6)
  expect(prior).toMatchObject({ name: 'digits-latent', shape: [4, 7, 7] })
  expect(prior.autoencoder).toMatchObject({ shape: [1, 28, 28], latentShape: [4, 7, 7] })
  expect(prior.conditional?.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  expect(await listPriors()).toContainEqual({
    ...{ name: 'digits-latent', shape: [1, 28, 28], parameters: 820_123 },
    title: expect.stringContaining('latent, class-conditional, trained on 50000 images: MNIST'),
  })
  expect(record('autoencoder')).toMatchObject({ trainingImages: 50_000, dataset: { heldOut: 10_000 } })
  expect(record().autoencoder.folder).toBe('digits-autoencoder')
})

test('the autoencoder restores digits it has not seen, and tells them, as well as its record says', () => {
  const { evaluation } = record('autoencoder')
  const z = given(latents)
  const error = scope(
    () => mean(square(given(prior.autoencoder?.decode(z)).sub(given(digits)))).dataSync()[0] ?? 1,
  )
  // 24 dB is a mean square of 0.016; deviation over digits about 0.001, so 4.5e-5 over 500: at seven of it.
  expect(evaluation.mse).toBeLessThan(0.016)
  expect(Math.abs(error - evaluation.mse)).toBeLessThan(3e-4)
  // √(0.98·0.02/500) = 0.006: at five of it.
  expect(Math.abs(share(told(z), wanted) - evaluation.accuracy)).toBeLessThan(0.032)
})

test('latents have mean 0 and deviation 1 in every channel', () => {
  scope(() => {
    const centre = mean(given(latents), [0, 2, 3])
    const spread = mean(square(given(latents)), [0, 2, 3])
      .sub(square(centre))
      .sqrt()
    for (const v of centre.dataSync()) expect(Math.abs(v)).toBeLessThan(0.05)
    for (const v of spread.dataSync()) expect(Math.abs(v - 1)).toBeLessThan(0.05)
  })
})

test('a picture among the conditions is most like its own class', () => {
  scope(() => {
    const { embedImage, embed } = prior.conditional ?? {}
    const classes = given(embed?.(Array.from({ length: 10 }, (_, k) => k)))
    const few = chosen.filter((_, n) => n % 10 === 0)
    const x = given(digits).slice([0, null, 10])
    const found = given(embedImage?.(x))
    expect(found.shape).toEqual([few.length, 256])
    const length = (v: Tensor) => square(v).sum(1, true).sqrt()
    const alike = found.div(length(found)).matmul(classes.div(length(classes)).transpose())
    const nearest = Array.from(argmax(alike, 1).dataSync())
    expect(
      share(
        nearest,
        wanted.filter((_, n) => n % 10 === 0),
      ),
    ).toBeGreaterThan(0.9)
  })
})

test('samples of a class are digits of that class, as the classifier tells them', async () => {
  const asked = Array.from({ length: 20 }, (_, n) => n % 10)
  using z = await run(sampleUnconditional(withClass(prior, asked), { count: 20, steps: 12, eta: 0, seed: 1 }))
  // 19 of these 20.
  expect(share(told(z), asked)).toBeGreaterThanOrEqual(0.85)
})

test('told no class it is the prior', () => {
  scope(() => {
    const z = normal(randomKey(3), [2, 4, 7, 7])
    const { denoise, nothing } = prior.conditional ?? {}
    const untold = prior.denoise(z, 500).dataSync()
    expect(given(nothing && denoise?.(z, 500, nothing)).dataSync()).toEqual(untold)
  })
})

describe('over the wire', () => {
  const address = 'https://example.org/digits-latent'
  const asked: string[] = []
  /** Answers with the files of the folder, or with what is put in their place. */
  const answering =
    (instead: Readonly<Record<string, Uint8Array | string | undefined>> = {}) =>
    async (of: string) => {
      const file = of.replace(`${address}/`, '')
      asked.push(file)
      if (!Object.hasOwn(instead, file)) return new Response(readFileSync(join(folder, file)))
      const body = instead[file]
      return body === undefined
        ? new Response('', { status: 404 })
        : new Response(typeof body === 'string' ? body : Uint8Array.from(body))
    }

  test('it is the same prior, bit for bit', async () => {
    const fetched = await fetchLatentPrior('digits-latent', address, { fetch: answering() })
    expect(asked.sort()).toEqual([
      'autoencoder/config.json',
      'autoencoder/model.safetensors',
      'config.json',
      'model.safetensors',
      'record.json',
    ])
    scope(() => {
      const z = normal(randomKey(3), [1, 4, 7, 7])
      const of = ({ denoise, conditional, autoencoder }: Prior) => [
        denoise(z, 300).dataSync(),
        given(conditional?.denoise(z, 300, conditional.embed([4]))).dataSync(),
        given(autoencoder?.decode(z)).dataSync(),
        given(autoencoder && conditional?.embedImage?.(autoencoder.decode(z))).dataSync(),
      ]
      expect(of(fetched)).toEqual(of(prior))
    })
  })

  test.each<[string, Record<string, string | undefined>, string]>([
    ['a record that is not there', { 'record.json': undefined }, '/record.json: cannot be fetched: HTTP 404'],
    ['a record that is none', { 'record.json': '[]' }, '/record.json: the whole must be a JSON object'],
    [
      'no autoencoder',
      { 'autoencoder/model.safetensors': undefined },
      '/autoencoder/model.safetensors: cannot',
    ],
    ['a torn file', { 'model.safetensors': 'torn' }, '/model.safetensors: '],
  ])('%s is an error of the file', async (_, instead, message) => {
    const fetching = fetchLatentPrior('digits-latent', address, { fetch: answering(instead) })
    await expect(fetching).rejects.toThrow(FileFormatError)
    await expect(fetchLatentPrior('x', address, { fetch: answering(instead) })).rejects.toThrow(message)
  })

  test('an autoencoder of other latents is refused', async () => {
    const config = { ...coder.config, latentChannels: 2 }
    const { spec, init } = architectureOf(config)
    expect(Object.keys(spec(config))).toEqual(Object.keys(coder.params))
    const instead = {
      'autoencoder/config.json': JSON.stringify(config),
      'autoencoder/model.safetensors': writeSafetensors(init(config, randomKey(0))),
    }
    await expect(fetchLatentPrior('x', address, { fetch: answering(instead) })).rejects.toThrow(
      "'x' is for [4, 7, 7], the latents of its autoencoder are [2, 7, 7]",
    )
  })
})

test('the shipped networks come with the record of what they were trained on', () => {
  const shipped = loadShippedPrior('digits-latent')
  expect(shipped.trainedOn).toMatchObject({ predicts: 'v', clip: null, noClass: true })
  expect(shipped.autoencoder?.config).toEqual(coder.config)
  expect(loadShippedPrior('digits')).toMatchObject({ trainedOn: { predicts: 'epsilon', clip: 1 } })
  expect(loadShippedPrior('digits').autoencoder).toBeUndefined()
})
