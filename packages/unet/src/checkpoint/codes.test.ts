import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bytesPerStored, decodeWhole, isElementType } from './arrays.ts'
import { parseSafetensors } from './safetensors.ts'

/** By PyTorch: tests/fixtures/checkpoints/make_legacy_fixtures.py. */
const { codes } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/checkpoints/torch-more.json'), 'utf8'),
) as { readonly codes: Readonly<Record<string, string | (number | string)[]>> }

/** A safetensors file of all codes of a type, `times` over. */
function fileOf(dtype: string, width: number, times: number): Uint8Array {
  const count = 256 ** width * times
  const header = JSON.stringify({ w: { dtype, shape: [count], data_offsets: [0, count * width] } })
  const out = Buffer.alloc(8 + header.length + count * width)
  out.writeUInt32LE(header.length, 0)
  out.write(header, 8)
  for (let i = 0; i < count; i++) out.writeUIntLE(i % 256 ** width, 8 + header.length + i * width, width)
  return out
}

describe('every code of the small floats has the value that PyTorch gives it', () => {
  test.each(Object.entries(codes))('%s', (dtype, wanted) => {
    if (!isElementType(dtype)) return expect.fail(dtype)
    const width = bytesPerStored(dtype)
    // Few values are worked out one by one, many by a table.
    for (const times of [1, 256 ** (2 - width)]) {
      const values = parseSafetensors(fileOf(dtype, width, times), 'f').values('w')
      expect(values).toBeInstanceOf(Float32Array)
      const first = values.subarray(0, 256 ** width)
      if (typeof wanted === 'string') {
        const words = new Uint32Array(Float32Array.from(first).buffer)
        first.forEach((x, i) => {
          if (Number.isNaN(x)) words[i] = 0x7fc00000
        })
        expect(createHash('sha256').update(words).digest('hex')).toBe(wanted)
      } else expect([...first]).toEqual(wanted.map(Number))
    }
  })

  test('one by one as by the table', () => {
    const pieces = [Uint8Array.of(0, 0x3c, 0xff, 0x7b)]
    expect([...decodeWhole(pieces, 'F16', 2, expect.fail)]).toEqual([1, 65504])
  })
})
