import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { cast, fromData, OptionError, ShapeError, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { admClassifierConfig, admClassifierForward, admClassifierSpec } from './classifier.ts'
import { admConfig } from './config.ts'
import { admSpec } from './spec.ts'
import { admSuperRes } from './super-res.ts'

// Outputs and gradients of guided-diffusion's own EncoderUNetModel and SuperResModel.

const folder = resolve(import.meta.dirname, '../../../../../tests/fixtures/adm-others')
const options = { dtype: 'float32', device: 'wasm' } as const

function read(name: string) {
  const file = parseSafetensors(readFileSync(join(folder, `${name}.safetensors`)), name)
  const io = Object.fromEntries(
    file.entries.map((e) => [e.name, fromData(file.values(e.name), e.shape, options)]),
  ) as Record<'x' | 't' | 'out' | 'cotangent' | 'vjp' | 'low_res', Tensor> & { readonly y?: Tensor }
  return { ...io, json: JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) }
}

/** PyTorch's float32: of angles up to 1000 in the embedding of time 6e-5 are rounded off. */
const tolerance = 5e-5

function compared(
  run: (x: Tensor) => Tensor,
  { x, out, cotangent, vjp: expected }: Pick<ReturnType<typeof read>, 'x' | 'out' | 'cotangent' | 'vjp'>,
): void {
  const [value, pullback] = vjp(run, x)
  expect(value.shape).toEqual(out.shape)
  expect(relativeError(value, out)).toBeLessThan(tolerance)
  expect(relativeError(pullback(cotangent)[0], expected)).toBeLessThan(tolerance)
}

describe('the classifier', () => {
  test.each(['adaptive', 'attention', 'spatial', 'spatial-v2'])('by %s: log-odds and gradient', (pool) => {
    scope(() => {
      const { json, t, ...io } = read(`classifier-${pool}`)
      const config = admClassifierConfig(json)
      const params = hashedParams(admClassifierSpec(config), options)
      compared((x) => admClassifierForward(params, config, x, t), io)
    })
  })

  test('what does not fit is refused', () => {
    const given = { imageSize: 8, modelChannels: 32, channelMult: [1], outChannels: 3 }
    expect(() => admClassifierConfig({ ...given, pool: 'attention' })).toThrow(
      "numHeadChannels: is needed where the pool is 'attention'",
    )
    expect(() => admClassifierConfig({ ...given, numClasses: 3 })).toThrow(OptionError)
    expect(() => admClassifierConfig({ ...given, pool: 'mean' as 'spatial' })).toThrow(
      "pool: must be adaptive | attention | spatial | spatial_v2, got 'mean'",
    )
    const config = admClassifierConfig(given)
    expect(() => admClassifierForward({}, config, zeros([1, 1, 8, 8]), 5)).toThrow(ShapeError)
  })
})

describe('SuperResModel', () => {
  test.each(['super-res', 'super-res-class'])('%s: output and gradient beside a small picture', (name) => {
    scope(() => {
      const { json, t, low_res: low, y, ...io } = read(name)
      const config = admConfig(json)
      const params = hashedParams(admSpec(config), options)
      compared((x) => admSuperRes(params, config, x, t, low, y && cast(y, 'int32')), io)
    })
  })

  test('what does not fit is refused', () => {
    const config = admConfig({ imageSize: 8, modelChannels: 32, channelMult: [1], inChannels: 6 })
    const x = zeros([2, 3, 8, 8])
    expect(() => admSuperRes({}, config, zeros([2, 6, 8, 8]), 5, x)).toThrow('x must be [N, 3, H, W]')
    expect(() => admSuperRes({}, config, x, 5, zeros([1, 3, 4, 4]))).toThrow('lowRes must be [2, 3, h, w]')
  })
})
