import type { Key } from '@tweedie/tensor'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { buildMatrix, product, transposed } from '../../linalg/host-matrix.ts'
import { resizeKernels, resizeMatrix } from '../sampling/resize.ts'
import { convolutionMatrix, gaussianTaps } from './convolution.ts'
import type { Point } from './motion-path.ts'
import { motionPath } from './motion-path.ts'

/** The distance of a point from the line between two others. */
function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay]
  const squared = dx ** 2 + dy ** 2
  const along = squared === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / squared))
  return Math.hypot(x - ax - along * dx, y - ay - along * dy)
}

/** A path as a line of a width on a square of `side` pixels, with edges one pixel soft. */
function drawn(path: readonly Point[], side: number, width: number): HostMatrix {
  return buildMatrix(side, side, (row, column) => {
    const pixel: Point = [column - (side - 1) / 2, row - (side - 1) / 2]
    const away = path.reduce(
      (least, point, i) => Math.min(least, distance(pixel, path[Math.max(0, i - 1)]!, point)),
      Infinity,
    )
    return Math.min(1, Math.max(0, width / 2 + 0.5 - away))
  })
}

/** M·A·Mᵀ. */
const both = (matrix: HostMatrix, a: HostMatrix): HostMatrix =>
  product(product(matrix, a), transposed(matrix))

/**
 * A kernel of size×size and sum 1: a {@link motionPath} drawn at twice the size as a line of a 150th of the diagonal,
 * softened by a Gaussian of a 100th of it, and halved by Lanczos' filter, all as in the published code. That draws with
 * Pillow, in 8 bits and hard-edged; here lines are antialiased and numbers exact, so that the law of the paths is
 * the same, and the pixels about a line differ a little. A path that lies wholly outside the frame is drawn again.
 *
 * @param intensity - From 0, a straight line, to 1.
 */
export function motionKernel(key: Key, size: number, intensity: number): HostMatrix {
  const side = 2 * size
  const diagonal = Math.SQRT2 * side
  const width = Math.max(1, Math.floor(diagonal / 150))
  const std = Math.floor(0.01 * diagonal)
  const soft = std === 0 ? Float64Array.of(1) : gaussianTaps(8 * std + 1, std)
  const blurred = convolutionMatrix(soft, side, 'zero')
  const half = resizeMatrix(side, 2, resizeKernels.lanczos3)
  for (let attempt = 0; ; attempt++) {
    const line = drawn(motionPath(key.fold(attempt), intensity, diagonal), side, width)
    const small = both(half, both(blurred, line))
    const kept = small.data.map((value) => Math.max(0, value))
    const total = kept.reduce((sum, value) => sum + value, 0)
    if (total > 0) return { rows: size, columns: size, data: kept.map((value) => value / total) }
  }
}
