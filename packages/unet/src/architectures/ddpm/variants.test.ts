// Parity with diffusers of everything that is otherwise than in arXiv 2006.11239; the table in make.py says which case has what.
import { join } from 'node:path'
import { checkGrads, vjp } from '@tweedie/autograd'
import type { DType, Tensor } from '@tweedie/tensor'
import { memory, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { loadNetwork } from '../../models/folder.ts'
import type { Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { ddpm } from './architecture.ts'
import { ddpmForward } from './forward.ts'
import { ddpmSpec } from './spec.ts'
import {
  savedShapes,
  variantCases,
  variantConfig,
  variantIo,
  variantsFolder,
} from './variants.test.helper.ts'

test.each(variantCases)('%s: the spec names what diffusers stores', (name) => {
  expect(ddpmSpec(variantConfig(name))).toEqual(savedShapes(name))
})

// The angles of `positional` are float32 in diffusers: 21 · 2⁻²⁴ of an angle is 1.3e-6.
describe.each<[string, DType, number]>([
  ['wasm', 'float32', 2e-4],
  ['reference', 'float64', 1e-5],
])('parity on %s in %s', (device, dtype, tolerance) => {
  test.each(variantCases)('%s: output, gradients in x and in parameters', (name) => {
    const before = memory().tensors
    scope(() => {
      const config = variantConfig(name)
      const params = hashedParams(ddpmSpec(config), { dtype, device })
      const { x, t, labels, out, cotangent, vjp: expected, ...gradients } = variantIo(name, dtype, device)
      const run = (p: Params, v: Tensor) => ddpm.forward(p, config, v, t, labels)
      const [value, pullback] = vjp(run, params, x)
      const [dp, dx] = pullback(cotangent)
      expect(relativeError(value, out)).toBeLessThan(tolerance)
      expect(relativeError(dx, expected)).toBeLessThan(tolerance)
      const checked = Object.entries(gradients)
      expect(checked.length).toBeGreaterThanOrEqual(2)
      for (const [key, wanted] of checked)
        expect(relativeError(dp[key.slice('grad:'.length)]!, wanted), key).toBeLessThan(tolerance)
    })
    expect(memory().tensors).toBe(before)
  })
})

test('what save_pretrained wrote loads, and runs as in PyTorch', () => {
  scope(() => {
    const { config, params } = loadNetwork(join(variantsFolder, 'saved'))
    expect(config).toEqual(variantConfig('scale-shift'))
    const { x, t, out } = variantIo('scale-shift', 'float32', 'wasm')
    if (config.architecture !== 'ddpm') throw new Error('it is a ddpm')
    expect(relativeError(ddpm.forward(params, config, x, t), out)).toBeLessThan(2e-4)
  })
})

test.each(['all-ways', 'consistency', 'fourier', 'identity', 'no-middle'])(
  '%s: one time and label for all is the same as one each',
  (name) => {
    scope(() => {
      const config = variantConfig(name)
      const params = hashedParams(ddpmSpec(config), { dtype: 'float32', device: 'wasm' })
      const { x, t, labels, out } = variantIo(name, 'float32', 'wasm')
      const time = t.dataSync()[1]!
      const all = ddpm.forward(params, config, x, time, labels?.slice([1, 2]))
      expect(relativeError(all.slice([1, 2]), out.slice([1, 2]))).toBeLessThan(2e-4)
      // Some of ours are tensors of one time.
      const same = ddpm.forward(params, config, x, t.slice([1, 2]), labels?.slice([1, 2]))
      expect(same.dataSync()).toEqual(all.dataSync())
    })
  },
)

// Of three that have much between them; the layers have checks of their own.
test.each(['skip-mixed', 'fourier', 'no-middle'])('%s: derivatives against finite differences', (name) => {
  scope(() => {
    const config = variantConfig(name)
    const { 'time_proj.weight': table, ...params } = hashedParams(ddpmSpec(config), {
      dtype: 'float64',
      device: 'reference',
    })
    const { x, t, labels } = variantIo(name, 'float64', 'reference')
    const run = (p: Params, v: Tensor) =>
      ddpm
        .forward(
          { ...p, ...(table && { 'time_proj.weight': table }) },
          config,
          v,
          t.slice([0, 1]),
          labels?.slice([0, 1]),
        )
        .sum()
    checkGrads(run, [params, x.slice([0, 1])], { order: 1, step: 1e-6, tolerance: 1e-5 })
  })
})

test('the multiples of `fourier` stay as they are in a training, as in PyTorch', () => {
  scope(() => {
    const config = variantConfig('fourier')
    const params = hashedParams(ddpmSpec(config), { dtype: 'float32', device: 'wasm' })
    const { x, t, labels, cotangent } = variantIo('fourier', 'float32', 'wasm')
    const [, pullback] = vjp((p: Params) => ddpm.forward(p, config, x, t, labels), params)
    const [dp] = pullback(cotangent)
    expect(dp['time_proj.weight']!.dataSync().every((v) => v === 0)).toBe(true)
    expect(dp['time_embedding.linear_1.weight']!.dataSync().some((v) => v !== 0)).toBe(true)
  })
})

test('a network without a variant is the plain one, bit for bit; the plain one refuses others', () => {
  scope(() => {
    const plain = variantConfig('old-names')
    expect(plain.variant).toBeUndefined()
    const params = hashedParams(ddpmSpec(plain), { dtype: 'float32', device: 'wasm' })
    const { x, t } = variantIo('old-names', 'float32', 'wasm')
    expect(ddpm.forward(params, plain, x, t).dataSync()).toEqual(ddpmForward(params, plain, x, t).dataSync())
    const varied = variantConfig('own-groups')
    expect(() => ddpmForward(params, varied, x, t)).toThrow('config: has a variant, which ddpm.forward runs')
  })
})
