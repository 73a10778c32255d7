import type { Shape } from '@tweedie/tensor'
import { sizeOf } from '@tweedie/tensor'
import type { ImageOperator } from './spectral-operator.ts'
import { imageOperator } from './spectral-operator.ts'

/**
 * Denoising: y = x plus noise. Works for samples of any shape; all singular values are 1.
 * @example
 * ```ts
 * import { identity } from '@tweedie/solvers'
 * identity({ shape: [1, 28, 28] }).observed // => 784
 * ```
 */
export function identity(options: { shape: Shape }): ImageOperator {
  const { shape } = options
  const n = sizeOf(shape)
  return imageOperator({
    name: 'identity',
    inShape: shape,
    outShape: shape,
    // A view of its own, so that its owner may dispose of it.
    forward: (x) => x.reshape(x.shape),
    adjoint: (y) => y.reshape(y.shape),
    pinv: (y) => y.reshape(y.shape),
    svd: () => ({
      singularValues: new Float64Array(n).fill(1),
      vt: (x) => x.reshape([x.shape[0]!, n]),
      v: (c) => c.reshape([c.shape[0]!, ...shape]),
      ut: (y) => y.reshape([y.shape[0]!, n]),
      u: (c) => c.reshape([c.shape[0]!, ...shape]),
    }),
  })
}
