// Trainings of networks with variants: they start from a key and move every parameter, and what they cannot be told is
// refused before the first step.
import { randomKey, randomWords } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { DdpmVariant } from '../architectures/ddpm/config.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmSpec } from '../architectures/ddpm/spec.ts'
import { imageSet } from '../data/images.ts'
import { trainConfig } from './config.ts'
import { paramsFromVector } from './flat.ts'
import { linearNoise, noiseTable } from './schedule.ts'
import { checkTimes } from './told-times.ts'
import { initialState, train } from './train.ts'

const options = { steps: 1, batch: 4, shards: 2, timesteps: 20, warmup: 0, seed: 1 } as const
const labels = Uint8Array.from([0, 1, 2, 0, 1, 2])
const images = { ...imageSet(Uint8Array.from(randomWords(randomKey(3), 6 * 48)), [3, 4, 4]), labels }
const withVariant = (variant: Partial<DdpmVariant>) =>
  ddpmConfig({
    ...{ sampleSize: 4, inChannels: 3, blockOutChannels: [8, 8], normGroups: 4, midAttention: false },
    ...{ downAttention: [true, false], upAttention: [false, false], variant },
  })

test.each<[Partial<DdpmVariant>]>([
  [{ downBlocks: ['resnet', 'conv'], upBlocks: ['resnet', 'conv'], scaleShift: true, numClasses: 4 }],
  [{ upBlocks: ['skip', 'skip'], activation: 'gelu', midScale: 2 }],
  [{ timeEmbedding: 'learned', timesteps: 20, midBlock: false, activation: 'mish', centerInput: true }],
])('%o: a step moves every parameter', async (variant) => {
  const model = withVariant(variant)
  // Where there are classes, the last is none.
  const config = trainConfig({ ...options, model, ...(variant.numClasses && { labelDrop: 0.5 }) })
  const before = initialState(config).params.slice()
  const steps = train({ config, images })
  let { value } = await steps.next()
  while (value !== undefined && !('params' in value)) value = (await steps.next()).value
  const [from, to] = [before, value!.params].map((vector) => paramsFromVector(ddpmSpec(model), vector))
  for (const name of Object.keys(ddpmSpec(model))) {
    const moved = to![name]!.sub(from![name]!).dataSync()
    expect(moved.every(Number.isFinite), name).toBe(true)
    expect(
      moved.some((v) => v !== 0),
      name,
    ).toBe(true)
  }
})

describe('times', () => {
  const table = noiseTable(linearNoise(20), 20)
  const told = (variant: Partial<DdpmVariant>, predicts: 'epsilon' | 'edm' = 'epsilon') => ({
    ...{ model: withVariant(variant), predicts, timesteps: 20 },
  })

  test('that the network cannot be told are refused before the first step', async () => {
    const learned = { timeEmbedding: 'learned', timesteps: 19 } as const
    const message =
      "model: the timeEmbedding 'learned' has a table of the times 0 … 18; this training would tell it 19"
    expect(() => checkTimes(told(learned), table)).toThrow(message)
    const config = trainConfig({ ...options, model: withVariant(learned) })
    await expect(train({ config, images }).next()).rejects.toThrow(message)
    expect(() => checkTimes(told({ timeEmbedding: 'learned', timesteps: 30 }, 'edm'), table)).toThrow(
      'this training would tell it -',
    )
    expect(() => checkTimes(told({ timeEmbedding: 'fourier' }), table)).toThrow(
      "model: the timeEmbedding 'fourier' takes the logarithm of its time, which must be above 0; this training would tell it 0",
    )
  })

  test('are noise levels where the table says so', () => {
    const levels = { ...table, time: Float64Array.from({ length: 20 }, (_, i) => 0.01 + i) }
    expect(() => checkTimes(told({ timeEmbedding: 'fourier' }), levels)).not.toThrow()
    expect(() => checkTimes(told({ timeEmbedding: 'learned', timesteps: 20 }), levels)).toThrow(
      'this training would tell it 0.01',
    )
    expect(() => checkTimes(told({ activation: 'relu' }), levels)).not.toThrow()
  })
})
