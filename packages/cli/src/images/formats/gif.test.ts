import { expect, test } from 'vitest'
import { pillow, reading } from '../reading.test.helper.ts'

/** Where the packed pixels of the first picture begin, after the bits of their first codes. */
function startOfPixels(bytes: Buffer): number {
  let at = 13 + 3 * 2 ** (((bytes[10] ?? 0) & 7) + 1)
  while (bytes[at] === 0x21) {
    for (at += 2; (bytes[at] ?? 0) > 0; ) at += 1 + (bytes[at] ?? 0)
    at++
  }
  const flags = bytes[at + 9] ?? 0
  return at + 11 + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1))
}

test('blocks that are whole but hold too few pixels are an error, not a part of a picture', async () => {
  const bytes = pillow('gif-grey')
  const from = startOfPixels(bytes)
  const length = bytes[from] ?? 0
  for (const kept of [0, 1, 10, length - 1]) {
    const block =
      kept === 0 ? Buffer.alloc(0) : Buffer.from([kept, ...bytes.subarray(from + 1, from + 1 + kept)])
    const file = Buffer.concat([bytes.subarray(0, from), block, Buffer.from([0, 0x3b])])
    await expect(reading(file)).rejects.toThrow('broken GIF: its first picture has too few pixels')
  }
})
