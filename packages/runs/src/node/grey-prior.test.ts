import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { greyOf } from '@tweedie/solvers'
import { normal, randomKey, scope } from '@tweedie/tensor'
import { drunet, drunetConfig, writeSafetensors } from '@tweedie/unet'
import { afterAll, expect, test } from 'vitest'
import { loadPrior } from './priors.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-grey-'))
afterAll(() => rmSync(folder, { recursive: true }))

const config = drunetConfig({ sampleSize: 8, widths: [4, 4], numBlocks: 1, bias: true, conditioning: 'gain' })
const write = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text)
write('config.json', JSON.stringify(config))
write('model.safetensors', writeSafetensors(drunet.init(config, randomKey(1))))
const trained = { timesteps: 10, predicts: 'edm', noiseLevels: { min: 0.01, max: 50 } }

test('NAME:grey is the prior of grey pictures in one of colour, at any size', async () => {
  write('record.json', JSON.stringify({ config: { ...trained, greyPart: 0.25 } }))
  const grey = await loadPrior(`${folder}:grey@4x6`)
  const colour = await loadPrior(`${folder}@4x6`)
  expect([grey.shape, colour.shape]).toEqual([
    [1, 4, 6],
    [3, 4, 6],
  ])
  expect((await loadPrior(`${folder}:grey`)).shape).toEqual([1, 8, 8])
  scope(() => {
    const x = normal(randomKey(2), [2, 1, 4, 6])
    const t = grey.schedule.timeOfNoiseLevel(0.5)
    expect(grey.denoise(x, t).dataSync()).toEqual(greyOf(colour).denoise(x, t).dataSync())
  })
})

test('one that was trained on colour alone is none of grey pictures', async () => {
  write('record.json', JSON.stringify({ config: trained }))
  await expect(loadPrior(`${folder}:grey`)).rejects.toThrow('was not trained on grey pictures in colour')
  await expect(loadPrior('digits:grey')).rejects.toThrow(
    "prior: 'digits:grey' was not trained on grey pictures in colour; leave :grey away",
  )
})
