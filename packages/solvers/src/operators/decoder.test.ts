import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, normal, randomKey, ShapeError, scope, sin, sum } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { dps } from '../methods/index.ts'
import { gaussianNoise } from '../noise/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import type { Autoencoder, Prior } from '../types.ts'
import { isLinear } from '../types.ts'
import { compose, decoderOperator, denoise, inpaint } from './index.ts'

const plain = { dtype: 'float64', device: 'reference' } as const

/** z ↦ (sin z, z²) side by side: not linear, and without an inverse. */
const curved: Autoencoder = {
  name: 'curved',
  shape: [1, 1, 4],
  latentShape: [1, 1, 2],
  encode: (x) => x.slice(null, null, null, [0, 2]),
  decode: (z) => concat([sin(z), z.mul(z)], 3),
}

test('it is the decoder, of batches of latents alone', () => {
  const operator = decoderOperator(curved)
  expect([operator.name, operator.inShape, operator.outShape, operator.observed]).toEqual([
    'decoder of curved',
    [1, 1, 2],
    [1, 1, 4],
    4,
  ])
  expect(isLinear(operator)).toBe(false)
  expect(operator.pinv).toBeUndefined()
  const z = fromData([0.5, -1, 2, 0], [2, 1, 1, 2], plain)
  const wanted = [Math.sin(0.5), Math.sin(-1), 0.25, 1, Math.sin(2), 0, 4, 0]
  operator
    .forward(z)
    .dataSync()
    .forEach((v, i) => void expect(v).toBeCloseTo(wanted[i] ?? Number.NaN, 14))
  expect(() => operator.forward(fromData([1, 2, 3, 4], [1, 1, 1, 4], plain))).toThrow(ShapeError)
})

test('a measurement of what it makes has the gradient of finite differences', () => {
  const operator = compose(inpaint(curved.shape, { box: 1, at: [0, 1] }), decoderOperator(curved))
  expect(operator.inShape).toEqual([1, 1, 2])
  const z = normal(randomKey(3), [2, 1, 1, 2], plain)
  const v = normal(randomKey(4), [2, ...operator.outShape], plain)
  const gradient = vjp(operator.forward, z)[1](v)[0].dataSync()
  const at = (values: Float64Array) =>
    scope(() => sum(operator.forward(fromData(values, z.shape, plain)).mul(v)).dataSync()[0] ?? Number.NaN)
  const values = Float64Array.from(z.dataSync())
  gradient.forEach((found, i) => {
    const moved = (by: number) => at(values.map((value, j) => (j === i ? value + by : value)))
    expect(found).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 7)
  })
})

test('DPS on latents is the same as DPS on pictures where the decoder is a rotation', async () => {
  // D(z) = Rz: pictures under the rotated law, and the same measurement, have the rotated steps.
  const [c, s] = [0.6, 0.8]
  const rotation = fromData([c, -s, s, c], [2, 2], plain)
  const turned: Autoencoder = {
    ...{ name: 'turned', shape: [2], latentShape: [2] },
    encode: (x) => x.matmul(rotation),
    decode: (z) => z.matmul(rotation.transpose()),
  }
  const latent = gaussianPrior({
    mean: [0.3, -0.2],
    covariance: [
      [1, 0],
      [0, 0.25],
    ],
  })
  const prior: Prior = {
    ...{ name: 'rotated', shape: [2], schedule: latent.schedule },
    denoise: (x, t) => turned.decode(latent.denoise(turned.encode(x), t)),
  }
  const y = fromData([0.4, 1], [1, 2], plain)
  const noise = gaussianNoise(0.1)
  const at = denoise([2])
  // One start for both, turned for the pictures, and no noise on the way.
  const start = normal(randomKey(9), [1, 2], plain)
  const settings = (x: Tensor) => ({ steps: 20, eta: 0, scale: 0.3, resume: { next: 0, state: { x } } })
  const latentProblem = { operator: compose(at, decoderOperator(turned)), noise, y }
  const z = await run(dps(latentProblem, latent, settings(start)))
  const direct = await run(dps({ operator: at, noise, y }, prior, settings(turned.decode(start))))
  const [found, wanted] = [turned.decode(z).dataSync(), direct.dataSync()]
  found.forEach((v, i) => void expect(Math.abs(v - (wanted[i] ?? Number.NaN))).toBeLessThan(1e-9))
  // It went somewhere: without the measurement it would end elsewhere.
  const free = await run(dps(latentProblem, latent, { ...settings(start), scale: 1e-9 }))
  expect(Math.abs(free.dataSync()[0]! - z.dataSync()[0]!)).toBeGreaterThan(0.05)
})
