// Cuts the crops that the prior `photos` is trained on: see --help.
import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readPicture } from '@tweedie/cli'
import type { Picture } from '@tweedie/runs'
import { randomKey, randomWords } from '@tweedie/tensor'
import { writeAtomically } from '@tweedie/unet/node'

const help = `node scripts/photo-crops.ts --out DIR [options]
Square crops of the photographs of a folder, as the IDX files that \`tweedie train --data\` reads: from random places, each
in one of the eight orientations of a square, a part of them from photographs at half their size.
  --data DIR       photographs to train on              (default ../shared/data/kodak24)
  --test DIR       photographs to test on               (default ../shared/data/skimage; its astronaut, chelsea and coffee)
  --side N         side of a crop                       (default 80)
  --count N        crops to train on                    (default 12288)
  --half X         the part from photographs at half their size   (default 0.3)
  --seed N         (default 0)`

const { values: o } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    out: { type: 'string' },
    data: { type: 'string', default: resolve(import.meta.dirname, '../../shared/data/kodak24') },
    test: { type: 'string', default: resolve(import.meta.dirname, '../../shared/data/skimage') },
    side: { type: 'string', default: '80' },
    count: { type: 'string', default: '12288' },
    half: { type: 'string', default: '0.3' },
    seed: { type: 'string', default: '0' },
  },
})
if (o.help || o.out === undefined) {
  console.log(help)
  process.exit(o.help ? 0 : 2)
}
const [side, count, half] = [Number(o.side), Number(o.count), Number(o.half)]
const testPhotos = ['astronaut.png', 'chelsea.png', 'coffee.png']

/** The photograph of a file, three channels of values from 0 to 1. */
async function read(path: string): Promise<Picture> {
  const { picture } = await readPicture(path)
  if (picture.channels !== 3) throw new Error(`${path} has ${picture.channels} channels, not 3`)
  return picture
}

/** The mean of each 2×2 pixels. */
function halved({ channels, height, width, data }: Picture): Picture {
  const [h, w] = [height >> 1, width >> 1]
  const out = new Float32Array(channels * h * w)
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const at = (dy: number, dx: number) => data[(c * height + 2 * y + dy) * width + 2 * x + dx] ?? 0
        out[(c * h + y) * w + x] = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4
      }
  return { ...({ channels, height: h, width: w } as const), data: out }
}

/** Writes one crop as bytes, [3, side, side]; bits 0 to 2 of `turn` say how it lies. */
function crop(photo: Picture, top: number, left: number, turn: number, out: Uint8Array, at: number): void {
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const [a, b] = turn & 1 ? [x, y] : [y, x]
        const [row, column] = [turn & 2 ? side - 1 - a : a, turn & 4 ? side - 1 - b : b]
        const value = photo.data[(c * photo.height + top + row) * photo.width + left + column] ?? 0
        out[at + (c * side + y) * side + x] = Math.round(255 * value)
      }
}

function crops(photos: readonly Picture[], n: number, name: string): Uint8Array {
  const scales = photos.map((photo) => [photo, halved(photo)] as const)
  const size = 3 * side * side
  const out = new Uint8Array(n * size)
  // Four words a crop: which photograph and scale, where from, how it lies.
  const words = randomWords(randomKey(Number(o.seed)).fold(name), 4 * n)
  for (let i = 0; i < n; i++) {
    const draw = (j: number, below: number) => Math.floor(((words[4 * i + j] ?? 0) / 2 ** 32) * below)
    const scale = draw(3, 2 ** 20) / 2 ** 20 < half ? 1 : 0
    const photo = scales[i % scales.length]![scale]
    crop(photo, draw(0, photo.height - side + 1), draw(1, photo.width - side + 1), draw(2, 8), out, i * size)
  }
  return out
}

/** An IDX file of [N, 3, side, side] unsigned bytes. */
function idx(values: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(20))
  head.setUint32(0, 0x0804)
  const shape = [values.length / (3 * side * side), 3, side, side]
  shape.forEach((extent, i) => void head.setUint32(4 + 4 * i, extent))
  return Buffer.concat([new Uint8Array(head.buffer), values])
}

const names = readdirSync(o.data).filter((name) => name.endsWith('.png'))
const photos = await Promise.all(names.sort().map((name) => read(join(o.data, name))))
const test = await Promise.all(testPhotos.map((name) => read(join(o.test, name))))
mkdirSync(o.out, { recursive: true })
writeAtomically(join(o.out, 'train-images-idx4-ubyte'), idx(crops(photos, count, 'train')))
writeAtomically(join(o.out, 't10k-images-idx4-ubyte'), idx(crops(test, 384, 'test')))
console.log(`${count} crops of ${side}×${side} from ${photos.length} photographs, 384 to test on; ${o.out}`)
