import { FileFormatError } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { folderOf } from './folders.test.helper.ts'
import { findModel } from './model.ts'

const levels = (sigmaMin: number, sigmaMax: number) => ({ kind: 'edm', sigmaMin, sigmaMax })
const drunet = { architecture: 'drunet', inChannels: 3, outChannels: 3, widths: [4], numBlocks: 1 }
const whole = { ...drunet, bias: true, conditioning: 'map' }
const dncnn = { architecture: 'dncnn', inChannels: 1, outChannels: 1, width: 4, depth: 3 }
const bfCnn = { ...dncnn, architecture: 'bf_cnn' }
const found = (config: unknown, record?: unknown) =>
  findModel(folderOf({ 'config.json': config, ...(record === undefined ? {} : { 'record.json': record }) }))

test('the record of a training on noise levels says their range, and whether grey pictures were shown', () => {
  const config = {
    timesteps: 50,
    predicts: 'edm',
    noiseLevels: { min: 0.01, max: 20, logMean: 0, logStd: 1 },
  }
  const of = (more: object) => found(whole, { config: { ...config, ...more } })?.training
  expect(of({})).toMatchObject({
    kind: 'record',
    trainedOn: { schedule: levels(0.01, 20), predicts: 'edm', clip: 1 },
  })
  expect(of({ greyPart: 0.25 })?.trainedOn.grey).toBe(true)
  expect(of({ greyPart: 0 })?.trainedOn.grey).toBe(false)
  expect(of({})?.trainedOn.grey).toBeUndefined()
})

test.each<[object, string]>([
  [{ noiseLevels: [0.1, 1] }, 'noiseLevels must be a JSON object, got [0.1, 1]'],
  [{ noiseLevels: { min: 0, max: 1 } }, 'min: must be a number from '],
  [{ noiseLevels: { min: 0.5, max: 0.1 } }, 'max: must be a number from 0.5 to '],
  [{ noiseLevels: { min: 0.5 } }, 'max: is missing'],
  [{ greyPart: 'some' }, "greyPart: must be a number from 0 to 1, got 'some'"],
])('a record with %j is refused', (more, message) => {
  const run = () => found(whole, { config: { timesteps: 50, predicts: 'edm', ...more } })
  expect(run).toThrow(message)
  expect(run).toThrow(FileFormatError)
})

test('a published denoiser works on [0, 1], at the levels that its config.json says or that are usual', () => {
  for (const [config, largest] of [
    [whole, 50],
    [{ ...dncnn, norm: false, conditioning: 'blind' }, 55],
    [bfCnn, 100],
  ] as const) {
    const usual = found(config)?.training
    expect(usual).toMatchObject({
      kind: 'usual',
      trainedOn: { schedule: levels(0, (2 * largest) / 255), predicts: 'x0', unit: true, clip: 1 },
    })
    expect(usual?.notes[0]).toMatch(`taken is that of the published networks, 0 to ${largest} of 255`)
    const one = found({ ...config, noiseRange: [25, 25] })
    expect(one?.training?.trainedOn.schedule).toEqual(levels(50 / 255, 50 / 255))
    expect(one?.training?.notes[0]).toMatch('denoises noise of standard deviation 25 to 25 of 255')
    expect(one?.config).toEqual(found(config)?.config)
  }
})

test.each<[unknown, string]>([
  [[0], 'noiseRange: must be a list of 2, each a number from 0 to 255, got [0]'],
  [[50, 25], 'noiseRange: must be the least and the largest, above 0, got [50, 25]'],
  [[0, 0], 'noiseRange: must be the least and the largest, above 0, got [0, 0]'],
  [25, 'noiseRange: must be a list of 2'],
])('a noiseRange of %j is refused', (noiseRange, message) => {
  expect(() => found({ ...whole, noiseRange })).toThrow(message)
})
