import { gaussianTaps, normalised } from '../blur/convolution.ts'

/** A kernel of size×size, row by row. */
export type Kernel = Float64Array

/** A round Gaussian around the middle, of standard deviation `std` in pixels; its sum is 1. */
export function gaussianKernel(size: number, std: number): Kernel {
  const taps = gaussianTaps(size, std)
  return Float64Array.from(
    { length: size * size },
    (_, k) => (taps[Math.floor(k / size)] ?? 0) * (taps[k % size] ?? 0),
  )
}

/**
 * A straight motion through the middle: a line of `length` pixels at `angle` in degrees (0 along a row, then counter-
 * clockwise), its points shared out to the four pixels around each; its sum is 1.
 */
export function motionKernel(size: number, length: number, angle: number): Kernel {
  const kernel = new Float64Array(size * size)
  const [middle, radians] = [(size - 1) / 2, (angle * Math.PI) / 180]
  const points = 16 * size + 1
  for (let k = 0; k < points; k++) {
    const along = (k / (points - 1) - 0.5) * Math.min(length - 1, size - 1)
    const [row, column] = [middle - along * Math.sin(radians), middle + along * Math.cos(radians)]
    for (const i of [Math.floor(row), Math.floor(row) + 1])
      for (const j of [Math.floor(column), Math.floor(column) + 1])
        if (i >= 0 && i < size && j >= 0 && j < size)
          kernel[i * size + j]! += (1 - Math.abs(row - i)) * (1 - Math.abs(column - j))
  }
  return normalised(kernel)
}

/** A kernel as a picture in the data range [−1, 1]: 0 is black, the largest entry white. */
export function asPicture(kernel: Kernel): Float64Array {
  const top = kernel.reduce((a, b) => Math.max(a, b), 0)
  return kernel.map((v) => (2 * v) / top - 1)
}

/** Gaussians and straight motions of all widths that a size has room for: the family that our prior is centred on. */
export function kernelFamily(size: number): Kernel[] {
  const widths = [0.3, 0.6, 0.9, 1.2, 1.5, 2, 2.5, 3].filter((std) => std === 0.3 || 3 * std <= size)
  const lengths = [3, 5, 7, 9, 13, 17, 25, 33, 49, 65].filter((length) => length <= size)
  const angles = Array.from({ length: 8 }, (_, k) => 22.5 * k)
  return [
    ...widths.map((std) => gaussianKernel(size, std)),
    ...lengths.flatMap((length) => angles.map((angle) => motionKernel(size, length, angle))),
  ]
}
