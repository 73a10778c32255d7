import type { Shape, Tensor } from '@tweedie/tensor'
import { ShapeError, scope, sizeOf } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { buildMatrix, hostMatrix, product, transposed } from '../../linalg/host-matrix.ts'
import { matrixMap } from '../../linalg/matrix-map.ts'
import { matrixSvd } from '../../linalg/matrix-svd.ts'
import type { Autoencoder } from '../../types.ts'

/** Options of {@link linearAutoencoder}. */
export interface LinearAutoencoderOptions {
  /** Of a picture and of a latent; default [n] and [k]. */
  shape?: Shape
  latentShape?: Shape
  /** b, n numbers; default 0. */
  offset?: ArrayLike<number>
}

/**
 * The linear autoencoder D(z) = W z + b, E(x) = W⁺(x − b): with an orthonormal W that of a principal component analysis,
 * E = D⁻¹ on what D makes, and D∘E the projection on it. With a Gaussian on the latents the pictures are Gaussian, and all
 * about a latent method can be worked out.
 *
 * @param W - The decoder, a tensor [n, k].
 * @throws {ShapeError} where W is no matrix, or a shape does not hold as many elements.
 * @throws {NonFiniteError} where an entry is NaN or infinite.
 * @example
 * ```ts
 * import { linearAutoencoder } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { decode, encode } = linearAutoencoder(tensor([[0.6], [0.8]]))
 * decode(tensor([[5]])).dataSync() // ≈ [3, 4]
 * encode(tensor([[3, 4]])).dataSync() // ≈ [5]
 * ```
 */
export function linearAutoencoder(
  W: Tensor,
  { shape, latentShape, offset }: LinearAutoencoderOptions = {},
): Autoencoder {
  const [n = 0, k = 0] = W.shape
  const of = { shape: shape ?? [n], latentShape: latentShape ?? [k] }
  const host = hostMatrix('linearAutoencoder', W)
  for (const [shape, size] of [
    [of.shape, n],
    [of.latentShape, k],
  ] as const)
    if (sizeOf(shape) !== size)
      throw new ShapeError('linearAutoencoder', `W takes ${k} numbers to ${n}`, [shape])
  const { u, s, v } = matrixSvd(host)
  const inverse = buildMatrix(k, v.columns, (i, j) =>
    (s[j] ?? 0) > 0 ? (v.data[i * v.columns + j] ?? 0) / (s[j] ?? 1) : 0,
  )
  const decoder = matrixMap(transposed(host), of.shape)
  const encoder = matrixMap(transposed(product(inverse, transposed(u))), of.latentShape)
  const b = constant(
    Float64Array.from(offset ?? { length: sizeOf(of.shape) }, (v) => v ?? 0),
    of.shape,
  )
  return {
    name: 'linear',
    ...of,
    decode: (z) => scope(() => decoder(z).add(b(z))),
    encode: (x) => scope(() => encoder(x.sub(b(x)))),
  }
}
