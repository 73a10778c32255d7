import type { Shape, Tensor } from '@tweedie/tensor'
import { gather, isTensor, OptionError, ShapeError, sameShape, scatterAdd } from '@tweedie/tensor'
import { constant } from '../linalg/constant.ts'
import type { ImageOperator } from './spectral-operator.ts'
import { imageExtents, imageOperator } from './spectral-operator.ts'

/**
 * Inpainting by an operator that keeps the given elements and nothing else.
 *
 * The measurement is compact: its m numbers are the observed ones, in row-major order. So the rows of A are
 * orthonormal, A⁺ = Aᵀ, noise falls on what was observed only, and ‖y − Ax‖ compares with σ_y·√m. The masked
 * image itself is `display(y)` (or `pinv(y)`): observed values in their places, 0 elsewhere.
 *
 * @param name - The operator's name.
 * @param shape - [C, H, W] of the images.
 * @param kept - Sorted indices of what is observed: into the H·W pixels of every channel where `shared`, into
 *   the C·H·W elements otherwise.
 * @param shared - Whether the channels share the mask; then y is [N, C, m/C], else [N, m].
 */
export function keepOnly(name: string, shape: Shape, kept: Int32Array, shared: boolean): ImageOperator {
  const [channels, height, width] = imageExtents(name, shape)
  const n = channels * height * width
  const [planes, per] = shared ? [channels, height * width] : [1, n]
  const indices = constant(kept, [kept.length])
  const outShape = shared ? [channels, kept.length] : [kept.length]
  const select = (x: Tensor) =>
    gather(x.reshape([x.shape[0]!, planes, per]), indices(x), 2).reshape([x.shape[0]!, ...outShape])
  const place = (y: Tensor) => scatterAdd(y.reshape([y.shape[0]!, planes, kept.length]), indices(y), per, 2)
  const placeImage = (y: Tensor) => place(y).reshape([y.shape[0]!, ...shape])
  return imageOperator({
    name,
    inShape: shape,
    outShape,
    forward: select,
    adjoint: placeImage,
    pinv: placeImage,
    display: placeImage,
    svd: () => {
      // V is the identity: coordinates are the elements themselves.
      const singularValues = new Float64Array(n)
      for (let plane = 0; plane < planes; plane++) for (const i of kept) singularValues[plane * per + i] = 1
      return {
        singularValues,
        vt: (x) => x.reshape([x.shape[0]!, n]),
        v: (c) => c.reshape([c.shape[0]!, ...shape]),
        ut: (y) => place(y).reshape([y.shape[0]!, n]),
        u: select,
      }
    },
  })
}

/**
 * Inpainting with any mask. y holds the observed elements alone: [N, C, count] where the channels share the
 * mask, [N, count] where they do not; `display(y)` is the masked image. All non-zero singular values are 1.
 *
 * @param options.shape - [C, H, W].
 * @param options.observed - Non-zero (or true) where x is measured: a tensor or flat array of H·W elements,
 *   shared by the channels, or of C·H·W. A tensor may be [H, W], [1, H, W] or [C, H, W].
 * @throws {ShapeError} where the mask does not fit.
 * @throws {OptionError} where it observes nothing.
 * @example
 * ```ts
 * import { mask } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = mask({ shape: [1, 2, 2], observed: [1, 0, 0, 1] })
 * const y = operator.forward(tensor([[[[0.1, 0.2], [0.3, 0.4]]]]))
 * y.dataSync() // ≈ [0.1, 0.4]
 * operator.display(y).dataSync() // ≈ [0.1, 0, 0, 0.4]
 * ```
 */
export function mask(options: {
  shape: Shape
  observed: Tensor | ArrayLike<number> | ArrayLike<boolean>
}): ImageOperator {
  const { shape, observed } = options
  const [channels, height, width] = imageExtents('mask', shape)
  const plane = height * width
  if (isTensor(observed)) {
    const fits = [[height, width], [1, height, width], shape]
    if (!fits.some((fit) => sameShape(fit, observed.shape))) {
      throw new ShapeError('mask', `observed must be [H, W] or [C, H, W] of the shape`, [
        observed.shape,
        shape,
      ])
    }
  }
  const flags = isTensor(observed) ? observed.dataSync() : observed
  if (flags.length !== plane && flags.length !== channels * plane) {
    throw new ShapeError(
      'mask',
      `observed has ${flags.length} elements; ${plane} (for all channels) or ${channels * plane} fit`,
      [shape],
    )
  }
  const kept: number[] = []
  for (let i = 0; i < flags.length; i++) if (flags[i]) kept.push(i)
  if (kept.length === 0) throw new OptionError('observed', 'mask: at least one element must be observed')
  return keepOnly('mask', shape, Int32Array.from(kept), flags.length === plane)
}
