import { levelsOfPicture } from './strokes.ts'

/** The largest side that is read of a picture. */
const most = 1024

/**
 * The levels of a picture file, dark on light turned around: digits are light on dark.
 * @throws {Error} in words, where the browser cannot read it.
 */
export async function levelsOfFile(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error('this file is no picture that the browser can read')
  })
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height))
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)))
  const canvas = document.createElement('canvas')
  canvas.width = width ?? 1
  canvas.height = height ?? 1
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this browser draws no pictures')
  context.fillStyle = '#000'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
  const grey = Float32Array.from(
    { length: data.length / 4 },
    (_, i) => 0.299 * (data[4 * i] ?? 0) + 0.587 * (data[4 * i + 1] ?? 0) + 0.114 * (data[4 * i + 2] ?? 0),
  )
  const levels = levelsOfPicture(grey, canvas.width, canvas.height, false)
  const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length
  return mean > 32 ? levelsOfPicture(grey, canvas.width, canvas.height, true) : levels
}
