import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileFormatError, fromWriter, memory, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { loadParams } from '../models/load.ts'
import { writeNpy, writeNpz } from './npy-write.ts'
import { openCheckpoint } from './open.ts'
import { writeSafetensors } from './write.ts'
import { parseZip } from './zip.ts'

const archive = parseZip(
  readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/checkpoints/torch-legacy.zip')),
  'torch-legacy.zip',
)
const array = { shape: [2, 2], values: Float32Array.of(1.5, -2, 3, 4) }
const files: Readonly<Record<string, Uint8Array>> = {
  'a.safetensors': writeSafetensors({ w: tensor([1.5, -2, 3]) }),
  'half.safetensors': writeSafetensors({ w: tensor([1.5, -2, 3]) }, { dtype: 'float16' }),
  'a.npz': writeNpz({ w: array, n: { shape: [2], values: Int32Array.of(7, -8) } }),
  'a.npy': writeNpy(array),
  ...Object.fromEntries(
    ['transposed', 'negated', 'float64', 'int64', 'float8', 'stepped', 'tied', 'bfloat16'].flatMap((name) =>
      ['pt', 'zip.pt']
        .map((ending) => `${name}.${ending}`)
        .filter((file) => archive.names.includes(file))
        .map((file) => [file, archive.read(file)]),
    ),
  ),
}

test.each(Object.keys(files))('%s: values are written where they are wanted, and there alone', (name) => {
  const file = openCheckpoint(files[name] ?? new Uint8Array(0), name)
  for (const { name } of file.entries) {
    const wanted = Float32Array.from(file.values(name))
    const room = new Float32Array(wanted.length + 2).fill(99)
    const into = room.subarray(1, -1)
    expect(file.values(name, into)).toBe(into)
    expect([...room]).toEqual([99, ...wanted, 99])
  }
})

describe('loading', () => {
  test('leaves nothing behind where a value cannot be read', () => {
    const header =
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"C64","shape":[1],"data_offsets":[4,12]}}'
    const bytes = Buffer.concat([
      Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(header),
      Buffer.alloc(12),
    ])
    const before = memory()
    expect(() => loadParams(openCheckpoint(bytes, 'f'), { a: [1], b: [1] }, 'f')).toThrow(FileFormatError)
    expect([memory().tensors, memory().bytes]).toEqual([before.tensors, before.bytes])
  })

  test('of a source that knows nothing of it copies', () => {
    const source = { entries: [{ name: 'a', shape: [2] }], values: () => Float64Array.of(1, 0.1) }
    expect(loadParams(source, { a: [2] }, 'f')['a']?.dataSync()).toEqual(Float32Array.of(1, 0.1))
  })

  test.each(['wasm', 'reference'])('fromWriter on %s: what is written, and an error frees all', (device) => {
    using x = fromWriter([2, 2], (values) => values.set([1, 2, 3, 4]), { device })
    expect([x.shape, x.dtype, x.toArray()]).toEqual([
      [2, 2],
      'float32',
      [
        [1, 2],
        [3, 4],
      ],
    ])
    const before = memory()
    const fails = () => {
      throw new FileFormatError('f', 'no')
    }
    expect(() => fromWriter([1000], fails, { device })).toThrow('f: no')
    expect([memory().tensors, memory().bytes]).toEqual([before.tensors, before.bytes])
  })
})
