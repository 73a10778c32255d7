import { createHash } from 'node:crypto'
import { normal, randomKey, randomWords, scope, setDefaultDevice } from '@tweedie/tensor'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { predictor } from '../architectures/predictor.ts'
import { imageSet } from '../data/images.ts'
import { loadShippedPrior } from '../priors/shipped.ts'
import { trainConfig } from './config.ts'
import { train } from './train.ts'

// What is computed, as SHA-256 of its bits on the reference device, which rounds alike on every machine. The hashes were
// recorded before networks of several architectures were trained and asked by the same code.

let former: string
beforeAll(() => {
  former = setDefaultDevice('reference')
})
afterAll(() => {
  setDefaultDevice(former)
})

/** SHA-256 of float32 values. */
const sha256 = (...parts: readonly ArrayLike<number>[]): string => {
  const hash = createHash('sha256')
  for (const values of parts) hash.update(new Uint8Array(Float32Array.from(values).buffer))
  return hash.digest('hex')
}

test('three steps of training a small ddpm', async () => {
  const model = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16], normGroups: 4 })
  const images = imageSet(Uint8Array.from(randomWords(randomKey(3), 6 * 64)), [1, 8, 8])
  const config = trainConfig({ model, steps: 3, batch: 4, shards: 2, seed: 5 })
  const seen: string[] = []
  for await (const progress of train({ config, images })) {
    const { params, ema, mean, square } = progress.state()
    seen.push(sha256(params, ema, mean, square, [progress.loss]))
  }
  expect(seen).toEqual([
    '433334c6131c9d46a7ad7262b5472e67c682167775b97c240232ef4a4293fc0e',
    'aca6e44789439d87697603f90ce8d681d0453e759278246c14e2710de0ad0d48',
    '7eabae1d22aac194638ac6693a0ab3c5e1cf1f74e1e0129de6b607de3e00b35e',
  ])
})

test('the digits network at its first and its last time', () => {
  const digits = loadShippedPrior('digits')
  const predict = predictor(digits)
  const found = scope(() => {
    const x = normal(randomKey(11), [1, 1, 28, 28])
    return [0, 999].map((t) => sha256(predict(x, t).dataSync()))
  })
  for (const tensor of Object.values(digits.params)) tensor.dispose()
  expect(found).toEqual([
    '14a3189894bb32581d0eaff6e2e4769051c6c86b2f98296c4ae3ebc96e9ee25a',
    '0d418954bf0c2905776ebfb2e3b72e04d7b56d59a5d292aa8f5d77ce2623b698',
  ])
})
