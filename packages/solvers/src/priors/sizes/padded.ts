import type { Tensor } from '@tweedie/tensor'
import { concat, flip, OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import type { Prior } from '../../types.ts'

/**
 * A prior on pictures of a size that its network cannot take, of one on slightly larger pictures: x_t is continued by
 * reflection at its right and lower border, and of x̂₀ the part that was there before is returned. All else, the
 * measurement and the noise of the method among it, is of the picture alone. Gradients are those of this very function: a
 * pixel gets what its reflections got.
 *
 * What lies beyond the border is then no picture with noise of its own, so that x̂₀ is a little less certain near it.
 *
 * @param prior - On pictures [C, H, W] at least as large; it is not asked for an autoencoder.
 * @param size - [height, width] of the pictures.
 * @throws {OptionError} where the prior is not for pictures, or for smaller ones.
 * @throws {ShapeError} from `denoise`, where x_t is no batch of such pictures.
 * @example
 * ```ts
 * import { gaussianPrior, paddedPrior } from '@tweedie/solvers'
 * import { zeros } from '@tweedie/tensor'
 * const even = gaussianPrior({ shape: [1, 4, 8], mean: new Array(32).fill(0), covariance: 1 })
 * const prior = paddedPrior(even, [3, 7])
 * prior.denoise(zeros([1, 1, 3, 7]), 500).shape // => [1, 1, 3, 7]
 * ```
 */
export function paddedPrior(prior: Prior, size: readonly [height: number, width: number]): Prior {
  const [channels, tall, wide] = prior.shape
  const [height, width] = size
  if (prior.shape.length !== 3 || channels === undefined || tall === undefined || wide === undefined)
    throw new OptionError('prior', `'${prior.name}' is for [${prior.shape.join(', ')}], not for pictures`)
  if (!(height >= 1 && width >= 1 && height <= tall && width <= wide))
    throw new OptionError('size', `must be at most ${tall}×${wide}, got ${height}×${width}`)
  const shape = [channels, height, width]
  const padded = (xt: Tensor, look: (larger: Tensor) => Tensor): Tensor =>
    scope(() => {
      if (!sameShape(xt.shape.slice(1), shape))
        throw new ShapeError(prior.name, 'x_t must be a batch of samples', [xt.shape, shape])
      const larger = reflected(reflected(xt, 2, tall), 3, wide)
      return look(larger).slice(null, null, [0, height], [0, width])
    })
  const { conditional } = prior
  return {
    name: prior.name,
    shape,
    schedule: prior.schedule,
    denoise: (xt, t) => padded(xt, (larger) => prior.denoise(larger, t)),
    ...(conditional && {
      conditional: {
        classes: conditional.classes,
        embed: (labels) => conditional.embed(labels),
        nothing: conditional.nothing,
        denoise: (xt, t, c) => padded(xt, (larger) => conditional.denoise(larger, t, c)),
      },
    }),
  }
}

/** x continued along an axis to `extent` by reflection about its last place; one place alone is repeated. */
function reflected(x: Tensor, axis: 2 | 3, extent: number): Tensor {
  const length = x.shape[axis] ?? 0
  const more = Math.min(extent - length, Math.max(1, length - 1))
  if (more <= 0) return x
  const from = length === 1 ? 0 : length - 1 - more
  const range = Array.from({ length: axis + 1 }, (_, i) =>
    i === axis ? ([from, from + more] as const) : null,
  )
  return reflected(concat([x, flip(x.slice(...range), [axis])], axis), axis, extent)
}
