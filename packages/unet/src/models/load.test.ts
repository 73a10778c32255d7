import { FileFormatError, memory, randomKey, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { DdpmOptions } from '../architectures/ddpm/config.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmExplain } from '../architectures/ddpm/explain.ts'
import { initDdpm } from '../architectures/ddpm/init.ts'
import { modernNames } from '../architectures/ddpm/names.ts'
import { ddpmSpec } from '../architectures/ddpm/spec.ts'
import { parseSafetensors } from '../checkpoint/safetensors.ts'
import { writeSafetensors } from '../checkpoint/write.ts'
import { compareWithSpec, loadParams, paramsOf } from './load.ts'

const base: DdpmOptions = { sampleSize: 8, blockOutChannels: [8, 16, 16] }
const host = { device: 'reference' }
const fileOf = (options: DdpmOptions) =>
  parseSafetensors(
    scope(() => writeSafetensors(initDdpm(ddpmConfig(options), randomKey(1), host))),
    'f',
  )

/** The message of loading a file of one configuration as another. */
function messageOf(file: DdpmOptions, expected: DdpmOptions): string {
  const config = ddpmConfig(expected)
  try {
    loadParams(fileOf(file), ddpmSpec(config), 'model.safetensors', { explain: ddpmExplain(config), ...host })
    return 'loaded'
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError)
    return (error as Error).message
  }
}

describe('loading parameters', () => {
  test('gives back what was saved', () => {
    scope(() => {
      const params = initDdpm(ddpmConfig(base), randomKey(1), host)
      const loaded = loadParams(
        parseSafetensors(writeSafetensors(params), 'f'),
        ddpmSpec(ddpmConfig(base)),
        'f',
        host,
      )
      expect(Object.keys(loaded)).toEqual(Object.keys(params))
      for (const name of Object.keys(params))
        expect(loaded[name]?.dataSync()).toEqual(params[name]?.dataSync())
    })
  })

  test('knows the old names of attention layers', () => {
    const config = ddpmConfig(base)
    const old = scope(() =>
      writeSafetensors(
        Object.fromEntries(
          Object.entries(initDdpm(config, randomKey(1), host)).map(([name, value]) => {
            const parts = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' }
            for (const [now, before] of Object.entries(parts)) name = name.replace(`.${now}.`, `.${before}.`)
            return [name, value]
          }),
        ),
      ),
    )
    const file = parseSafetensors(old, 'f')
    expect(compareWithSpec(file, ddpmSpec(config))?.missing.length).toBe(32)
    expect(compareWithSpec(modernNames(file), ddpmSpec(config))).toBeUndefined()
    const name = 'mid_block.attentions.0.to_out.0.weight'
    expect(modernNames(file).values(name)).toEqual(file.values('mid_block.attentions.0.proj_attn.weight'))
  })

  test.each<[string, Partial<DdpmOptions>, string]>([
    [
      'fewer levels',
      { blockOutChannels: [8, 16] },
      'blockOutChannels would have to have 2 levels (it has 3)',
    ],
    [
      'more levels',
      { blockOutChannels: [8, 16, 16, 16] },
      'blockOutChannels would have to have 4 levels (it has 3)',
    ],
    [
      'other channels',
      { blockOutChannels: [16, 16, 32] },
      'blockOutChannels would have to be [16, 16, 32] (it is [8, 16, 16])',
    ],
    ['colour', { inChannels: 3, outChannels: 1 }, 'inChannels would have to be 3 (it is 1)'],
    ['two outputs', { outChannels: 2 }, 'outChannels would have to be 2 (it is 1)'],
    ['more layers', { layersPerBlock: 2 }, 'layersPerBlock would have to be 2 (it is 1)'],
    ['time', { timeEmbeddingDim: 12 }, 'timeEmbeddingDim would have to be 12 (it is null)'],
    [
      'no attention in the middle',
      { midAttention: false },
      'midAttention would have to be false (it is true)',
    ],
    [
      'attention',
      { downAttention: [false, true, true] },
      'downAttention[1] would have to be true (it is [false, false, true])',
    ],
  ])('says what explains a file with %s', (_, change, message) => {
    expect(messageOf({ ...base, ...change }, base)).toContain(message)
  })

  test('leaves no tensors where a value cannot be read', () => {
    const spec = { a: [2], b: [3], c: [1] }
    const source = {
      entries: Object.entries(spec).map(([name, shape]) => ({ name, shape })),
      values: (name: string) => {
        if (name === 'c') throw new FileFormatError('f', 'damaged')
        return new Float32Array(name === 'a' ? 2 : 3)
      },
    }
    const before = memory().tensors
    expect(() => loadParams(source, spec, 'f', host)).toThrow('f: damaged')
    expect(memory().tensors).toBe(before)
  })

  test('names without end are told in a few words', () => {
    const names = Array.from({ length: 200_000 }, (_, i) => `down_blocks.${i}.resnets.${i}.conv1.weight`)
    const file = { entries: names.map((name) => ({ name, shape: [0] })), values: () => new Float32Array(0) }
    const config = ddpmConfig(base)
    const load = () => loadParams(file, ddpmSpec(config), 'f', { explain: ddpmExplain(config) })
    expect(load).toThrow(FileFormatError)
    expect(load).toThrow('blockOutChannels would have to have 200000 levels')
    const layers = names.map((name, i) => ({
      name: name.replace(/\d+/, '0'),
      shape: i === 0 ? [8, 8, 3, 3] : [0],
    }))
    expect(() =>
      loadParams({ ...file, entries: layers }, ddpmSpec(config), 'f', { explain: ddpmExplain(config) }),
    ).toThrow(FileFormatError)
  })

  test('names what is missing, unexpected and of another shape', () => {
    expect(messageOf({ ...base, timeEmbeddingDim: 12 }, base)).toMatch(
      /model\.safetensors: does not fit the configuration: of another shape time_embedding\.linear_1\.weight \[12, 8\] \(expected \[32, 8\]\), .* and \d+ more; timeEmbeddingDim/,
    )
    expect(messageOf({ ...base, midAttention: false }, base)).toContain(
      'missing mid_block.attentions.0.group_norm.weight',
    )
    expect(messageOf(base, { ...base, midAttention: false })).toContain(
      'unexpected mid_block.attentions.0.group_norm.weight',
    )
  })
})

test("all tensors of a file, under any name: '__proto__' is one", () => {
  const values = (name: string) => Float32Array.of(name.length, 2)
  const file = { entries: ['w', '__proto__'].map((name) => ({ name, shape: [2] })), values }
  scope(() => {
    const params = paramsOf(file)
    expect(Object.keys(params)).toEqual(['w', '__proto__'])
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype)
    expect(Object.values(params).map((x) => [...x.dataSync()])).toEqual([
      [1, 2],
      [9, 2],
    ])
  })
})
