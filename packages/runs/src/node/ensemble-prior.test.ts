import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gaussianPrior, selfEnsemble } from '@tweedie/solvers'
import { normal, OptionError, randomKey, scope } from '@tweedie/tensor'
import { drunet, drunetConfig, writeSafetensors } from '@tweedie/unet'
import { afterAll, expect, test } from 'vitest'
import { loadPrior, openPrior, priorText, priorTextAt } from './priors.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-ensemble-'))
afterAll(() => rmSync(folder, { recursive: true }))

const config = drunetConfig({ sampleSize: 8, widths: [4, 4], numBlocks: 1, bias: true, conditioning: 'gain' })
const write = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text)
write('config.json', JSON.stringify(config))
write('model.fp16.safetensors', writeSafetensors(drunet.init(config, randomKey(1))))
const trained = { timesteps: 10, predicts: 'edm', noiseLevels: { min: 0.01, max: 50 }, greyPart: 0.25 }
write('record.json', JSON.stringify({ config: trained }))

test('NAME:ensemble=N is the mean of so many views, at any size, of grey pictures too', async () => {
  const text = (name: string) => priorText(`${folder}${name}`, { ensemble: 8, variant: 'fp16' })
  expect(text(':grey@4x6')).toBe(`${folder}:grey@4x6:ensemble=8,variant=fp16`)
  const plain = (size: string) => loadPrior(`${folder}:grey@${size}:variant=fp16`)
  const [wide, tall] = [await plain('4x6'), await plain('6x4')]
  const x = normal(randomKey(2), [2, 1, 4, 6])
  const t = wide.schedule.timeOfNoiseLevel(0.5)
  const expected = selfEnsemble(wide, 8, { exchanged: tall }).denoise(x, t).dataSync()
  expect((await loadPrior(text(':grey@4x6'))).denoise(x, t).dataSync()).toEqual(expected)
  expect(expected).not.toEqual(wide.denoise(x, t).dataSync())
  const { sizes } = await openPrior(text(':grey'))
  expect(scope(() => sizes!.at([4, 6]).denoise(x, t).dataSync())).toEqual(expected)
})

test('the text of a prior at a size keeps what was chosen of it', () => {
  expect(priorTextAt('photos', [8, 8])).toBe('photos@8')
  expect(priorTextAt('photos:grey:ensemble=4', [8, 16])).toBe('photos:grey@8x16:ensemble=4')
  expect(priorTextAt('mine:key=ema,scheduler=a.json', [8, 8])).toBe('mine@8:key=ema,scheduler=a.json')
})

test('a shipped prior has views, and one of the caller; a prior on latents has none, and there are none of three', async () => {
  expect((await loadPrior('digits:ensemble=2')).shape).toEqual([1, 28, 28])
  const own = gaussianPrior({ shape: [1, 1, 2], mean: [1, 0], covariance: 1e-9 })
  const added = { mine: async () => own }
  const even = await loadPrior('mine:ensemble=2', { added })
  expect(even.denoise(normal(randomKey(1), [1, 1, 1, 2]), 500).dataSync()[1]).toBeCloseTo(0.5, 4)
  await expect(loadPrior('digits-latent:ensemble=2')).rejects.toThrow(
    "'digits-latent:ensemble=2' is not on pictures, which alone can be mirrored",
  )
  await expect(loadPrior('digits:ensemble=3')).rejects.toThrow(
    new OptionError('prior', 'ensemble must be 1, 2, 4, 8, got 3'),
  )
  await expect(loadPrior('digits:ensemble=2,variant=fp16')).rejects.toThrow("'digits' is shipped")
})
