// EDM's pickles, as Python's pickle writes them: their tensors and configurations are data, and nothing in them runs.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FileFormatError, fromData, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { architectureOf } from '../architectures/catalog.ts'
import { loadPrior } from '../models/prior.ts'
import { relativeError } from '../relative-error.test.helper.ts'
import { mutateBytes } from './fuzz/bytes.test.helper.ts'
import { readAll } from './fuzz/campaign.test.helper.ts'
import { mutatePickle } from './fuzz/pickle.test.helper.ts'
import { randomOf } from './fuzz/random.test.helper.ts'
import { openCheckpoint } from './open.ts'

const folder = resolve(import.meta.dirname, '../../../../tests/fixtures/edm')
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, name)))
const said = openCheckpoint(bytesOf('pickles.safetensors'), 'pickles.safetensors')
const expected = (name: string, part: string) => {
  const entry = said.entries.find((e) => e.name === `${name}:${part}`)
  return fromData(said.values(`${name}:${part}`), entry?.shape ?? [], { dtype: 'float32' })
}

describe.each([
  ['vp-class', 'vp', [1, 2]],
  ['ve-ncsnpp', 've', undefined],
  ['iddpm-adm', 'iddpm', undefined],
  ['edm-skip', 'edm', undefined],
])('%s.pkl', (name, kind, labels) => {
  const file = openCheckpoint(bytesOf(`${name}.pkl`), `${name}.pkl`)

  test('has the state dict of ema, its buffers among it, and tells what lies beside', () => {
    const names = file.entries.map((entry) => entry.name)
    expect(names).toContain('ema.model.enc.8x8_block0.conv0.weight')
    expect(names.every((entry) => entry.startsWith('ema.'))).toBe(true)
    expect(names.includes('ema.model.map_noise.freqs')).toBe(kind === 've')
    expect(names.includes('ema.u')).toBe(kind === 'iddpm')
    expect(names.some((entry) => entry.endsWith('resample_filter'))).toBe(kind === 'vp' || kind === 've')
    expect(file.beside.map((entry) => [entry.name, entry.what])).toEqual([
      ['loss_fn', 'object'],
      ['augment_pipe', 'object'],
      ['dataset_kwargs', 'dict'],
    ])
  })

  test('has a configuration, and the network that it makes says what EDM says', () => {
    const { config, params } = loadPrior({ config: file.configuration, weights: file })
    expect(config).toMatchObject({ architecture: 'edm', preconditioning: { kind } })
    scope(() => {
      const { forward } = architectureOf(config)
      const told = labels === undefined ? undefined : fromData(labels, [2])
      const out = forward(params, config, expected(name, 'x'), expected(name, 't'), told)
      expect(relativeError(out, expected(name, 'out'))).toBeLessThan(2e-4)
    })
  })
})

test('the arguments of the constructor are the configuration', () => {
  const { configuration } = openCheckpoint(bytesOf('vp-class.pkl'), 'f')
  expect(configuration).toEqual({
    class_name: 'VPPrecond',
    ...{ img_resolution: 8, img_channels: 1, label_dim: 3, augment_dim: 9, M: 500 },
    ...{ model_type: 'SongUNet', dropout: 0.13, use_fp16: false, model_channels: 4, num_blocks: 1 },
    ...{ channel_mult: [1, 2], attn_resolutions: [4], channel_mult_emb: 2 },
  })
})

test('no limit of the noise, which Python writes as infinity, is none', () => {
  const { configuration } = openCheckpoint(bytesOf('edm-skip.pkl'), 'f')
  expect(configuration).toMatchObject({ class_name: 'EDMPrecond', sigma_max: null, sigma_data: 0.4 })
})

test("the state of a training, in torch's own format, has the modules too", () => {
  const file = openCheckpoint(bytesOf('training-state.pt'), 'training-state.pt')
  const { config, params } = loadPrior({ config: file.configuration, weights: file })
  expect(config).toMatchObject({ architecture: 'edm', network: 'DhariwalUNet', imageSize: 8 })
  expect(params['enc.8x8_conv.weight']?.shape).toEqual([8, 1, 3, 3])
  scope(() => {
    const out = architectureOf(config).forward(
      params,
      config,
      expected('iddpm-adm', 'x'),
      expected('iddpm-adm', 't'),
    )
    expect(relativeError(out, expected('iddpm-adm', 'out'))).toBeLessThan(2e-4)
  })
})

/** A pickle of protocol 2 of the text form of some opcodes. */
const pickle = (...parts: (string | number[])[]) =>
  Uint8Array.from(
    [[0x80, 2], ...parts, '.'].flatMap((part) =>
      typeof part === 'string' ? Array.from(part, (c) => c.charCodeAt(0)) : [...part],
    ),
  )
const text = (s: string) =>
  [...'X']
    .map((c) => c.charCodeAt(0))
    .concat(
      [s.length, 0, 0, 0],
      [...s].map((c) => c.charCodeAt(0)),
    )
const reconstruct = 'ctorch_utils.persistence\n_reconstruct_persistent_obj\n'
const refused = (bytes: Uint8Array) => {
  try {
    openCheckpoint(bytes, 'f.pkl')
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError)
    return (error as Error).message
  }
  throw new Error('it was read')
}

describe('other pickles are refused, and nothing of them runs', () => {
  test.each<[string, Uint8Array, string]>([
    [
      'a call of Python',
      pickle('cos\nsystem\n', text('true'), [0x85], 'R'),
      "'os.system' is none of the things",
    ],
    ['another class', pickle('cdnnlib.util\nopen_url\n', '.'), "'dnnlib.util.open_url' is none"],
    [
      'an object without a state',
      pickle(reconstruct, '}', [0x85], 'R'),
      'not described as torch_utils.persistence',
    ],
    [
      'an object of no dictionary',
      pickle(reconstruct, 'N', [0x85], 'R'),
      'not described as torch_utils.persistence',
    ],
    [
      'a storage that is no bytes',
      pickle('ctorch.storage\n_load_from_bytes\n', 'N', [0x85], 'R'),
      'a storage is no bytes',
    ],
    [
      'a storage that is no file of torch',
      pickle('ctorch.storage\n_load_from_bytes\n', [0x43, 3, 1, 2, 3], [0x85], 'R'),
      'does not start as one',
    ],
    ['a persistent id', pickle(text('0'), 'Q'), 'refers to what is not in it'],
    ['what follows its end', Uint8Array.from([...pickle('}'), 1]), '1 bytes follow it'],
    ['no tensor', pickle('}'), 'is a Python pickle'],
  ])('%s', (_, bytes, message) => {
    expect(refused(bytes)).toContain(message)
  })

  test('modules in themselves, and copies of copies, end soon', () => {
    const dict = 'ctorch.nn.modules.container\nModuleDict\n'
    const state = (modules: (string | number[])[]) => [
      ...['}', '(', text('_parameters'), '}', text('_modules')],
      ...modules,
      'u',
    ]
    const made = (inner: (string | number[])[]) =>
      pickle(
        '}',
        text('ema'),
        reconstruct,
        '}(',
        text('class_name'),
        text('A'),
        text('state'),
        ...state(inner),
        'u',
        [0x85],
        'R',
        's',
      )
    // A module that is one of its own modules.
    const itself = made([
      dict,
      ')',
      [0x81],
      'q\x01',
      ...state(['}', text('x'), 'h\x01', 's']),
      'b',
      '0',
      '}',
      text('x'),
      'h\x01',
      's',
    ])
    expect(refused(itself)).toContain('nested deeper than 64 levels')
    // Each of 60 modules holds the one before twice: 2⁶⁰ names, none of which has a tensor.
    const tower: (string | number[])[] = [dict, ')', [0x81], ...state(['}']), 'b', 'q\x00', '0']
    for (let i = 1; i < 60; i++)
      tower.push(
        dict,
        ')',
        [0x81],
        ...state([
          '}(',
          text('a'),
          `h${String.fromCharCode(i - 1)}`,
          text('b'),
          `h${String.fromCharCode(i - 1)}`,
          'u',
        ]),
        'b',
        `q${String.fromCharCode(i)}`,
        '0',
      )
    expect(refused(made([...tower, '}', text('x'), `h${String.fromCharCode(59)}`, 's']))).toMatch(
      /describes more values|nested deeper/,
    )
  })
})

test('changed pickles end in a typed error or in what they hold', () => {
  const sound = bytesOf('edm-skip.pkl')
  const outcomes = Array.from({ length: 40 }, (_, i) => {
    const random = randomOf(5, i)
    return readAll(i % 3 === 0 ? mutateBytes(sound, random) : mutatePickle(sound, random))
  })
  expect(outcomes.filter((outcome) => outcome === 'read').length).toBeGreaterThan(0)
  expect(outcomes.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(3)
})
