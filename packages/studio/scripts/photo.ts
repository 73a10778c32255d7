// Writes page/rooms/digits/photo.png: a photograph of the demo (CC0, Getty) at half its size, 128 × 128.
// `node packages/studio/scripts/photo.ts`
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { decode, encode } from 'fast-png'

const { width, height, data } = decode(
  readFileSync(resolve(import.meta.dirname, '../../cli/photographs/boats.png')),
)
const [w, h] = [width / 2, height / 2]
const half = Uint8Array.from({ length: 3 * w * h }, (_, i) => {
  const [c, x, y] = [i % 3, Math.floor(i / 3) % w, Math.floor(i / 3 / w)]
  const at = (dx: number, dy: number) => data[3 * ((2 * y + dy) * width + 2 * x + dx) + c] ?? 0
  return Math.round((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4)
})
writeFileSync(
  resolve(import.meta.dirname, '../page/rooms/digits/photo.png'),
  encode({ width: w, height: h, data: half, depth: 8, channels: 3 }),
)
