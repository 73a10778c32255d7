// Checkpoints of score_sde against its architecture in PyTorch: tests/fixtures/score-sde/make.py.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { vjp } from '@tweedie/autograd'
import { FileFormatError, fromData, scope } from '@tweedie/tensor'
import { afterAll, describe, expect, test } from 'vitest'
import { readCheckpoint } from '../../checkpoint/file.ts'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { loadNetwork } from '../../models/folder.ts'
import { findModel } from '../../models/model.ts'
import { loadPrior } from '../../models/prior.ts'
import type { ParamSource } from '../../param-source.ts'
import type { ParamSpec, Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { configurationIn, describeNetwork } from '../catalog.ts'
import { edmForward } from './forward.ts'
import { fromScoreSde } from './score-sde.ts'
import type { EdmConfig } from './types.ts'

const fixtures = resolve(import.meta.dirname, '../../../../../tests/fixtures/score-sde')
const host = { dtype: 'float64', device: 'reference' } as const
const folder = mkdtempSync(join(tmpdir(), 'score-sde-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The weights of a fixture under the names of score_sde, behind what wrappers put there. */
function fileOf(shapes: ParamSpec, prefix = ''): ParamSource {
  const params = hashedParams(shapes, host)
  const frequencies = params['all_modules.0.W']
  // Wider, as they are drawn: 6 times the hash, where others have 0.3.
  const values: Params = { ...params, ...(frequencies && { 'all_modules.0.W': frequencies.mul(20) }) }
  return {
    entries: Object.entries(shapes).map(([name, shape]) => ({ name: prefix + name, shape })),
    values: (name) => values[name.slice(prefix.length)]?.dataSync() as Float64Array,
  }
}
const shapesIn = (name: string) =>
  JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')) as ParamSpec
const shapesOf = ({ entries }: ParamSource) => new Map(entries.map(({ name, shape }) => [name, shape]))

const fields = {
  'ncsnpp-residual': {
    ...{ imageSize: 32, attnResolutions: [16], channelMult: [1, 2], numBlocks: 1, modelChannels: 8 },
    ...{ encoderType: 'residual', decoderType: 'standard', embeddingType: 'fourier', channelMultNoise: 2 },
    ...{ resampleFilter: [1, 3, 3, 1], preconditioning: { kind: 've' } },
  },
  'ncsnpp-skip': {
    ...{ imageSize: 64, attnResolutions: [16], channelMult: [1, 1, 2], encoderType: 'skip' },
    ...{ decoderType: 'skip', preconditioning: { kind: 've' } },
  },
  ddpmpp: {
    ...{
      imageSize: 32,
      attnResolutions: [16],
      channelMult: [1, 2, 1],
      numBlocks: 2,
      encoderType: 'standard',
    },
    ...{ embeddingType: 'positional', channelMultNoise: 1, resampleFilter: [1, 1] },
    preconditioning: { kind: 'vp' },
  },
  'ncsnpp-vp-grey': {
    ...{ imageSize: 8, attnResolutions: [], channelMult: [2, 1], modelChannels: 12, inChannels: 1 },
    ...{ encoderType: 'residual', resampleFilter: [1, 3, 3, 1], preconditioning: { kind: 'vp' } },
  },
}

describe.each(Object.entries(fields))('%s', (name, expected) => {
  test('its configuration, and against PyTorch the denoised picture and its gradient', () => {
    scope(() => {
      const weights = fileOf(shapesIn(name), 'module.')
      const { config, params } = loadPrior({ config: configurationIn(weights), weights })
      expect(config).toMatchObject(expected)
      const file = parseSafetensors(readFileSync(join(fixtures, `${name}.safetensors`)), name)
      const io = (key: string) =>
        fromData(file.values(key), file.entries.find((e) => e.name === key)?.shape ?? [])
      const [out, pullback] = vjp((x) => edmForward(params, config as EdmConfig, x, io('sigma')), io('x'))
      expect(relativeError(out, io('out'))).toBeLessThan(2e-4)
      const [dx] = pullback(io('cotangent'))
      expect(dx && relativeError(dx, io('vjp'))).toBeLessThan(2e-4)
    })
  })
})

describe('a checkpoint as its training saves it', () => {
  const path = join(fixtures, 'checkpoint.pt')
  const range = { sigmaMin: expect.closeTo(0.02, 6), sigmaMax: expect.closeTo(100, 4) }

  test('needs no config.json: the averages are taken, in the order of the parameters', () => {
    const { config, training } = findModel(path) ?? {}
    expect(config).toMatchObject({ imageSize: 32, inChannels: 1, preconditioning: { kind: 've', ...range } })
    expect(training?.trainedOn).toMatchObject({ predicts: 'x0', schedule: { kind: 'edm', ...range } })
    scope(() => {
      const { params, notes } = loadNetwork(fixtures, { weights: path })
      expect(notes.join()).toContain("under the key 'ema.shadow_params' are taken")
      const plain = loadNetwork(fixtures, { weights: path, key: 'model.module' })
      const shapes = new Map(
        readCheckpoint(path).entries.flatMap(({ name, shape }) => {
          const own = name.startsWith('model.module.all_') ? name.slice('model.module.'.length) : undefined
          return own === undefined ? [] : [[own, shape]]
        }),
      )
      /** The hash of the names in the file, as a SongUNet has them. */
      const hashedAs = (prefix: string) => {
        const spec = Object.fromEntries([...shapes].map(([name, shape]) => [prefix + name, shape]))
        const made = hashedParams(spec, host)
        const { entries, values } = fromScoreSde({
          entries: [...shapes].map(([name, shape]) => ({ name, shape })),
          values: (name) => made[prefix + name]?.dataSync() as Float64Array,
        })
        return new Map(entries.map((entry) => [entry.name, values(entry.name)]))
      }
      for (const [network, hash] of [
        [params, hashedAs('average.')],
        [plain.params, hashedAs('')],
      ] as const) {
        expect(Object.keys(network).sort()).toEqual([...hash.keys()].sort())
        for (const [name, values] of hash) {
          // Not trained: in both those of the network, drawn wider.
          if (name === 'map_noise.freqs') continue
          const found = network[name]?.dataSync() ?? []
          expect(
            found.length === values.length && values.every((v, i) => Math.abs(v - found[i]!) < 1e-6),
            name,
          ).toBe(true)
        }
      }
      const frequencies = params['map_noise.freqs']?.dataSync()
      expect(frequencies).toEqual(plain.params['map_noise.freqs']?.dataSync())
      expect(frequencies?.some((v) => Math.abs(v) > 2)).toBe(true)
    })
  })

  test('a config.json says more: the side of its images, other levels', () => {
    copyFileSync(path, join(folder, 'checkpoint.pt'))
    const config = {
      ...(configurationIn(readCheckpoint(path)) as object),
      ...{ img_resolution: 64, attn_resolutions: [32], sigma_max: 50 },
    }
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    scope(() => {
      const found = loadNetwork(folder).config
      expect(found).toMatchObject({ imageSize: 64, attnResolutions: [32], preconditioning: { sigmaMax: 50 } })
    })
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, num_blocks: 2 }))
    expect(() => loadNetwork(folder)).toThrow('numBlocks would have to be 1 (it is 2)')
  })

  test('inspection knows it', () => {
    expect(describeNetwork(shapesOf(readCheckpoint(path)))).toBe(
      "edm (SongUNet or DhariwalUNet of EDM): 1 input channels, 32×32, base width 4, SongUNet with fourier embedding and residual encoder; its names begin with 'model.module.'",
    )
  })
})

describe('other networks of score_sde are refused with the reason', () => {
  const shapes = shapesIn('ddpmpp')
  const last = Math.max(...Object.keys(shapes).map((name) => Number(/\d+/.exec(name)?.[0])))
  const changed = (change: (name: string) => string | undefined): ParamSource => ({
    entries: Object.entries(shapes).flatMap(([name, shape]) => {
      const now = change(name)
      return now === undefined ? [] : [{ name: now, shape }]
    }),
    values: () => new Float32Array(0),
  })

  test.each<[string, ParamSource, string]>([
    ["DDPM's blocks", changed((name) => name.replace('Conv_2.weight', 'NIN_0.W')), 'such as its ddpm'],
    [
      'no embedding',
      changed((name) => (/_modules\.0\./.test(name) ? `${name}s` : name)),
      'it is of another network',
    ],
    ['a gap', changed((name) => (name.includes('.7.') ? undefined : name)), 'some are missing'],
    [
      'one block less',
      changed((name) => (Number(/\d+/.exec(name)?.[0]) > last - 3 ? undefined : name)),
      'its blocks do not make a U-Net',
    ],
  ])('%s', (_, weights, message) => {
    expect(configurationIn(weights)).toBeUndefined()
    expect(describeNetwork(shapesOf(weights))).toContain(message)
    const config = configurationIn(fileOf(shapes))
    expect(() => loadPrior({ config, weights })).toThrow(message)
    expect(() => loadPrior({ config, weights })).toThrow(FileFormatError)
  })
})
