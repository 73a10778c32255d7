import type { Picture } from '../pictures/picture.ts'

/**
 * The mean of several restorations, and where they differ: their standard deviation, scaled so that the
 * largest is white.
 */
export function meanAndSpread(pictures: readonly Picture[]): {
  mean: Picture
  spread: Picture
  largest: number
} {
  const first = pictures[0]!
  const size = first.data.length
  const mean = new Float32Array(size)
  const std = new Float32Array(size)
  let largest = 0
  for (let i = 0; i < size; i++) {
    let [sum, squares] = [0, 0]
    for (const { data } of pictures) {
      sum += data[i]!
      squares += data[i]! ** 2
    }
    mean[i] = sum / pictures.length
    std[i] = Math.sqrt(Math.max(0, squares / pictures.length - mean[i]! ** 2))
    largest = Math.max(largest, std[i]!)
  }
  if (largest > 0) for (let i = 0; i < size; i++) std[i] = std[i]! / largest
  return { mean: { ...first, data: mean }, spread: { ...first, data: std }, largest }
}
