import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listPriors, loadPrior } from '@tweedie/runs/node'
import { diffpir, filteredBackProjection, gaussianNoise, run, tomography } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, randomKey, scope } from '@tweedie/tensor'
import type { ImageSet, Values } from '@tweedie/unet'
import { evaluate, readImage } from '@tweedie/unet'
import { loadShippedPrior, readDataSet, shippedFolder, shippedPriors } from '@tweedie/unet/node'
import type { TestContext } from 'vitest'
import { expect, test } from 'vitest'
import { skipUnlessShared } from './shared.ts'

// The shipped prior of X-rays, on pictures that it was not trained on.

const shape = [1, 28, 28] as const

async function held(context: TestContext): Promise<ImageSet<Values>> {
  const path = skipUnlessShared(context, 'data', 'pneumoniamnist', 'pneumoniamnist.npz')
  const { test: images } = await readDataSet({ path }, { shape, labels: false })
  if (images === undefined) throw new Error(`${path} has no test images`)
  return images
}

const bytesOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)

test('the priors that ship weigh less than 14 MB together, that of X-rays less than 2 MB', () => {
  expect(shippedPriors()).toEqual(['digits', 'digits-latent', 'photos', 'xray'])
  const bytes = shippedPriors().map((name) => bytesOf(shippedFolder(name) ?? ''))
  expect(bytes.reduce((a, b) => a + b, 0)).toBeLessThan(14e6)
  expect(bytes.at(-1)).toBeLessThan(2e6)
})

test('says what it was trained on, and by what', async () => {
  expect(await listPriors()).toContainEqual({
    ...{ name: 'xray', shape: [...shape], parameters: 873_001 },
    title: expect.stringContaining('trained on 3872 images: 3,882 images of 28×28 in pneumoniamnist'),
  })
  const { record, trainedOn } = loadShippedPrior('xray')
  expect(trainedOn).toMatchObject({ predicts: 'epsilon', clip: 1 })
  const path = join(import.meta.dirname, '../packages/unet/scripts/xray-more.json')
  const { data: _, ...config } = JSON.parse(readFileSync(path, 'utf8'))
  expect(record.config).toMatchObject(config)
  expect(record.command).toContain('--config packages/unet/scripts/xray-more.json')
})

test('its error on held-out X-rays is what its record says', async (context) => {
  const images = await held(context)
  const { config, params, record } = loadShippedPrior('xray')
  const { mse, byQuarter, count, seed } = record.evaluation ?? expect.unreachable('there is no evaluation')
  expect(count).toBe(images.count)
  const found = evaluate(params, config, images, { seed })
  // The record is of parameters before they were rounded to float16.
  expect(Math.abs(found.mse / mse - 1)).toBeLessThan(1e-3)
  found.byQuarter.forEach((error, q) =>
    expect(Math.abs((error ?? 0) / (byQuarter[q] ?? 0) - 1)).toBeLessThan(1e-2),
  )
  // A Gaussian with the mean and the covariance of the training pictures has 0.0324 on the noise of docs/xray.md.
  expect(mse).toBeLessThan(0.0305)
})

test('restores X-rays from six views better than the prior of digits, and than filtered back-projection', async (context) => {
  const images = await held(context)
  const places = [0, 150, 300, 450]
  const values = new Float32Array(places.length * 784)
  places.forEach((i, n) => readImage(images, i, values, n * 784))
  using truth = fromData(values, [places.length, ...shape])
  const options = { angles: 6 }
  const [operator, noise] = [tomography(shape, options), gaussianNoise(0.02)]
  const keys = places.map((i) => randomKey(0).fold('xray').fold(i))
  using y = scope(() => noise.sample(keys, operator.forward(truth)))
  const psnr = (x: Tensor) =>
    scope(() => -10 * Math.log10(Number(x.clamp(-1, 1).sub(truth).square().mean().dataSync()[0]) / 4))
  const by = async (name: string) => {
    using x = await run(
      diffpir({ operator, noise, y }, await loadPrior(name), { steps: 30, zeta: 1, lambda: 1 }),
    )
    return psnr(x)
  }
  const [own, other] = [await by('xray'), await by('digits')]
  const back = psnr(scope(() => filteredBackProjection(shape, options, 'hann')(y)))
  expect(own - back).toBeGreaterThan(4)
  expect(own - other).toBeGreaterThan(8)
})
