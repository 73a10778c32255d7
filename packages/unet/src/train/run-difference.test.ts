import { expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import type { TrainOptions } from './config.ts'
import { trainConfig } from './config.ts'
import type { RunIdentity } from './run-difference.ts'
import { runDifference } from './run-difference.ts'

const model = ddpmConfig({ sampleSize: 4, blockOutChannels: [4], normGroups: 2 })
const run = (options: Partial<TrainOptions>): RunIdentity => ({
  config: trainConfig({ model, steps: 10, batch: 4, shards: 2, warmup: 1, decay: 'constant', ...options }),
  images: { count: 16, sha256: 'ab' },
})

test('another rate of the first step is named', () => {
  // Half of the rate in step 1 and all of it in step 2, or all of it in both.
  const difference = (step: number) => runDifference(run({ warmup: 2 }), run({ warmup: 1 }), step)
  expect([difference(0), difference(1)]).toEqual([
    undefined,
    'the learning rate of step 1 was 0.001, is now 0.002',
  ])
})

test('another rate of the last step done is named, one of a step to come is not', () => {
  // The decay begins with the whole rate in step 2: step 3 is the first with another.
  const difference = (step: number) =>
    runDifference(run({ decay: 'linear', decaySteps: 8, steps: 9 }), run({ steps: 9 }), step)
  expect([difference(2), difference(3)]).toEqual([
    undefined,
    'the learning rate of step 3 was 0.00175, is now 0.002',
  ])
})

test('fields that only one of the two has are named', () => {
  const [less, more] = [run({}), { ...run({}), config: { ...run({}).config, added: 1 } }]
  expect(runDifference(less, more, 0)).toBe('config.added was undefined, is now 1')
  expect(runDifference(more, less, 0)).toBe('config.added was 1, is now undefined')
})

test('a state of before there was a choice of targets learned the noise', () => {
  const { config, images } = run({})
  const { predicts, ...without } = config
  const old = { config: without, images } as RunIdentity
  expect(runDifference(old, run({ predicts: 'epsilon' }), 3)).toBeUndefined()
  expect(runDifference(old, run({ predicts: 'v' }), 3)).toBe('config.predicts was "epsilon", is now "v"')
})
