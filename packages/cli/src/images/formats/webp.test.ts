import { expect, test } from 'vitest'
import { pillow, reading } from '../reading.test.helper.ts'

test('a first frame that covers a part of its canvas: what is beyond it is see-through, and on black', async () => {
  const animation = Buffer.from(pillow('webp-animation'))
  const whole = (await reading(animation)).picture
  const canvas = animation.indexOf('VP8X') + 12
  animation.writeUIntLE(whole.width + 4 - 1, canvas, 3)
  animation.writeUIntLE(whole.height + 6 - 1, canvas + 3, 3)
  const frame = animation.indexOf('ANMF') + 8
  animation.writeUIntLE(1, frame, 3) // in units of two pixels
  animation.writeUIntLE(2, frame + 3, 3)
  const { picture, notes } = await reading(animation)
  const { width, height, data } = picture
  expect([width, height]).toEqual([whole.width + 4, whole.height + 6])
  expect(notes).toContain('transparent pixels were put on black')
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [row, column] = [y - 4, x - 2]
        const isInside = row >= 0 && row < whole.height && column >= 0 && column < whole.width
        const wanted = isInside ? whole.data[(c * whole.height + row) * whole.width + column] : 0
        expect(data[(c * height + y) * width + x]).toBe(wanted)
      }
    }
  }
  animation.writeUIntLE(3, frame, 3)
  await expect(reading(animation)).rejects.toThrow('its first picture lies beyond its canvas')
})

test('a WebP part of odd length is followed by a byte that is of no part (RFC 9649, 2.3)', async () => {
  const plain = pillow('webp-lossless')
  const turned = pillow('exif-webp-6')
  const exif = turned.subarray(turned.indexOf('EXIF'))
  const upright = (await reading(plain)).picture
  for (const length of [0, 1, 4, 7]) {
    const head = Buffer.from('ABCD\0\0\0\0', 'latin1')
    head.writeUInt32LE(length, 4)
    // What follows looks like a part that starts a byte earlier, and reaches beyond the file.
    const bytes = Buffer.concat([plain, head, Buffer.alloc(length + (length % 2), 0xff), exif])
    bytes.writeUInt32LE(bytes.length - 8, 4)
    const { picture, notes } = await reading(bytes)
    expect([picture.width, picture.height]).toEqual([upright.height, upright.width])
    expect(notes).toContainEqual(expect.stringContaining('EXIF orientation 6'))
  }
})
