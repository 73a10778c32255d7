import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { checkGrads, vjp } from '@tweedie/autograd'
import type { DType, Tensor } from '@tweedie/tensor'
import { cast, fromData, memory, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import type { Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { admForward } from './forward.ts'
import { admConfigFromGuided } from './guided.ts'
import { admSpec } from './spec.ts'

const folder = resolve(import.meta.dirname, '../../../../../tests/fixtures/adm-tiny')

/** Class labels, both orders of qkv, heads of the way up, and resampling without weights, among the rest. */
const cases = ['adaptive', 'additive', 'one-level']

function load(name: string, dtype: DType, device: string) {
  const config = admConfigFromGuided(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
  const file = parseSafetensors(readFileSync(join(folder, `${name}.safetensors`)), name)
  const io = Object.fromEntries(
    file.entries.map((e) => [e.name, fromData(file.values(e.name), e.shape, { dtype, device })]),
  )
  const named = io as Record<'x' | 't' | 'out' | 'cotangent' | 'vjp', Tensor>
  const y = io['y'] === undefined ? undefined : cast(io['y'], 'int32')
  return { ...named, config, params: hashedParams(admSpec(config), { dtype, device }), io, y }
}

describe.each<[string, DType, number]>([
  ['wasm', 'float32', 2e-4],
  ['reference', 'float64', 2e-6],
])('PyTorch parity on %s in %s', (device, dtype, tolerance) => {
  test.each(cases)('%s: output, gradients in x and in parameters', (name) => {
    const before = memory().tensors
    scope(() => {
      const { config, params, io, x, t, y, out, cotangent, vjp: dxExpected } = load(name, dtype, device)
      const [value, pullback] = vjp((p: Params, v: Tensor) => admForward(p, config, v, t, y), params, x)
      const [dp, dx] = pullback(cotangent)
      expect(relativeError(value, out)).toBeLessThan(tolerance)
      expect(relativeError(dx, dxExpected)).toBeLessThan(tolerance)
      const checked = Object.keys(io).filter((key) => key.startsWith('grad:'))
      expect(checked.length).toBe(y === undefined ? 3 : 4)
      for (const key of checked)
        expect(relativeError(dp[key.slice(5)]!, io[key]!), key).toBeLessThan(tolerance)
    })
    expect(memory().tensors).toBe(before)
  })
})

test.each(cases)('%s: one time and label for all is the same as one each', (name) => {
  scope(() => {
    const { config, params, x, out, y } = load(name, 'float32', 'wasm')
    const label = y === undefined ? undefined : 0 // as in the second image, whose time is 621
    const all = admForward(params, config, x, 621, label)
    expect(relativeError(all.slice([1, 2]), out.slice([1, 2]))).toBeLessThan(2e-4)
  })
})

test('labels of int64 files, which arrive as float64, are those of int32', () => {
  scope(() => {
    const { config, params, x, t, y } = load('adaptive', 'float32', 'wasm')
    if (y === undefined) throw new Error('the case has labels')
    const run = (labels: Tensor | number) => admForward(params, config, x, t, labels).dataSync()
    expect(run(cast(y, 'float64'))).toEqual(run(y))
    expect(run(cast(y, 'float32'))).toEqual(run(y))
    expect(run(y)).not.toEqual(run(0))
  })
})

test.each(cases)('%s: gradients in every parameter and in x against finite differences', (name) => {
  scope(() => {
    const { config, params, x, t, y } = load(name, 'float64', 'reference')
    const small = x.slice(null, null, [0, 4], [0, 4])
    checkGrads((p: Params, v: Tensor) => admForward(p, config, v, t, y).sum(), [params, small], {
      order: 1,
      step: 1e-6,
      tolerance: 1e-5,
    })
  })
})
