import type { Tensor } from '@tweedie/tensor'
import { fromData, ShapeError } from '@tweedie/tensor'

/** Options of {@link repulsion}. */
export interface RepulsionOptions {
  /** K, particles per sample. */
  readonly particles: number
  /** h, the same for all; otherwise m_i²/log K of each particle, m_i its median distance from the others. */
  readonly bandwidth?: number | undefined
}

/**
 * What drives the particles of a sample apart: at features f_i of each
 *
 *     −∇_{f_i} log Σ_{j≠i} k(f_i, f_j) = Σ_{j≠i} W_ij·2(f_i − f_j)/h_i,   k = exp(−‖f_i − f_j‖²/h_i),   W_ij ∝ k, Σ_j W_ij = 1,
 *
 * minus the score of a kernel density of the others (the repulsion of arXiv 2406.16683), h_i held fixed. The median rule is
 * that of Stein variational gradient descent (arXiv 1608.04471 §5); of an even number of distances the median is the lower
 * of the two. With it the force of particles at c times the distance is 1/c of what it was. Particles in one place, and one
 * alone, feel nothing.
 *
 * @param features - [N·K, …]: rows i·K … i·K + K − 1 are sample i's. Distances are read by the host.
 * @returns The force, like the features; samples do not see each other.
 * @throws {ShapeError} where rows are not N·K.
 * @example
 * ```ts
 * import { repulsion } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * // Of two, m²/log 2 is the bandwidth and 2·log 2 over their distance the force.
 * repulsion(tensor([[0], [2]]), { particles: 2 }).dataSync() // ≈ [-0.6931, 0.6931]
 * ```
 */
export function repulsion(features: Tensor, { particles: K, bandwidth }: RepulsionOptions): Tensor {
  const [rows = 0, ...rest] = features.shape
  if (rows % K !== 0) throw new ShapeError('repulsion', `needs ${K} rows a sample`, [features.shape])
  const [N, size] = [rows / K, rest.reduce((a, b) => a * b, 1)]
  const apart = features.reshape([N, K, 1, size]).sub(features.reshape([N, 1, K, size]))
  const squares = apart.square().sum(3).dataSync()
  const factors = new Float64Array(rows * K)
  for (let row = 0; row < rows; row++) {
    const own = row % K
    const to = Array.from(squares.subarray(row * K, row * K + K), Number)
    pulls(to, own, bandwidth ?? medianSquare(to, own) / Math.log(K)).forEach((pull, j) => {
      factors[row * K + j] = pull
    })
  }
  const { dtype, device } = features
  const weights = fromData(factors, [N, K, K, 1], { dtype, device })
  return apart.mul(weights).sum(2).reshape(features.shape)
}

/** The square of the median distance from the others. */
function medianSquare(squares: readonly number[], own: number): number {
  const others = squares.filter((_, j) => j !== own).sort((a, b) => a - b)
  return others[Math.floor((others.length - 1) / 2)] ?? 0
}

/** 2·W_j/h of each of K, 0 of itself; all 0 where h is. */
function pulls(squares: readonly number[], own: number, h: number): number[] {
  if (h === 0) return squares.map(() => 0)
  const nearest = Math.min(...squares.filter((_, j) => j !== own))
  const kernel = squares.map((square, j) => (j === own ? 0 : Math.exp((nearest - square) / h)))
  const total = kernel.reduce((a, b) => a + b, 0)
  return kernel.map((k) => (total === 0 ? 0 : (2 * k) / (h * total)))
}
