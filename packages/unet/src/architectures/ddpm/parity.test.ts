import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { availableDevices, memory, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors, safetensorsToTensors } from '../../checkpoint/safetensors.ts'
import type { Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { ddpmConfigFromDiffusers } from './diffusers.ts'
import { ddpmForward } from './forward.ts'
import { ddpmSpec } from './spec.ts'

const folder = resolve(import.meta.dirname, '../../../../../tests/fixtures/ddpm-tiny')
const config = ddpmConfigFromDiffusers(JSON.parse(readFileSync(join(folder, 'ddpm-tiny.json'), 'utf8')))
const load = (file: string, device: string) =>
  safetensorsToTensors(parseSafetensors(readFileSync(join(folder, file)), file), { device })

test('the spec names what diffusers stores', () => {
  const { entries } = parseSafetensors(
    readFileSync(join(folder, 'ddpm-tiny.safetensors')),
    'ddpm-tiny.safetensors',
  )
  const stored = Object.fromEntries(entries.map(({ name, shape }) => [name, shape]))
  expect(ddpmSpec(config)).toEqual(stored)
})

describe.each(availableDevices().filter((name) => name !== 'gpu'))('diffusers parity on %s', (device) => {
  const params = load('ddpm-tiny.safetensors', device)
  const io = load('ddpm-tiny-io.safetensors', device) as Record<
    'x' | 't' | 'out' | 'cotangent' | 'vjp',
    Tensor
  >

  test('forward', () => {
    const before = memory().tensors
    const out = ddpmForward(params, config, io.x, io.t)
    expect(memory().tensors - before).toBe(1)
    expect(relativeError(out, io.out)).toBeLessThan(2e-4)
  })

  test('gradients in x and in parameters', () => {
    const before = memory().tensors
    const [out, pullback] = vjp((p: Params, x: Tensor) => ddpmForward(p, config, x, io.t), params, io.x)
    const [dp, dx] = pullback(io.cotangent)
    expect(relativeError(out, io.out)).toBeLessThan(2e-4)
    expect(relativeError(dx, io.vjp)).toBeLessThan(2e-4)
    const checked = Object.keys(io).filter((name) => name.startsWith('grad:'))
    expect(checked.length).toBe(3)
    for (const name of checked)
      expect(relativeError(dp[name.slice(5)]!, (io as Params)[name]!)).toBeLessThan(2e-4)
    for (const x of [out, dx, ...Object.values(dp)]) x.dispose()
    expect(memory().tensors).toBe(before)
  })

  test('one time for all is the same as one each', () => {
    scope(() => {
      const all = ddpmForward(params, config, io.x, 621)
      expect(relativeError(all.slice([1, 2]), io.out.slice([1, 2]))).toBeLessThan(2e-4)
    })
  })
})
