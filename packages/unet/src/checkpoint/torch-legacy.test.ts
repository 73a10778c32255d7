import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from './open.ts'
import { parseZip } from './zip.ts'

/** Files of torch.save before 1.6, and of today, made by tests/fixtures/checkpoints/make_legacy_fixtures.py. */
const fixtures = join(import.meta.dirname, '../../../../tests/fixtures/checkpoints')
const zip = (file: string) => parseZip(readFileSync(join(fixtures, file)), file)
const legacy = zip('torch-legacy.zip')
const today = zip('torch-kinds.zip')
const { more } = JSON.parse(readFileSync(join(fixtures, 'torch-more.json'), 'utf8')) as {
  readonly more: Readonly<Record<string, Readonly<Record<string, number[]>>>>
}

/** A message without what the two formats, and the two scripts, call differently. */
const common = (error: unknown) =>
  (error as Error).message
    .replace('legacy torch pickle: ', '')
    .replace('make_torch_fixtures.Net', '__main__.Net')

/** What a file holds, or the message it is refused with. */
function held(bytes: Uint8Array) {
  try {
    const source = openCheckpoint(bytes, 'f')
    const tensors = source.entries.map(({ name, shape, dtype }) => {
      try {
        return { name, shape, dtype, values: [...source.values(name)] }
      } catch (error) {
        expect(error).toBeInstanceOf(FileFormatError)
        return { name, shape, dtype, error: common(error) }
      }
    })
    return { tensors, beside: source.beside }
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError)
    return { error: common(error) }
  }
}

describe('the format of before 1.6 holds what that of today does', () => {
  const known = today.names.filter((name) => name.endsWith('-2.pt'))
  test.each(known)('%s', (name) => {
    const old = legacy.read(name.replace('-2.pt', '.pt'))
    // Storages are described by keys, of which old files have others.
    expect(held(old)).toEqual(held(today.read(name)))
  })

  test('every file is tried', () => {
    expect(known.length).toBeGreaterThan(80)
    const others = Object.keys(more).flatMap((name) => [`${name}.pt`, `${name}.zip.pt`])
    expect([...others, ...known.map((name) => name.replace('-2.pt', '.pt'))].sort()).toEqual(
      [...legacy.names].sort(),
    )
  })
})

describe('in both formats, as torch reads them', () => {
  test.each(Object.entries(more))('%s', (name, wanted) => {
    for (const file of [`${name}.pt`, `${name}.zip.pt`]) {
      const { tensors = [], error } = held(legacy.read(file))
      expect([file, error]).toEqual([file, undefined])
      const read = tensors.filter(({ dtype }) => dtype !== 'F4')
      expect(Object.fromEntries(read.map(({ name, values }) => [name, values]))).toEqual(wanted)
    }
  })

  test('what lies beside is named', () => {
    for (const end of ['pt', 'zip.pt']) {
      const beside = (name: string) =>
        openCheckpoint(legacy.read(`${name}.${end}`), name).beside.map(({ name, what }) => `${name}: ${what}`)
      expect(beside('generator')).toEqual(['extra: torch.Generator'])
      for (const name of ['np_structured', 'np_record'])
        expect(beside(name)).toEqual(['extra: a NumPy array'])
      expect(beside('np_arrays')).toEqual(['extra: dict'])
      expect(beside('hooks')).toEqual(['_backward_hooks: dict', '_forward_pre_hooks: dict'])
      expect(beside('lightning')).toContain('hyper_parameters: object')
    }
  })
})
