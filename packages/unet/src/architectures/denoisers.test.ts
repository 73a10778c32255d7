import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { vjp } from '@tweedie/autograd'
import type { DType, Tensor } from '@tweedie/tensor'
import { fromData, memory, normal, randomKey, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../checkpoint/safetensors.ts'
import { hashedParams } from '../hashed-params.test.helper.ts'
import { loadPrior } from '../models/prior.ts'
import type { ParamSource } from '../param-source.ts'
import { shapesOf } from '../param-source.ts'
import type { Params } from '../params.ts'
import { relativeError } from '../relative-error.test.helper.ts'
import { architectureOf, architectureOfShapes, networkConfig } from './catalog.ts'
import { bfCnnConfig, dncnnConfig } from './chain/config.ts'
import { bfCnnNames } from './chain/names.ts'
import { drunetConfig } from './drunet/config.ts'

const folder = resolve(import.meta.dirname, '../../../../tests/fixtures/denoisers')

/** Three of DRUNet's family, three of DnCNN's, two of BF_CNN's: grey and colour, pictures that are no squares. */
const cases = [
  ...['drunet-map', 'drunet-gain', 'drunet-blind'],
  ...['dncnn-norm', 'dncnn-merged', 'dncnn-map', 'bf-cnn', 'bf-cnn-linear'],
]

function load(name: string, dtype: DType, device: string) {
  const config = networkConfig(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')), name)
  const file = parseSafetensors(readFileSync(join(folder, `${name}.safetensors`)), name)
  const io = Object.fromEntries(
    file.entries
      .filter(({ name }) => !name.startsWith('weights.'))
      .map((e) => [e.name, fromData(file.values(e.name), e.shape, { dtype, device })]),
  )
  const named = io as Record<'x' | 't' | 'out' | 'cotangent' | 'vjp', Tensor>
  return { ...named, config, file, io, architecture: architectureOf(config) }
}

describe.each<[string, DType, number]>([
  ['wasm', 'float32', 2e-4],
  ['reference', 'float64', 2e-6],
])('PyTorch parity on %s in %s', (device, dtype, tolerance) => {
  test.each(cases)('%s: output, gradients in x and in parameters', (name) => {
    const before = memory().tensors
    scope(() => {
      const { config, architecture, io, x, t, out, cotangent, vjp: wanted } = load(name, dtype, device)
      const params = hashedParams(architecture.spec(config), { dtype, device })
      const [value, pullback] = vjp(
        (p: Params, v: Tensor) => architecture.forward(p, config, v, t),
        params,
        x,
      )
      const [dp, dx] = pullback(cotangent)
      expect(relativeError(value, out)).toBeLessThan(tolerance)
      expect(relativeError(dx, wanted)).toBeLessThan(tolerance)
      const checked = Object.keys(io).filter((key) => key.startsWith('grad:'))
      expect(checked.length).toBeGreaterThan(1)
      for (const key of checked)
        expect(relativeError(dp[key.slice(5)]!, io[key]!), key).toBeLessThan(tolerance)
    })
    expect(memory().tensors).toBe(before)
  })
})

test.each(cases)('%s: one level for all is the same as one each', (name) => {
  scope(() => {
    const { config, architecture, x, t, out } = load(name, 'float32', 'wasm')
    const params = hashedParams(architecture.spec(config), { dtype: 'float32', device: 'wasm' })
    const all = architecture.forward(params, config, x, t.dataSync()[1] ?? 0)
    expect(relativeError(all.slice([1, 2]), out.slice([1, 2]))).toBeLessThan(2e-4)
  })
})

test.each(cases)(
  '%s: the configuration is told by names and shapes, but for what they cannot tell',
  (name) => {
    const { config, architecture } = load(name, 'float64', 'reference')
    const shapes = new Map(Object.entries(architecture.spec(config)))
    const { fields } = architecture.infer?.(shapes) ?? { fields: {} }
    const { architecture: _, sampleSize, ...rest } = architecture.write(config)
    const { activation = 'relu', firstLinear = false, ...told } = rest
    expect(fields).toEqual(told)
    expect(architectureOfShapes(shapes)).toBe(architecture)
    const left = { architecture: architecture.name, sampleSize, activation, firstLinear }
    const own = Object.fromEntries(Object.entries(left).filter(([key]) => Object.hasOwn(config, key)))
    expect(architecture.parse(own, 'config.json', () => shapes)).toEqual(config)
  },
)

/** The weights in a file, under a prefix. */
const weightsOf = (file: ParamSource, prefix = 'weights.'): ParamSource => ({
  entries: file.entries.flatMap(({ name, shape }) =>
    name.startsWith(prefix) ? [{ name: name.slice(prefix.length), shape }] : [],
  ),
  values: (name) => file.values(prefix + name),
})

describe('BF_CNN under other names', () => {
  test("a file of bias_free_denoising, its norms kept as PyTorch's batch norms keep theirs", () => {
    scope(() => {
      const { file, x, t, out } = load('predecessor', 'float32', 'wasm')
      const config = { architecture: 'bf_cnn', sampleSize: [5, 7] }
      for (const prefix of ['', 'module.']) {
        const weights = weightsOf(file)
        const wrapped: ParamSource = {
          entries: weights.entries.map((entry) => ({ ...entry, name: prefix + entry.name })),
          values: (name) => weights.values(name.slice(prefix.length)),
        }
        const network = loadPrior({ config, weights: wrapped })
        expect(network.config).toMatchObject({ depth: 4, width: 4, inChannels: 1 })
        const value = architectureOf(network.config).forward(network.params, network.config, x, t)
        expect(relativeError(value, out)).toBeLessThan(2e-4)
      }
    })
  })

  test('a later file of universal_inverse_problem, its norms under BN_layers', () => {
    const config = bfCnnConfig({ width: 4, depth: 4 })
    const spec = architectureOf(config).spec(config)
    const later = (name: string) => name.replace(/^(running_sd|gammas)\.(\d)$/, 'BN_layers.$2.$1')
    const source: ParamSource = {
      entries: Object.entries(spec).map(([name, shape]) => ({ name: later(name), shape })),
      values: (name) => Float32Array.of(name.length),
    }
    const renamed = bfCnnNames(source)
    expect(Object.fromEntries(shapesOf(renamed))).toEqual(spec)
    expect(renamed.values('gammas.1')).toEqual(source.values('BN_layers.1.gammas'))
    expect(renamed.values('conv_layers.1.weight')).toEqual(source.values('conv_layers.1.weight'))
  })

  test('a scaled picture is denoised to a scaled one', () => {
    scope(() => {
      const { config, architecture, x } = load('bf-cnn', 'float64', 'reference')
      const params = hashedParams(architecture.spec(config), { dtype: 'float64', device: 'reference' })
      const denoise = (v: Tensor) => architecture.forward(params, config, v, 0)
      expect(relativeError(denoise(x.mul(3)), denoise(x).mul(3))).toBeLessThan(1e-12)
    })
  })
})

test("the counters of PyTorch's batch norms are left out", () => {
  scope(() => {
    const config = dncnnConfig({ width: 4, depth: 3, norm: true })
    const params = hashedParams(architectureOf(config).spec(config), { dtype: 'float32', device: 'wasm' })
    const weights: ParamSource = {
      entries: [
        ...Object.entries(params).map(([name, { shape }]) => ({ name, shape })),
        { name: 'model.3.num_batches_tracked', shape: [] },
      ],
      values: (name) => params[name]!.dataSync() as Float32Array,
    }
    expect(Object.keys(loadPrior({ config: { ...config }, weights }).params)).toEqual(Object.keys(params))
  })
})

test('what does not fit is refused by name', () => {
  expect(() => drunetConfig({ widths: [] })).toThrow('widths: needs 1 to 12 levels, got 0')
  expect(() => drunetConfig({ sampleSize: 12 })).toThrow(
    'sampleSize: 4 levels halve the picture 3 times: 12 is no multiple of 8',
  )
  expect(() => drunetConfig({ numBlocks: 0 })).toThrow(
    'numBlocks: must be a whole number from 1 to 64, got 0',
  )
  expect(() => drunetConfig({ sampleSize: [8, 0] })).toThrow('sampleSize: must be a whole number')
  // @ts-expect-error There is no such activation.
  expect(() => drunetConfig({ activation: 'elu' })).toThrow('activation: must be relu or silu, got elu')
  // @ts-expect-error Nor such a conditioning.
  expect(() => drunetConfig({ conditioning: 'film' })).toThrow('conditioning: must be map, gain or blind')
  // @ts-expect-error Nor such a one of DnCNN.
  expect(() => dncnnConfig({ conditioning: 'gain' })).toThrow('conditioning: must be blind or map, got gain')
  expect(() => dncnnConfig({ depth: 1 })).toThrow('depth: must be a whole number from 2 to 64, got 1')
  expect(() => dncnnConfig({ sampleSize: [0, 4] })).toThrow('sampleSize: must be a side of 1 to 4096')
  expect(() => bfCnnConfig({ outChannels: 2 })).toThrow('outChannels: must equal inChannels 1, got 2')
  const refused = (json: unknown) => () => networkConfig(json, 'config.json')
  expect(refused({ architecture: 'drunet', widths: [4], bias: 'no' })).toThrow(
    "config.json: bias: must be true or false, got 'no'",
  )
  expect(refused({ architecture: 'dncnn', depth: 17, nb: 17 })).toThrow(
    "config.json: 'nb' is no field of a dncnn model",
  )
})

test('x and t are checked against the configuration', () => {
  scope(() => {
    for (const config of [
      drunetConfig({ widths: [4, 4], numBlocks: 1, sampleSize: 8 }),
      dncnnConfig({ inChannels: 3, width: 4, depth: 2 }),
      bfCnnConfig({ inChannels: 3, width: 4, depth: 2 }),
    ]) {
      const { forward, init } = architectureOf(config)
      const params = init(config, randomKey(0), { device: 'reference' })
      const run = (shape: readonly number[], t: Tensor | number) =>
        forward(params, config, zeros(shape, { device: 'reference' }), t)
      expect(() => run([1, 2, 8, 8], 0)).toThrow('x must be [N, 3, H, W]')
      expect(() => run([1, 3, 8], 0)).toThrow('x must be [N, 3, H, W]')
      expect(() => run([2, 3, 8, 8], zeros([3], { device: 'reference' }))).toThrow(
        't must be a number or one per picture, [2]',
      )
    }
  })
})

test('fresh networks start as they should: blocks of DRUNet as their shortcuts, norms without effect', () => {
  scope(() => {
    const config = drunetConfig({
      widths: [4, 6],
      numBlocks: 2,
      sampleSize: 8,
      bias: true,
      conditioning: 'gain',
    })
    const { init, forward } = architectureOf(config)
    const params = init(config, randomKey(1), { device: 'reference' })
    const x = normal(randomKey(2), [1, 3, 8, 8], { device: 'reference' })
    const one = forward(params, config, x, 0.1).dataSync()
    expect(forward(params, config, x, 5).dataSync()).toEqual(one)
    for (const [name, value] of Object.entries(params))
      if (/\.res\.2\./.test(name)) expect(value.dataSync().every((v) => v === 0)).toBe(true)
    const chain = dncnnConfig({ width: 4, depth: 3, norm: true })
    const made = architectureOf(chain).init(chain, randomKey(1), { device: 'reference' })
    expect(Array.from(made['model.3.running_var']!.dataSync())).toEqual([1, 1, 1, 1])
    expect(Array.from(made['model.3.running_mean']!.dataSync())).toEqual([0, 0, 0, 0])
  })
})
