// Writes page/rooms/digits/held-out.idx: the first two of each digit that the shipped priors have not seen, by digit.
// `node packages/studio/scripts/held-out.ts`
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { heldOutDigits } from '@tweedie/unet/node'

const each = 2
const { images, labels } = heldOutDigits()
const size = 28 * 28
const picked = Array.from({ length: 10 * each }, (_, k) => labels.indexOf(Math.floor(k / each)) + (k % each))
const file = new Uint8Array(16 + picked.length * size)
const head = new DataView(file.buffer)
for (const [i, value] of [0x0803, picked.length, 28, 28].entries()) head.setUint32(4 * i, value)
for (const [k, image] of picked.entries())
  file.set(images.pixels.subarray(image * size, (image + 1) * size), 16 + k * size)
writeFileSync(resolve(import.meta.dirname, '../page/rooms/digits/held-out.idx'), file)
