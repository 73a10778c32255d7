import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { architectureOf, networkConfig } from '../architectures/catalog.ts'
import { countParams } from '../params.ts'
import { scheduleOf, trainConfig } from './config.ts'
import { noiseTable } from './schedule.ts'

const path = resolve(import.meta.dirname, '../../scripts/photos.json')

test('the configuration of the prior photos is one, of less than 8 MB, up to more noise than there is signal', () => {
  const { model, ...rest } = JSON.parse(readFileSync(path, 'utf8'))
  const config = trainConfig({ ...rest, model: networkConfig(model, path) })
  expect(config).toMatchObject({ predicts: 'edm', greyPart: 0.25 })
  const { spec, divisor } = architectureOf(config.model)
  expect(divisor(config.model)).toBe(8)
  expect(2 * countParams(spec(config.model))).toBeLessThan(8e6)
  const { sigma } = noiseTable(scheduleOf(config), config.timesteps)
  expect(sigma[0]).toBeLessThan(0.004)
  expect(sigma.at(-1)).toBeGreaterThan(30)
})
