import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWasmDevice, FileFormatError, getDevice, OptionError } from '@tweedie/tensor'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { readSafetensors } from '../checkpoint/file.ts'
import { encodeSafetensors } from '../checkpoint/write.ts'
import { arithmeticDifference, arithmeticOf } from './arithmetic.ts'
import type { TrainConfig } from './config.ts'
import { trainConfig } from './config.ts'
import type { RunIdentity } from './run-difference.ts'
import type { Provenance } from './state-file.ts'
import { loadTrainState, saveTrainState } from './state-file.ts'
import type { TrainState } from './train.ts'
import { initialState } from './train.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-state-'))
const path = join(folder, 'state.safetensors')
afterAll(() => rmSync(folder, { recursive: true }))

const model = ddpmConfig({ sampleSize: 4, blockOutChannels: [4], normGroups: 2 })
const config = trainConfig({ model, steps: 12, batch: 4, shards: 2, seed: 5, warmup: 3 })
const identity: RunIdentity = { config, images: { count: 16, sha256: 'ab' } }
const provenance: Provenance = {
  arithmetic: [{ device: 'wasm', winograd: 'on' }],
  node: 'v24',
}
const start = initialState(config)
const state: TrainState = {
  ...start,
  step: 5,
  mean: start.params.map((x) => x / 3),
  square: start.params.map((x) => x * x),
  lossAverage: 1e-7 / 3,
}
const save = (of: RunIdentity = identity) => saveTrainState(path, state, of, provenance)
beforeEach(() => save())

test('a state comes back bit for bit, with what it was computed with', () => {
  expect(loadTrainState(path, identity)).toEqual({ state, provenance })
})

describe('a damaged state', () => {
  test('of any flipped bit is an error that names the file', () => {
    const bytes = readFileSync(path)
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(bytes)
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        writeFileSync(path, damaged)
        expect(() => loadTrainState(path, identity)).toThrow(FileFormatError)
        expect(() => loadTrainState(path, identity)).toThrow(path)
      }),
    )
  })

  test.each([0, 7, 100, 1000, -1])('cut to %i bytes is an error that names the file', (length) => {
    writeFileSync(path, readFileSync(path).subarray(0, length))
    expect(() => loadTrainState(path, identity)).toThrow(FileFormatError)
    expect(() => loadTrainState(path, identity)).toThrow(path)
  })

  /** The file with other metadata or tensors, and the checksum it had. */
  function rewrite(metadata: Record<string, string>, replace: Record<string, Float32Array> = {}): void {
    const file = readSafetensors(path)
    const tensors = Object.fromEntries(
      file.entries.map(({ name }) => {
        const values = replace[name] ?? file.values(name)
        return [name, { shape: [values.length], values }]
      }),
    )
    writeFileSync(path, encodeSafetensors(tensors, { metadata: { ...file.metadata, ...metadata } }))
  }

  test.each<[string, () => void]>([
    ['another step', () => rewrite({ step: '6' })],
    ['no step', () => rewrite({ step: '' })],
    ['another average', () => rewrite({ lossAverage: '0.5' })],
    ['parameters of 0', () => rewrite({}, { params: new Float32Array(state.params.length) })],
    ['the average in place of the parameters', () => rewrite({}, { ema: state.square, square: state.ema })],
    ['no checksum', () => rewrite({ sha256: '' })],
  ])('with %s does not fit its checksum', (_, edit) => {
    edit()
    expect(() => loadTrainState(path, identity)).toThrow(`${path}: is damaged: its checksum does not fit`)
  })

  test.each<[Partial<TrainState>, RunIdentity, string]>([
    [{ step: '' as unknown as number }, identity, "step '' makes no sense"],
    [{ step: -1 }, identity, "step '-1' makes no sense"],
    [{ step: 1.5 }, identity, "step '1.5' makes no sense"],
    [{ lossAverage: 'x' as unknown as number }, identity, 'lossAverage makes no sense'],
    [
      {},
      JSON.parse('{"config":{},"images":{"count":1,"sha256":""}}'),
      'it does not say which run it belongs to',
    ],
    [{}, JSON.parse('null'), 'it does not say which run it belongs to'],
    [{ params: new Float32Array(3) }, identity, 'a vector has 3 elements, the model has'],
  ])('written with a fitting checksum is still looked at: %o', (change, of, message) => {
    saveTrainState(path, { ...state, ...change }, of, provenance)
    expect(() => loadTrainState(path, identity)).toThrow(FileFormatError)
    expect(() => loadTrainState(path, identity)).toThrow(message)
  })

  test.each(['null', '{"arithmetic":[],"node":""}', '{"arithmetic":[{"a":1}],"node":""}'])(
    'that does not say what it was computed with (%s) is refused',
    (text) => {
      saveTrainState(path, state, identity, JSON.parse(text))
      expect(() => loadTrainState(path, identity)).toThrow('it does not say what it was computed with')
    },
  )

  test('of the format before says what to do', () => {
    rewrite({ version: '1' })
    expect(() => loadTrainState(path, identity)).toThrow(
      `${path}: is a training state of format 1, this is for format 2: finish it with the version of tweedie that began it, or start anew in another folder`,
    )
    rewrite({ format: 'pt' })
    expect(() => loadTrainState(path, identity)).toThrow('is no training state')
  })
})

describe('a state of another run', () => {
  test('is refused, naming what differs', () => {
    const refused = (now: RunIdentity, message: string) => {
      expect(() => loadTrainState(path, now)).toThrow(new OptionError('resume', message))
    }
    refused(
      { ...identity, config: { ...config, seed: 6 } },
      `${path} belongs to another run: config.seed was 5, is now 6`,
    )
    const wider: TrainConfig = { ...config, model: { ...model, normGroups: 4 } }
    refused(
      { ...identity, config: wider },
      `${path} belongs to another run: config.model.normGroups was 2, is now 4`,
    )
    // As many images, but not the same.
    refused(
      { ...identity, images: { count: 16, sha256: 'cd' } },
      `${path} belongs to another run: images.sha256 was "ab", is now "cd"`,
    )
  })

  test('is had back of a training that has done its last step', () => {
    const done: TrainState = { ...state, step: config.steps }
    saveTrainState(path, done, identity, provenance)
    expect(loadTrainState(path, identity).state.step).toBe(config.steps)
  })

  test('may have more steps and another decay, where no step done would have been another', () => {
    const held = { ...config, steps: 20, decaySteps: 10, decay: 'linear' } as const
    save({ ...identity, config: { ...held, steps: 1000 } })
    expect(loadTrainState(path, { ...identity, config: held }).state.step).toBe(5)
    expect(() => loadTrainState(path, { ...identity, config: { ...held, steps: 13 } })).toThrow(
      'the learning rate of step',
    )
    expect(() => loadTrainState(path, { ...identity, config: { ...held, steps: 4 } })).toThrow(
      'has done 5 steps already',
    )
  })
})

test('settings are those of the device, and fused products are seen', () => {
  const fused = getDevice().info().rounding?.['fusedMultiplyAdd'] === true
  expect(arithmeticOf(getDevice())).toMatchObject({
    device: 'wasm',
    arch: process.arch,
    fusedMultiplyAdd: fused ? 'on' : 'off',
    winograd: expect.stringMatching(/^o(n|ff)$/),
  })
  const plain = createWasmDevice({ relaxedSimd: false, winograd: false, threads: 1 })
  expect(arithmeticOf(plain)).toMatchObject({ productsFused: 'no', fusedMultiplyAdd: 'off', winograd: 'off' })
  // The reference device sums in float64.
  expect(arithmeticOf(getDevice('reference'))).toEqual({
    device: 'reference',
    backend: 'typescript',
    arch: process.arch,
    productsFused: 'yes',
  })
})

test('settings that differ are named', () => {
  const wasm = { device: 'wasm', winograd: 'on', arch: 'x64' }
  expect(arithmeticDifference(wasm, { arch: 'x64', winograd: 'on', device: 'wasm' })).toBeUndefined()
  expect(arithmeticDifference(wasm, { ...wasm, winograd: 'off', arch: 'arm64' })).toBe(
    'winograd was on, is now off; arch was x64, is now arm64',
  )
  expect(arithmeticDifference({ device: 'wasm', winograd: 'on' }, wasm)).toBe(
    'arch was not there, is now x64',
  )
  expect(arithmeticDifference(wasm, { device: 'reference', arch: 'x64' })).toBe(
    'device was wasm, is now reference; winograd was on, is now not there',
  )
})
