import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fromData, ones, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { loadClassifier } from '../../models/classifier.ts'
import type { ParamSource } from '../../param-source.ts'
import type { AdmClassifierConfig } from './classifier.ts'
import {
  admClassifierConfig,
  admClassifierForward,
  admClassifierSpec,
  classifierPools,
} from './classifier.ts'
import { admConfig } from './config.ts'
import { describeAdm } from './describe.ts'
import { inferAdmClassifier } from './infer-classifier.ts'
import { admSpec } from './spec.ts'

const shapesOf = (config: AdmClassifierConfig) => new Map(Object.entries(admClassifierSpec(config)))

/** The classifiers that guided-diffusion has published, by the flags of its README. */
const published = [64, 128, 256, 512].map((imageSize) =>
  admClassifierConfig({
    imageSize,
    modelChannels: 128,
    numResBlocks: imageSize === 64 ? 4 : 2,
    outChannels: 1000,
    channelMult: {
      64: [1, 2, 3, 4],
      128: [1, 1, 2, 3, 4],
      256: [1, 1, 2, 2, 4, 4],
      512: [0.5, 1, 1, 2, 2, 4, 4],
    }[imageSize]!,
    attentionResolutions: [32, 16, 8].map((side) => imageSize / side),
    numHeadChannels: 64,
    useScaleShiftNorm: true,
    resblockUpdown: true,
    pool: 'attention',
  }),
)

describe('a classifier by its names and shapes', () => {
  test.each(published.map((config) => [config.imageSize, config] as const))(
    'as published, of %i',
    (_, config) => {
      const found = inferAdmClassifier(shapesOf(config))
      const sorted = (c: AdmClassifierConfig) => ({
        ...c,
        attentionResolutions: [...c.attentionResolutions].sort((a, b) => a - b),
      })
      expect(sorted(found!)).toEqual(sorted(config))
    },
  )

  const base = { imageSize: 16, modelChannels: 64, outChannels: 7, channelMult: [1, 2], numHeadChannels: 64 }
  test.each(classifierPools)('pool by %s, down by convolutions, by nothing, by residual blocks', (pool) => {
    for (const down of [{ convResample: true }, { convResample: false }, { resblockUpdown: true }]) {
      const config = admClassifierConfig({ ...base, ...down, pool, attentionResolutions: [2], inChannels: 1 })
      const found = inferAdmClassifier(shapesOf(config))
      expect(found).toEqual(config)
    }
  })

  test.each(['adaptive', 'attention', 'spatial', 'spatial-v2'])('of guided-diffusion, pool by %s', (name) => {
    const file = resolve(
      import.meta.dirname,
      '../../../../../tests/fixtures/adm-others',
      `classifier-${name}.json`,
    )
    const { imageSize, numHeads, useNewAttentionOrder, ...config } = admClassifierConfig(
      JSON.parse(readFileSync(file, 'utf8')),
    )
    const shapes = new Map(
      Object.entries(admClassifierSpec({ imageSize, numHeads, useNewAttentionOrder, ...config })),
    )
    expect(inferAdmClassifier(shapes, { numHeadChannels: config.numHeadChannels ?? 16 })).toMatchObject({
      ...config,
      numHeadChannels: config.numHeadChannels ?? 16,
    })
  })

  test('nothing where a name is missing, a shape is another, or it is a U-Net', () => {
    const shapes = shapesOf(published[0]!)
    const without = new Map(shapes)
    without.delete('middle_block.2.in_layers.0.bias')
    expect(inferAdmClassifier(without)).toBeUndefined()
    expect(inferAdmClassifier(new Map(shapes).set('input_blocks.1.0.in_layers.2.bias', [3]))).toBeUndefined()
    const unet = admSpec(admConfig({ imageSize: 16, modelChannels: 64, channelMult: [1, 2] }))
    expect(inferAdmClassifier(new Map(Object.entries(unet)))).toBeUndefined()
    expect(inferAdmClassifier(new Map())).toBeUndefined()
    const far = new Map(shapes).set('input_blocks.1000000.0.bias', [1])
    expect(inferAdmClassifier(far)).toBeUndefined()
  })

  test('is told in words', () => {
    expect(describeAdm(shapesOf(published[2]!))).toBe(
      'its classifier (EncoderUNetModel) of 1000 classes, pool attention, pictures of 256×256 of 3 channels, base width 128, which is no network of a prior: --classifier guides one by it',
    )
    const other = admClassifierConfig({ ...base, numHeadChannels: 32, channelMult: [1, 1.5] })
    expect(describeAdm(shapesOf(other))).toBe(
      'its classifier (EncoderUNetModel), which is no network of a prior: --classifier guides one by it',
    )
  })
})

describe('loadClassifier', () => {
  const config = admClassifierConfig({
    ...{ imageSize: 8, modelChannels: 64, channelMult: [1], numResBlocks: 1, outChannels: 3 },
    ...{ numHeadChannels: 64, inChannels: 1 },
  })
  const params = hashedParams(admClassifierSpec(config), { dtype: 'float32', device: 'wasm' })
  const source = (prefix: string, more: Readonly<Record<string, readonly number[]>> = {}): ParamSource => ({
    entries: [
      ...Object.entries(params).map(([name, { shape }]) => ({ name: prefix + name, shape })),
      ...Object.entries(more).map(([name, shape]) => ({ name, shape })),
    ],
    values: (name) => params[name.slice(prefix.length)]!.dataSync() as Float32Array,
  })

  test('runs as the network that was saved, whatever is before its names', () => {
    scope(() => {
      const x = fromData(
        Array.from({ length: 64 }, (_, i) => Math.sin(i)),
        [1, 1, 8, 8],
      )
      const expected = admClassifierForward(params, config, x, 30).dataSync()
      for (const prefix of ['', 'module.']) {
        const found = loadClassifier(source(prefix), { path: 'c.pt' })
        expect(found.config).toEqual(config)
        expect(admClassifierForward(found.params, found.config, x, 30).dataSync()).toEqual(expected)
        expect(found.notes.length).toBe(prefix === '' ? 0 : 1)
      }
    })
  })

  test('refuses what is no classifier, and one whose blocks cannot be told', () => {
    const of = (entries: ParamSource['entries']): ParamSource => ({
      entries,
      values: () => ones([1]).dataSync() as Float32Array,
    })
    const unet = Object.entries(admSpec(admConfig({ imageSize: 16, modelChannels: 64, channelMult: [1, 2] })))
    expect(() =>
      loadClassifier(of(unet.map(([name, shape]) => ({ name, shape }))), { path: 'u.pt' }),
    ).toThrow("u.pt: holds no classifier of guided-diffusion's (EncoderUNetModel)")
    expect(() => loadClassifier(source('', { 'out.9.weight': [1] }), { path: 'c.pt' })).toThrow(
      'c.pt: holds a classifier whose levels and blocks its names and shapes do not tell with heads of 64 channels',
    )
  })
})
