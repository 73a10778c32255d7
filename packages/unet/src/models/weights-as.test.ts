import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError, getDevice, memory, normal, OptionError, randomKey, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { admConfig } from '../architectures/adm/config.ts'
import { admForward } from '../architectures/adm/forward.ts'
import { admConfigToGuided } from '../architectures/adm/guided.ts'
import { admSpec } from '../architectures/adm/spec.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmConfigToDiffusers } from '../architectures/ddpm/diffusers.ts'
import { ddpmForward } from '../architectures/ddpm/forward.ts'
import { ddpmSpec } from '../architectures/ddpm/spec.ts'
import { writeSafetensors } from '../checkpoint/write.ts'
import { hashedParams } from '../hashed-params.test.helper.ts'
import type { Params } from '../params.ts'
import { loadPrior } from './prior.ts'

// Networks whose weights are kept as float16 give the bits of those that were widened when they were loaded.

const plain = { dtype: 'float32', device: 'wasm' } as const
const adm = admConfig({
  ...{ imageSize: 8, modelChannels: 32, channelMult: [1, 2], numResBlocks: 1, outChannels: 6, numClasses: 5 },
  ...{ attentionResolutions: [2], numHeadChannels: 16, useScaleShiftNorm: true, resblockUpdown: true },
})
const convs = admConfig({ ...adm, numClasses: null, outChannels: 3, resblockUpdown: false })
const ddpm = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16], normGroups: 4 })
const labels = { labels: [3, 0] }

const networks = [
  ['adm with classes and residual resampling', adm, admConfigToGuided(adm), admSpec(adm), labels],
  ['adm with convolutions that resample', convs, admConfigToGuided(convs), admSpec(convs), undefined],
  ['ddpm', ddpm, ddpmConfigToDiffusers(ddpm), ddpmSpec(ddpm), undefined],
] as const

const bits = (x: Tensor) => Array.from(new Uint32Array((x.dataSync() as Float32Array).slice().buffer))
const bytesOf = (params: Params) => Object.values(params).reduce((sum, p) => sum + 4 * p.storage.length, 0)
const free = (params: Params) => {
  for (const p of Object.values(params)) p.dispose()
}

describe.each(networks)('%s', (_, config, json, spec, told) => {
  const weights = scope(() => writeSafetensors(hashedParams(spec, plain), { dtype: 'float16' }))

  test.each(['wasm', 'reference'])('output and gradient on %s', (device) => {
    const run = (as: 'float32' | 'float16') =>
      scope(() => {
        const { params, notes } = loadPrior({ config: json, weights }, { weights: as, device })
        expect(notes).toEqual([])
        const x = normal(randomKey(1), [2, config.inChannels, 4, 8], { device })
        const forward = (at: Tensor) =>
          config.architecture === 'ddpm'
            ? ddpmForward(params, config, at, 321)
            : admForward(params, config, at, 321, told?.labels[0])
        const [y, pullback] = vjp(forward, x)
        const result = [bits(y), bits(pullback(normal(randomKey(2), y.shape, { device }))[0]!)]
        free(params)
        return result
      })
    expect(run('float16')).toEqual(run('float32'))
  })

  test('in half the memory, but for what has one axis', () => {
    const [full, half] = (['float32', 'float16'] as const).map((as) => {
      const { params } = loadPrior({ config: json, weights }, { weights: as })
      const vectors = Object.values(params).filter(({ rank }) => rank < 2)
      const small = vectors.reduce((sum, { size }) => sum + 4 * size, 0)
      const bytes = bytesOf(params) - small
      free(params)
      return bytes
    })
    expect(half! / full!).toBeCloseTo(0.5, 5)
  })
})

test('no copy in float32 is kept of it, run as often as one likes', () => {
  const weights = scope(() => writeSafetensors(hashedParams(admSpec(convs), plain)))
  const kept = (as: 'float32' | 'float16') => {
    const { params } = loadPrior({ config: admConfigToGuided(convs), weights }, { weights: as })
    const before = getDevice('wasm').info().memory!.packedWeights
    scope(() => {
      const x = normal(randomKey(1), [1, 3, 8, 8])
      for (let i = 0; i < 3; i++) admForward(params, convs, x, i)
    })
    const grown = getDevice('wasm').info().memory!.packedWeights - before
    free(params)
    return grown
  }
  expect(kept('float32')).toBeGreaterThan(0)
  expect(kept('float16')).toBe(0)
})

describe('weights that are no float16 numbers', () => {
  const spec = ddpmSpec(ddpm)
  const config = ddpmConfigToDiffusers(ddpm)

  test('are rounded, and a note says so', () => {
    const params = hashedParams(spec, plain)
    const { notes, params: kept } = loadPrior(
      { config, weights: writeSafetensors(params) },
      { weights: 'float16' },
    )
    expect(notes).toEqual([
      expect.stringMatching(
        /^model\.safetensors: the weights are no float16 numbers \(\S+ is the first\), and are rounded/,
      ),
    ])
    free(params)
    free(kept)
  })

  test('and refused by name where they are too large, before which all is freed', () => {
    const values = scope(() =>
      Object.fromEntries(
        Object.entries(hashedParams(spec, plain)).map(([name, p]) => [name, p.dataSync() as Float32Array]),
      ),
    )
    values['conv_out.weight']![2] = 7e4
    const source = {
      entries: Object.entries(spec).map(([name, shape]) => ({ name, shape })),
      values: (name: string) => values[name]!,
    }
    const before = memory().tensors
    const load = () => loadPrior({ config, weights: source }, { weights: 'float16' })
    expect(load).toThrow(FileFormatError)
    expect(load).toThrow(
      /conv_out\.weight cannot be kept as float16: .*70000 at element 2 .*; keep the weights as float32/,
    )
    expect(memory().tensors).toBe(before)
  })

  test('a type that there is not is refused', () => {
    const load = () => loadPrior({ config, weights: new Uint8Array() }, { weights: 'bfloat16' as never })
    expect(load).toThrow(OptionError)
    expect(load).toThrow("weights: must be float32 or float16, got 'bfloat16'")
  })
})
