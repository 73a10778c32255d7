import { deflateRawSync } from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { ByteSource } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { parseZip } from './zip.ts'
import { zipOf } from './zip-writer.test.helper.ts'

const u16 = (n: number) => [n & 0xff, n >> 8]
const u32 = (n: number) => [...u16(n & 0xffff), ...u16(n >>> 16)]
const u64 = (n: number) => [...u32(n % 2 ** 32), ...u32(Math.floor(n / 2 ** 32))]
const none = 0xffffffff

/** A file of zeros that holds some bytes at the end of a long gap. */
const behind = (gap: number, bytes: Uint8Array): ByteSource => ({
  size: gap + bytes.length,
  readInto: (target, offset) => {
    target.fill(0)
    const from = Math.max(0, offset - gap)
    target.set(bytes.subarray(from, Math.max(0, offset + target.length - gap)), Math.max(0, gap - offset))
  },
})

/** An archive of one deflated file whose sizes and places stand in fields of 64 bits, behind a gap. */
function wideArchive(contents: Uint8Array, gap: number): ByteSource {
  const packed = deflateRawSync(contents)
  const fields = [
    ...u16(45),
    ...u16(0),
    ...u16(8),
    ...u32(0),
    ...u32(crc32(contents)),
    ...u32(none),
    ...u32(none),
  ]
  const local = [...u32(0x04034b50), ...fields, ...u16(1), ...u16(0), 0x61, ...packed]
  const extra = [...u16(1), ...u16(24), ...u64(contents.length), ...u64(packed.length), ...u64(gap)]
  const entry = [...u32(0x02014b50), ...u16(45), ...fields, ...u16(1), ...u16(extra.length), ...u16(0)]
  const directory = [...entry, ...u16(0), ...u16(0), ...u32(0), ...u32(none), 0x61, ...extra]
  const [start, length] = [gap + local.length, directory.length]
  const record = [...u32(0x06064b50), ...u64(44), ...u16(45), ...u16(45), ...u32(0), ...u32(0)]
  record.push(...u64(1), ...u64(1), ...u64(length), ...u64(start))
  const locator = [...u32(0x07064b50), ...u32(0), ...u64(start + length), ...u32(1)]
  const end = [
    ...u32(0x06054b50),
    ...u32(0),
    ...u16(0xffff),
    ...u16(0xffff),
    ...u32(none),
    ...u32(none),
    ...u16(0),
  ]
  return behind(gap, Uint8Array.from([...local, ...directory, ...record, ...locator, ...end]))
}

test.each([0, 2 ** 31, 2 ** 32 + 1000])('ZIP64 behind %d bytes', (gap) => {
  const contents = new Uint8Array(5000).fill(7)
  const zip = parseZip(wideArchive(contents, gap), 'wide.zip')
  expect(zip.names).toEqual(['a'])
  expect(zip.size('a')).toBe(5000)
  expect(zip.read('a')).toEqual(contents)
})

const one = { a: Uint8Array.of(1, 2, 3) }
const renamed = zipOf(one)
renamed[30] = 0x62

test.each([
  ['another name in its own header', renamed, "'a' has another name in its own header"],
  [
    'more than it claims',
    zipOf(one, { deflate: true, size: 2 }),
    "'a' has more than the 2 bytes that it claims",
  ],
  ['less than it claims', zipOf(one, { deflate: true, size: 4 }), "'a' has 3 bytes, not 4"],
])('a file that has %s', (_, bytes, message) => {
  const read = () => parseZip(bytes, 'f.zip').read('a')
  expect(read).toThrow(FileFormatError)
  expect(read).toThrow(message)
})

test('two files of one name are an error', () => {
  const bytes = zipOf({ a: Uint8Array.of(1), b: Uint8Array.of(2) })
  // The second file's own header, and its entry in the directory.
  const start = new DataView(bytes.buffer).getUint32(bytes.length - 6, true)
  for (const at of [32 + 30, start + 47 + 46]) {
    expect(bytes[at]).toBe(0x62)
    bytes[at] = 0x61
  }
  expect(() => parseZip(bytes, 'f.zip')).toThrow("zip: there are two files 'a'")
})
