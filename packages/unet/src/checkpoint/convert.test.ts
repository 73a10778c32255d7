import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileFormatError, OptionError, tensor } from '@tweedie/tensor'
import { afterAll, describe, expect, test } from 'vitest'
import { findModel } from '../models/model.ts'
import { convertCheckpoint } from './convert.ts'
import { readParams, readSafetensors, saveSafetensors } from './file.ts'
import { parseZip } from './zip.ts'

const fixtures = join(import.meta.dirname, '../../../../tests/fixtures/checkpoints')
const folder = mkdtempSync(join(tmpdir(), 'tweedie-convert-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const kinds = parseZip(readFileSync(join(fixtures, 'torch-kinds.zip')), 'torch-kinds.zip')
const torchFile = (name: string) => {
  writeFileSync(at(name), kinds.read(name))
  return at(name)
}
const converted = (input: string) => {
  const output = at('out.safetensors')
  const result = convertCheckpoint(input, output, { overwrite: true })
  return { result, file: readSafetensors(output), source: readParams(input) }
}

describe('torch to safetensors', () => {
  const names = kinds.names.filter((name) => !/^(module|function|activation|root-nothing)-/.test(name))
  test.each(names)('%s: names, shapes, types and values', (name) => {
    const { result, file, source } = converted(torchFile(name))
    const listed = source.entries.filter(({ dtype }) => dtype !== 'C64')
    expect(file.entries.map(({ name, shape, dtype }) => ({ name, shape, dtype }))).toEqual(listed)
    for (const { name } of listed) expect(file.values(name)).toEqual(source.values(name))
    expect(file.metadata).toEqual({ format: 'pt', converted_from: 'torch' })
    expect(result).toMatchObject({ format: 'torch', tensors: listed.length })
  })

  test('tells what it left out', () => {
    expect(converted(torchFile('path-2.pt')).result.skipped).toEqual([
      { name: 'extra', why: 'Path, no tensor' },
    ])
    expect(converted(torchFile('conjugate-2.pt')).result.skipped).toEqual([
      { name: 'extra', why: 'elements of type C64' },
    ])
  })
})

test('npz to safetensors, in both byte orders and either order of axes', () => {
  const { file, source } = converted(join(fixtures, 'kinds.npz'))
  expect(file.entries.length).toBe(42)
  for (const { name } of file.entries) expect(file.values(name)).toEqual(source.values(name))
  expect(file.metadata).toEqual({ format: 'np', converted_from: 'npz' })
})

test('safetensors to safetensors keeps every bit and the metadata', () => {
  const header =
    '{"__metadata__":{"a":"b"},"nan":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"big":{"dtype":"I64","shape":[1],"data_offsets":[4,12]}}'
  // A NaN with a payload, and an integer that float64 cannot hold.
  const data = [1, 2, 0xc0, 0x7f, 1, 0, 0, 0, 0, 0, 0x20, 0]
  writeFileSync(
    at('in.safetensors'),
    Buffer.concat([
      Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(header),
      Buffer.from(data),
    ]),
  )
  const { file } = converted(at('in.safetensors'))
  expect(file.metadata).toEqual({ a: 'b' })
  expect([...readFileSync(at('out.safetensors')).subarray(-12)]).toEqual(data)
  expect(() => file.values('big')).toThrow('holds the integer 9007199254740993')
})

describe('refuses', () => {
  test('to replace a file unless asked, and its own input always', () => {
    const input = torchFile('size-2.pt')
    writeFileSync(at('there'), 'mine')
    expect(() => convertCheckpoint(input, at('there'))).toThrow(OptionError)
    expect(readFileSync(at('there'), 'utf8')).toBe('mine')
    symlinkSync(input, at('link'))
    expect(() => convertCheckpoint(input, at('link'), { overwrite: true })).toThrow(
      'is the checkpoint itself',
    )
  })

  test('a damaged file, and writes nothing', () => {
    const bytes = kinds.read('size-2.pt').slice()
    const data = Buffer.from(bytes).indexOf(Buffer.from(new Float32Array([1, 1]).buffer))
    bytes[data]! ^= 1
    writeFileSync(at('damaged.pt'), bytes)
    expect(() => convertCheckpoint(at('damaged.pt'), at('never'))).toThrow(FileFormatError)
    expect(existsSync(at('never'))).toBe(false)
  })
})

describe("a pickle of EDM's to safetensors", () => {
  const pickle = join(fixtures, '../edm/edm-skip.pkl')

  test('keeps its configuration: the file is a model of its own', () => {
    const { file, source } = converted(pickle)
    expect(file.metadata).toMatchObject({ format: 'pt', converted_from: 'torch' })
    expect(readParams(at('out.safetensors')).configuration).toEqual(source.configuration)
    const [before, after] = [findModel(pickle), findModel(at('out.safetensors'))]
    expect(after?.config).toEqual(before?.config)
    expect(after?.training?.trainedOn).toEqual(before?.training?.trainedOn)
    // And so once more.
    convertCheckpoint(at('out.safetensors'), at('again.safetensors'))
    expect(readSafetensors(at('again.safetensors')).metadata).toEqual(file.metadata)
  })

  test('a configuration that is not JSON is refused by name', () => {
    const w = tensor([1])
    saveSafetensors(at('odd.safetensors'), { w }, { metadata: { network_configuration: '{' } })
    expect(() => readParams(at('odd.safetensors'))).toThrow('network_configuration is not JSON')
    expect(() => readParams(at('odd.safetensors'))).toThrow(FileFormatError)
    saveSafetensors(at('other.safetensors'), { w }, { metadata: { network: '{' } })
    expect(readParams(at('other.safetensors')).configuration).toBeUndefined()
  })
})
