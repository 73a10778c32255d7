import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ddpmConfig, trainConfig } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { trainCommand } from './command.ts'
import { dataTable, fieldTable } from './field-docs.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../../../docs/training.md'), 'utf8')

test('docs/training.md has every field of a configuration and of its data (npm run docs renews the tables)', () => {
  expect(page).toContain(`<!-- data -->\n\n${dataTable()}\n\n<!-- /data -->`)
  expect(page).toContain(`<!-- fields -->\n\n${fieldTable()}\n\n<!-- /fields -->`)
})

test('docs/training.md names every option of the command', () => {
  const io = { cwd: '.', out: () => undefined, err: () => undefined, terminal: undefined, color: false }
  const { options } = trainCommand({ ...io, signal: new AbortController().signal })
  expect(options.length).toBeGreaterThan(20)
  const unnamed = options.filter(({ long }) => !page.includes(`${long ?? ''}`)).map(({ long }) => long)
  expect(unnamed).toEqual([])
})

test('what it says of fields that are left out is what holds', () => {
  const config: Readonly<Record<string, unknown>> = {
    ...trainConfig({ model: ddpmConfig({ sampleSize: 8, blockOutChannels: [8] }), steps: 10_000 }),
  }
  const told = [...page.matchAll(/^\| `(\w+)` \| .* \| `?([\w.-]+)[^|]*\|$/gm)].flatMap(
    ([, name = '', text = '']) =>
      typeof config[name] === 'number' && Number.isFinite(Number(text))
        ? [[name, Number(text)] as const]
        : [],
  )
  expect(told.length).toBeGreaterThanOrEqual(10)
  for (const [name, value] of told) expect(config[name], name).toBe(value)
  expect(config).toMatchObject({
    predicts: 'epsilon',
    decay: 'cosine',
    stratified: true,
    warmup: 300,
    decaySteps: 9_700,
  })
})
