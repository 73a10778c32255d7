// Against EDM's own code in PyTorch: outputs, gradients, denoised images at many noise levels.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { checkGrads, vjp } from '@tweedie/autograd'
import type { DType, Tensor } from '@tweedie/tensor'
import { fromData, memory, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import type { Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { edmForward } from './forward.ts'
import { edmConfigFromKwargs } from './kwargs.ts'
import { edmSpec } from './spec.ts'

const folder = resolve(import.meta.dirname, '../../../../../tests/fixtures/edm')
const cases = [
  'ddpmpp-vp',
  'ncsnpp-ve',
  'skip-edm-class',
  'adm-edm-class',
  'adm-iddpm',
  'bare-song',
  'residual-box-edm',
  'one-level-ve',
]

function load(name: string, dtype: DType, device: string) {
  const config = edmConfigFromKwargs(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
  const file = parseSafetensors(readFileSync(join(folder, `${name}.safetensors`)), name)
  const io = Object.fromEntries(
    file.entries.map((e) => [e.name, fromData(file.values(e.name), e.shape, { dtype, device })]),
  )
  const hashed = hashedParams(edmSpec(config), { dtype, device })
  // Frequencies as wide as those that are drawn: 15 times the hash, where others have 0.3.
  const frequencies = hashed['map_noise.freqs']
  const params: Params =
    frequencies === undefined ? hashed : { ...hashed, 'map_noise.freqs': frequencies.mul(50) }
  const told = {
    ...(io['label'] === undefined ? {} : { labels: io['label'] }),
    ...(io['augment'] === undefined ? {} : { augment: io['augment'] }),
  }
  const named = io as Record<'x' | 't' | 'out' | 'cotangent' | 'vjp' | 'x1' | 'sigmas' | 'many', Tensor>
  return { ...named, io, config, params, told }
}

describe.each<[string, DType]>([
  ['wasm', 'float32'],
  ['reference', 'float64'],
])('PyTorch parity on %s in %s', (device, dtype) => {
  test.each(cases)('%s: output, gradients in x and in parameters', (name) => {
    const before = memory().tensors
    scope(() => {
      const { config, params, io, x, t, told, out, cotangent, vjp: wanted } = load(name, dtype, device)
      const run = (p: Params, v: Tensor) => edmForward(p, config, v, t, told)
      const [value, pullback] = vjp(run, params, x)
      const [dp, dx] = pullback(cotangent)
      expect(relativeError(value, out)).toBeLessThan(2e-4)
      expect(relativeError(dx, wanted)).toBeLessThan(2e-4)
      const checked = Object.keys(io).filter((key) => key.startsWith('grad:'))
      expect(checked.length).toBeGreaterThan(2)
      for (const key of checked) expect(relativeError(dp[key.slice(5)]!, io[key]!), key).toBeLessThan(2e-4)
    })
    expect(memory().tensors).toBe(before)
  })
})

test.each(cases.filter((name) => name !== 'bare-song'))('%s: the denoiser at many noise levels', (name) => {
  scope(() => {
    const { config, params, io, x1, sigmas, many } = load(name, 'float32', 'wasm')
    const labels = io['label']?.slice([0, 1])
    Array.from(sigmas.dataSync()).forEach((sigma, i) => {
      const x = x1.mul(1 + sigma)
      const found = edmForward(params, config, x, sigma, labels === undefined ? {} : { labels })
      expect(relativeError(found, many.slice([i, i + 1])), `σ = ${sigma}`).toBeLessThan(2e-4)
    })
    expect(sigmas.size).toBe(14)
  })
})

test.each(['skip-edm-class', 'adm-edm-class', 'one-level-ve'])(
  '%s: told no class, it is given a label of zeros',
  (name) => {
    scope(() => {
      const { config, params, io, x, t, told } = load(name, 'float32', 'wasm')
      const { labels: _, ...rest } = told as { labels?: Tensor }
      const none = fromData([config.labelDim, config.labelDim], [2])
      for (const labels of [{}, { labels: none }])
        expect(
          relativeError(edmForward(params, config, x, t, { ...rest, ...labels }), io['untold']!),
        ).toBeLessThan(2e-4)
    })
  },
)

const small = ['ddpmpp-vp', 'ncsnpp-ve', 'skip-edm-class', 'bare-song']

test.each(small)('%s: one time for all is the same as one each', (name) => {
  scope(() => {
    const { config, params, x, t, told, out } = load(name, 'float32', 'wasm')
    const second = t.dataSync()[1]!
    const all = edmForward(params, config, x, second, told)
    expect(relativeError(all.slice([1, 2]), out.slice([1, 2]))).toBeLessThan(2e-4)
  })
})

test.each(small)('%s: gradients in every parameter and in x against finite differences', (name) => {
  scope(() => {
    const { config, params, x, t, told } = load(name, 'float64', 'reference')
    const { 'map_noise.freqs': frequencies, ...trained } = params
    const fixed = frequencies === undefined ? {} : { 'map_noise.freqs': frequencies }
    const corner = x.slice(null, null, [0, 4], [0, 4])
    checkGrads(
      (p: Params, v: Tensor) => edmForward({ ...p, ...fixed }, config, v, t, told).sum(),
      [trained, corner],
      { order: 1, step: 1e-6, tolerance: 1e-5 },
    )
  })
})
