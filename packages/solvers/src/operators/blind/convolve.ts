import type { Shape, Tensor } from '@tweedie/tensor'
import { equal, fromData, maximum, scatterAdd } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { preciseDevice } from '../../linalg/precise.ts'
import type { Svd } from '../../types.ts'
import type { SpectralOperator } from '../parts.ts'
import { linearOperator } from '../parts.ts'
import { hartley } from './hartley.ts'

/** Circular convolutions of pictures by kernels of size×size, each sample by its own. */
export interface Convolution {
  /** y(p) = Σ_j k(j)·x(p − j), j from −⌊size/2⌋, around the edges; x [N, C, H, W], k [N or 1, size, size]. */
  convolve(x: Tensor, kernel: Tensor): Tensor
  /** The operator of one kernel [1, size, size]. */
  at(name: string, kernel: Tensor): SpectralOperator
}

/**
 * By the Hartley transform H: a convolution takes the pair (X(f), X(−f)) to (c·X(f) + d·X(−f), c·X(−f) − d·X(f)),
 * where c and d are the even and odd parts of the kernel's transform, the real and minus the imaginary part of its
 * Fourier transform. That is s = √(c² + d²) times a rotation R, so A = H·R·diag(s)·H is its decomposition: V = H, U = HR.
 */
export function convolution(
  [channels, height, width]: readonly [number, number, number],
  size: number,
): Convolution {
  const { transform, mirrored } = hartley(height, width)
  const [n, radius] = [height * width, (size - 1) / 2]
  const wrap = (i: number, extent: number) => (((i - radius) % extent) + extent) % extent
  const taps = Int32Array.from(
    { length: size * size },
    (_, k) => wrap(Math.floor(k / size), height) * width + wrap(k % size, width),
  )
  const places = constant(taps, [taps.length])
  const shape: Shape = [channels, height, width]

  /** c and d of kernels, [N, 1, H, W]. */
  const parts = (kernel: Tensor) => {
    const spread = scatterAdd(kernel.reshape([batchOf(kernel), taps.length]), places(kernel), n, 1)
    const k = transform(spread.reshape([batchOf(kernel), 1, height, width])).mul(Math.sqrt(n) / 2)
    const back = mirrored(k)
    return { even: k.add(back), odd: k.sub(back) }
  }
  const turn = (X: Tensor, even: Tensor, odd: Tensor) => X.mul(even).add(mirrored(X).mul(odd))
  const convolve = (x: Tensor, kernel: Tensor) => {
    const { even, odd } = parts(kernel)
    return transform(turn(transform(x), even, odd))
  }

  function decomposed(even: ArrayLike<number>, odd: ArrayLike<number>): Svd {
    const s = Float64Array.from(even, (c, k) => Math.hypot(c, odd[k] ?? 0))
    const floor = 2 ** -52 * n * s.reduce((a, b) => Math.max(a, b), 0)
    const seen = s.map((v) => (v > floor ? v : 0))
    const ratio = (part: ArrayLike<number>) => (like: Tensor) =>
      fromData(
        seen.map((v, k) => (v > 0 ? (part[k] ?? 0) / v : 0)),
        [1, 1, height, width],
        { dtype: like.dtype, device: like.device },
      )
    const [cosine, sine] = [ratio(even), ratio(odd)]
    const planes = (c: Tensor) => c.reshape([batchOf(c), ...shape])
    const flat = (x: Tensor) => x.reshape([batchOf(x), channels * n])
    return {
      singularValues: Float64Array.from({ length: channels * n }, (_, k) => seen[k % n] ?? 0),
      vt: (x) => flat(transform(x)),
      v: (c) => transform(planes(c)),
      ut: (y) => {
        const Y = transform(y)
        return flat(turn(Y, cosine(y), sine(y).neg()))
      },
      u: (c) => transform(turn(planes(c), cosine(c), sine(c))),
    }
  }

  return {
    convolve,
    at: (name, given) => {
      const host = Float64Array.from(given.dataSync())
      const kernel = (like: { dtype: Tensor['dtype']; device: Tensor['device'] }) =>
        fromData(host, [1, size, size], { dtype: like.dtype, device: like.device })
      return linearOperator(name, {
        inShape: shape,
        outShape: shape,
        forward: (x) => convolve(x, kernel(x)),
        adjoint: (y) => {
          const { even, odd } = parts(kernel(y))
          return transform(turn(transform(y), even, odd.neg()))
        },
        spectrum: () => {
          const { even, odd } = parts(
            fromData(host, [1, size, size], { dtype: 'float64', device: preciseDevice(given.device) }),
          )
          return decomposed(even.dataSync(), odd.dataSync())
        },
      })
    },
  }
}

/** Kernels with the sum 1. Those of sum 0 come out as no numbers. */
export const sumToOne = (kernel: Tensor): Tensor => kernel.div(kernel.sum([1, 2], true))

/** Kernels without negative entries, of sum 1; a kernel with nothing above 0 becomes flat. */
export function ontoSimplex(kernel: Tensor): Tensor {
  const above = maximum(kernel, 0)
  const total = above.sum([1, 2], true)
  const flat = 1 / ((kernel.shape[1] ?? 1) * (kernel.shape[2] ?? 1))
  const nothing = equal(total, 0).cast(kernel.dtype)
  return above.add(nothing.mul(flat)).div(total.add(nothing))
}
