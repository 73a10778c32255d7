import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { architectureOf, networkConfig } from '../architectures/catalog.ts'
import { countParams } from '../params.ts'
import { scheduleOf, trainConfig } from './config.ts'
import { noiseTable } from './schedule.ts'

test.each([
  ['photos.json', 0.25, 30],
  ['photos-more.json', 0.4, 20],
])(
  '%s of the prior photos is a configuration of less than 8 MB, up to more noise than there is signal',
  (file, greyPart, most) => {
    const path = resolve(import.meta.dirname, '../../scripts', file)
    const { model, ...rest } = JSON.parse(readFileSync(path, 'utf8'))
    const config = trainConfig({ ...rest, model: networkConfig(model, path) })
    expect(config).toMatchObject({ predicts: 'edm', greyPart })
    const { spec, divisor } = architectureOf(config.model)
    expect(divisor(config.model)).toBe(8)
    expect(2 * countParams(spec(config.model))).toBeLessThan(8e6)
    const { sigma } = noiseTable(scheduleOf(config), config.timesteps)
    expect(sigma[0]).toBeLessThan(0.004)
    expect(sigma.at(-1)).toBeGreaterThan(most)
  },
)
