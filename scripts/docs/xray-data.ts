// The X-rays that the prior `xray` is measured on.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import { readImage } from '@tweedie/unet'
import { readDataSet } from '@tweedie/unet/node'
import { root } from './measured.ts'

/** [C, H, W] of an X-ray. */
export const shape = [1, 28, 28] as const
export const size = 784

/** Pictures in [−1, 1], one after the other. */
export interface Xrays {
  readonly count: number
  readonly values: Float32Array
}

/** The parts of PneumoniaMNIST, those to train on less the copies of others, as the prior had them. */
export interface XrayData {
  readonly training: Xrays
  readonly validation: Xrays
  readonly test: Xrays
}

const path = resolve(root, '../shared/data/pneumoniamnist/pneumoniamnist.npz')

/** @throws {Error} where the data are not there. */
export async function readXrays(): Promise<XrayData> {
  if (!existsSync(path)) throw new Error(`${path} is not there: it holds PneumoniaMNIST`)
  const set = await readDataSet({ path, dropDuplicates: true }, { shape, labels: false })
  const { images, validation, test } = set
  if ('pictures' in images || validation === undefined || test === undefined)
    throw new Error(`${path} should hold arrays to train on, to validate on and to test on`)
  const read = (from: Parameters<typeof readImage>[0]): Xrays => {
    const values = new Float32Array(from.count * size)
    for (let i = 0; i < from.count; i++) readImage(from, i, values, i * size)
    return { count: from.count, values }
  }
  return { training: read(images), validation: read(validation), test: read(test) }
}

/** One of them. */
export const xrayAt = ({ values }: Xrays, i: number): Float32Array =>
  values.subarray(i * size, (i + 1) * size)

/** So many of them, at equal distances, as a batch [N, 1, 28, 28]. */
export function spread(pictures: Xrays, count: number): Tensor {
  const out = new Float32Array(count * size)
  for (let n = 0; n < count; n++)
    out.set(xrayAt(pictures, Math.floor((n * pictures.count) / count)), n * size)
  return fromData(out, [count, ...shape])
}

/** Root mean squared distance of each picture to the nearest of others, for values in [0, 1]; in ascending order. */
export function nearest(pictures: Xrays, among: Xrays): number[] {
  const distances = Array.from({ length: pictures.count }, (_, i) => {
    const x = xrayAt(pictures, i)
    let least = Infinity
    for (let k = 0; k < among.count; k++) {
      let sum = 0
      for (let j = 0, at = k * size; j < size && sum < least; j++, at++)
        sum += (x[j]! - among.values[at]!) ** 2
      least = Math.min(least, sum)
    }
    return Math.sqrt(least / size) / 2
  })
  return distances.sort((a, b) => a - b)
}
