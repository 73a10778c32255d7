import { normal, randomKey, scope } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { ddpmConfig } from './config.ts'
import { initDdpm } from './init.ts'

test('tables are N(0, 1), the multiples of `fourier` N(0, 16²), each from a stream of its own', () => {
  scope(() => {
    const host = { device: 'reference' }
    const key = randomKey(4)
    const variants = [
      [{ numClasses: 5 }, 'class_embedding.weight', [5, 16], 1],
      [{ timeEmbedding: 'learned', timesteps: 7 }, 'time_proj.weight', [7, 4], 1],
      [{ timeEmbedding: 'fourier' }, 'time_proj.weight', [4], 16],
    ] as const
    for (const [variant, name, shape, deviation] of variants) {
      const params = initDdpm(
        ddpmConfig({ sampleSize: 2, blockOutChannels: [4], normGroups: 2, variant }),
        key,
        host,
      )
      expect(params[name]!.shape).toEqual(shape)
      const drawn = normal(key.fold(name), shape, host).mul(deviation)
      expect(params[name]!.dataSync()).toEqual(drawn.dataSync())
    }
  })
})
