// The photographs that the prior `photos` is measured on, none of which it was trained on, and noise for them.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readPicture } from '@tweedie/cli'
import type { Picture } from '@tweedie/runs'
import { toGrey } from '@tweedie/runs'
import { normal, randomKey, scope } from '@tweedie/tensor'
import { writeNpy } from '@tweedie/unet'
import { root } from './measured.ts'

/** Photographs of scikit-image, by the names of its files, grey ones as grey. */
export const photographs = ['camera', 'coins', 'astronaut', 'chelsea', 'coffee'] as const
export type Photograph = (typeof photographs)[number]

/** Standard deviations of the noise, in grey levels of 255. */
export const noiseLevels = [15, 25, 50] as const

const folder = resolve(root, '../shared/data/skimage')

/** A photograph of scikit-image as it is. @throws {Error} where the data are not there. */
export async function readPhotograph(name: string): Promise<Picture> {
  const path = join(folder, `${name}.png`)
  if (!existsSync(path)) throw new Error(`${path} is not there: it holds the photographs of scikit-image`)
  const { picture } = await readPicture(path)
  const { data, width, height, channels } = picture
  const size = width * height
  const alike =
    channels === 3 && data.subarray(0, size).every((v, i) => v === data[size + i] && v === data[2 * size + i])
  return alike ? toGrey(picture) : picture
}

/** A rectangle of a picture. */
export function cut(
  { channels, width, height, data }: Picture,
  [top, left, rows, columns]: readonly [top: number, left: number, rows: number, columns: number],
): Picture {
  const out = new Float32Array(channels * rows * columns)
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < rows; y++) {
      const from = (c * height + top + y) * width + left
      out.set(data.subarray(from, from + columns), (c * rows + y) * columns)
    }
  return { channels, width: columns, height: rows, data: out }
}

/** The photograph with noise of a level, values in [0, 1] and beyond; the same on every machine. */
export function noisy(name: Photograph, picture: Picture, level: number): Picture {
  const key = randomKey(0).fold('photos').fold(name).fold(level)
  const draws = scope(() => normal(key, [picture.data.length], { device: 'reference' }).dataSync())
  return { ...picture, data: picture.data.map((value, i) => value + (level / 255) * draws[i]!) }
}

/** [H, W], or [H, W, C], as scikit-image has pictures. */
function channelsLast({ channels, width, height, data }: Picture): { shape: number[]; values: Float32Array } {
  if (channels === 1) return { shape: [height, width], values: data }
  const size = width * height
  const values = new Float32Array(data.length)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < size; i++) values[i * channels + c] = data[c * size + i]!
  return { shape: [height, width, channels], values }
}

/** SHA-256 of the values of a picture as scikit-image has them. */
export function sha256(picture: Picture): string {
  const { buffer, byteOffset, byteLength } = channelsLast(picture).values
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
}

/** Writes all photographs and what noise makes of them, for scripts/docs/photos_peers.py. */
export async function writeNoisy(out: string): Promise<void> {
  mkdirSync(out, { recursive: true })
  for (const name of photographs) {
    const picture = await readPhotograph(name)
    const save = (what: string, of: Picture) =>
      writeFileSync(join(out, `${name}-${what}.npy`), writeNpy(channelsLast(of)))
    save('truth', picture)
    for (const level of noiseLevels) save(String(level), noisy(name, picture, level))
  }
  console.log(`wrote ${photographs.length} photographs at ${noiseLevels.join(', ')} to ${out}`)
}

/** What scikit-image's denoisers make of one noisy photograph. */
export interface PeerRow {
  readonly sha256: string
  readonly noisy: number
  readonly tv: { readonly psnr: number; readonly setting: string }
  readonly wavelet: { readonly psnr: number; readonly setting: string }
  readonly nlm: { readonly psnr: number; readonly setting: string }
}

/** docs/photos/peers.json, which scripts/docs/photos_peers.py writes. */
export interface Peers {
  readonly skimage: string
  readonly photographs: Readonly<Record<string, Readonly<Record<string, PeerRow>>>>
}

export const readPeers = (): Peers => JSON.parse(readFileSync(join(root, 'docs/photos/peers.json'), 'utf8'))
