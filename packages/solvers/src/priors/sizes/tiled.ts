import { checkpoint } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import type { Prior } from '../../types.ts'
import { piece } from './pieces.ts'
import type { Segment } from './windows.ts'
import { windowsAlong } from './windows.ts'

/** Options of {@link tiledPrior}. */
export interface TiledPriorOptions {
  /** [height, width] of the pictures. */
  readonly size: readonly [height: number, width: number]
  /** Pixels that neighbouring windows share, at least. */
  readonly overlap: number
}

/**
 * A prior on pictures of any size, of one on windows [C, h, w] of them: x̂₀ of overlapping windows of x_t, blended by smooth
 * weights that sum to 1 (after MultiDiffusion, arXiv 2302.08113), so that no border between windows shows and a method,
 * an operator and its noise know only the whole picture. As x̂₀ is linear in ε at a given x_t, ε is blended by the same.
 *
 * The windows are asked one after the other, each with the whole batch; gradients go back through one at a time, whose
 * inside is computed again for it: each is a `piece` of the work, between which it may rest (`byPieces`). So the network needs memory for one window, whatever the picture. Where x̂₀ of a
 * pixel depends on no more than a quarter of the overlap around it, it is that of a prior on the whole picture; a network
 * that looks further sees less of the picture in a window, as all of them do that attend to every pixel.
 *
 * @param prior - On windows; it is not asked for an autoencoder.
 * @throws {OptionError} where it is not for pictures, a window is larger than the picture, or the overlap than a window.
 * @throws {ShapeError} from `denoise`, where x_t is no batch of such pictures.
 * @example
 * ```ts
 * import { gaussianPrior, tiledPrior } from '@tweedie/solvers'
 * import { zeros } from '@tweedie/tensor'
 * const window = gaussianPrior({ shape: [1, 4, 4], mean: new Array(16).fill(0), covariance: 1 })
 * const prior = tiledPrior(window, { size: [10, 7], overlap: 2 })
 * prior.denoise(zeros([2, 1, 10, 7]), 500).shape // => [2, 1, 10, 7]
 * ```
 */
export function tiledPrior(prior: Prior, { size: [height, width], overlap }: TiledPriorOptions): Prior {
  const [channels, tall, wide] = prior.shape
  if (prior.shape.length !== 3 || channels === undefined || tall === undefined || wide === undefined)
    throw new OptionError('prior', `'${prior.name}' is for [${prior.shape.join(', ')}], not for pictures`)
  // The overlap is at most what a window is long: along an axis with a single window there is none.
  const along = (extent: number, tile: number) => windowsAlong(extent, tile, tile === extent ? 0 : overlap)
  const [rows, columns] = [along(height, tall), along(width, wide)]
  const shape = [channels, height, width]
  /** Windows of x_t through `look`, put together again. */
  const tiled = (xt: Tensor, look: (window: Tensor) => Tensor, within?: typeof piece): Tensor =>
    scope(() => {
      if (!sameShape(xt.shape.slice(1), shape))
        throw new ShapeError(prior.name, 'x_t must be a batch of samples', [xt.shape, shape])
      const each = checkpoint(look, within)
      const strips = rows.starts.map((y) => {
        const strip = xt.slice(...rangeOf(2, y, y + tall))
        const windows = columns.starts.map((x) => each(strip.slice(...rangeOf(3, x, x + wide))))
        return blended(windows, columns.segments, 3)
      })
      return blended(strips, rows.segments, 2)
    })
  const { conditional } = prior
  return {
    name: prior.name,
    shape,
    schedule: prior.schedule,
    denoise: (xt, t) => tiled(xt, (window) => prior.denoise(window, t), piece),
    ...(conditional && {
      conditional: {
        classes: conditional.classes,
        embed: (labels) => conditional.embed(labels),
        nothing: conditional.nothing,
        denoise: (xt, t, c) => tiled(xt, (window) => conditional.denoise(window, t, c)),
      },
    }),
  }
}

/** The range [from, to) of one axis of [N, C, H, W]. */
const rangeOf = (axis: 2 | 3, from: number, to: number): (readonly [number, number] | null)[] =>
  Array.from({ length: axis + 1 }, (_, i) => (i === axis ? [from, to] : null))

/** Windows along an axis as one: each segment is the weighted sum of the windows that reach it. */
function blended(windows: readonly Tensor[], segments: readonly Segment[], axis: 2 | 3): Tensor {
  const pieces = segments.map(({ from, to, parts }) =>
    parts
      .map(({ window, at, weights }) => {
        const part = windows[window]!.slice(...rangeOf(axis, at, at + to - from))
        if (weights === undefined) return part
        const { dtype, device } = part
        return part.mul(fromData(weights, axis === 3 ? [to - from] : [to - from, 1], { dtype, device }))
      })
      .reduce((sum, part) => sum.add(part)),
  )
  return pieces.length === 1 ? pieces[0]! : concat(pieces, axis)
}
