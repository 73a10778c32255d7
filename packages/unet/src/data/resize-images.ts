import type { ImageSet, Values } from './images.ts'
import { resizedTo, resizePlanes } from './resize.ts'

/** Values in [0, 1] as bytes. */
export const toBytes = (values: Float32Array): Uint8Array =>
  Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round(255 * value))))

/** Images of which the shorter side is `side`; bytes stay bytes. */
export function resizeImages(images: ImageSet<Values>, side: number | undefined): ImageSet<Values> {
  const [channels, height, width] = images.shape
  const [h, w] = resizedTo(height, width, side)
  if (h === height && w === width) return images
  const [from, to] = [channels * height * width, channels * h * w]
  const { pixels, count } = images
  const isBytes = pixels instanceof Uint8Array
  const out: Values = isBytes ? new Uint8Array(count * to) : new Float32Array(count * to)
  for (let i = 0; i < count; i++) {
    const image = pixels.subarray(i * from, (i + 1) * from)
    const planes = isBytes ? Float32Array.from(image, (v) => v / 255) : (image as Float32Array)
    const resized = resizePlanes(planes, images.shape, [h, w])
    out.set(isBytes ? toBytes(resized) : resized, i * to)
  }
  return { ...images, shape: [channels, h, w], pixels: out }
}
