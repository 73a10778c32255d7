// Parity with diffusers for options off their defaults: made by tests/fixtures/ddpm-options/make_ddpm_options.py.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { vjp } from '@tweedie/autograd'
import type { DType, Tensor } from '@tweedie/tensor'
import { fromData, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import type { Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { ddpmConfigFromDiffusers } from './diffusers.ts'
import { ddpmForward } from './forward.ts'
import { ddpmSpec } from './spec.ts'

const folder = resolve(import.meta.dirname, '../../../../../tests/fixtures/ddpm-options')
const cases = ['published', 'shifted', 'sines-first', 'wide-eps', 'wide-eps-up', 'zeros-at-the-end']

function load(name: string, dtype: DType, device: string) {
  const config = ddpmConfigFromDiffusers(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
  const file = parseSafetensors(readFileSync(join(folder, `${name}.safetensors`)), name)
  const io: Record<string, Tensor> = Object.fromEntries(
    file.entries.map((e) => [e.name, fromData(file.values(e.name), e.shape, { dtype, device })]),
  )
  return { config, io, params: hashedParams(ddpmSpec(config), { dtype, device }) }
}

// The angles of the time embedding are float32 in diffusers: 21 · 2⁻²⁴ of an angle is 1.3e-6.
describe.each<[string, DType, number]>([
  ['wasm', 'float32', 2e-4],
  ['reference', 'float64', 1e-5],
])('parity on %s in %s', (device, dtype, tolerance) => {
  test.each(cases)('%s: output, gradients in x and in parameters', (name) => {
    scope(() => {
      const { config, params, io } = load(name, dtype, device)
      const { x, t, out, cotangent, vjp: expected } = io
      const [value, pullback] = vjp((p: Params, v: Tensor) => ddpmForward(p, config, v, t!), params, x!)
      const [dp, dx] = pullback(cotangent!)
      expect(relativeError(value, out!)).toBeLessThan(tolerance)
      expect(relativeError(dx, expected!)).toBeLessThan(tolerance)
      const checked = Object.keys(io).filter((key) => key.startsWith('grad:'))
      expect(checked.length).toBe(3)
      for (const key of checked)
        expect(relativeError(dp[key.slice(5)]!, io[key]!), key).toBeLessThan(tolerance)
    })
  })
})
