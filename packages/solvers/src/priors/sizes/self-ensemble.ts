import type { Tensor } from '@tweedie/tensor'
import { flip, OptionError, scope, transpose, treeLeaves, treeMap } from '@tweedie/tensor'
import type { Prior } from '../../types.ts'

/** Numbers of views that are a group: no other, the mirror image, both mirrors, and these with the diagonal. */
export const ensembleSizes = [1, 2, 4, 8] as const
/** How many views of a picture are averaged. */
export type EnsembleSize = (typeof ensembleSizes)[number]

/** A picture turned: transposed first, then mirrored along axes of [N, C, H, W]. */
interface View {
  readonly transposed: boolean
  readonly mirrored: readonly number[]
}

const mirrors: readonly (readonly number[])[] = [[], [3], [2], [2, 3]]
/** All views, so that the first 1, 2, 4 and 8 are groups. */
const views: readonly View[] = [false, true].flatMap((transposed) =>
  mirrors.map((mirrored) => ({ transposed, mirrored })),
)

const transposed = (x: Tensor): Tensor => transpose(x, [0, 1, 3, 2])
const mirror = (x: Tensor, axes: readonly number[]): Tensor => (axes.length === 0 ? x : flip(x, axes))
const seen = (x: Tensor, view: View): Tensor => mirror(view.transposed ? transposed(x) : x, view.mirrored)
const back = (x: Tensor, view: View): Tensor => {
  const upright = mirror(x, view.mirrored)
  return view.transposed ? transposed(upright) : upright
}

/** The sums of the tensors of two trees. */
function sumOf<T>(a: T, b: T): T {
  const others = treeLeaves(b)
  return treeMap(a, (leaf, i) => leaf.add(others[i] ?? 0))
}

/** What {@link selfEnsemble} is told beside the number of views. */
export interface SelfEnsembleOptions {
  /** The same prior on pictures with height and width exchanged: needed for eight views of pictures that are not square. */
  readonly exchanged?: Prior
}

/**
 * The geometric self-ensemble of a prior on pictures (arXiv 1707.02921 §3.3, a network's "+" variant): the mean over views
 * g of the picture, mirrored and transposed, of what the prior makes of each, turned back,
 *
 *     x̂₀(x_t) = (1/n)·Σ_g g⁻¹ D(g x_t).
 *
 * The views are a group, so that what comes out is mirrored and turned with what goes in: an equivariant denoiser (arXiv
 * 2312.01831 §3). Of a law of pictures that has no preferred directions E[x₀ | x_t] is one, and averaging takes from the error what
 * cannot be of it. It costs n evaluations, and n times the memory where gradients go back. What a network says of its
 * variance, and x̂₀ before it was limited, are averaged as well.
 *
 * @param prior - On pictures [C, H, W].
 * @param size - 1; 2 with the mirror image; 4 with both mirrors; 8 with the diagonal too.
 * @throws {OptionError} naming `prior` where it is not on pictures, which one view alone does not ask; `ensemble` for another
 * number of views, or for 8 of pictures that are not square without `exchanged`.
 * @example
 * ```ts
 * import { gaussianPrior, selfEnsemble } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const leaning = gaussianPrior({ shape: [1, 1, 2], mean: [1, 0], covariance: 1e-9 })
 * const even = selfEnsemble(leaning, 2)
 * even.denoise(tensor([[[[0, 0]]]]), 500).dataSync() // ≈ [0.5, 0.5]
 * ```
 */
export function selfEnsemble(
  prior: Prior,
  size: EnsembleSize,
  { exchanged }: SelfEnsembleOptions = {},
): Prior {
  if (size === 1) return prior
  const [, height, width] = prior.shape
  if (prior.shape.length !== 3 || prior.autoencoder !== undefined)
    throw new OptionError('prior', `'${prior.name}' is not on pictures, which alone can be mirrored`)
  if (!ensembleSizes.includes(size))
    throw new OptionError('ensemble', `must be ${ensembleSizes.join(', ')}, got ${String(size)}`)
  const across = exchanged ?? (height === width ? prior : undefined)
  if (size === 8 && across === undefined)
    throw new OptionError(
      'ensemble',
      `of 8 views needs square pictures, or a prior of both sizes; '${prior.name}' is for ${width}×${height} alone`,
    )
  const chosen = views.slice(0, size)
  /** The mean over the views of what `ask` makes of one, a tree of tensors like x. */
  const averaged = <T>(x: Tensor, ask: (of: Prior, view: Tensor) => T): T =>
    scope(() => {
      const said = chosen.map((view) =>
        scope(() => {
          const of = view.transposed ? (across ?? prior) : prior
          return treeMap(ask(of, seen(x, view)), (found) => back(found, view))
        }),
      )
      return treeMap(said.reduce(sumOf), (total) => total.div(size))
    })
  const { conditional, pipeline } = prior
  return {
    name: prior.name,
    shape: prior.shape,
    schedule: prior.schedule,
    denoise: (xt, t) => averaged(xt, (of, x) => of.denoise(x, t)),
    ...(pipeline && {
      pipeline: {
        ...pipeline,
        estimate: (xt, t) => averaged(xt, (of, x) => (of.pipeline ?? pipeline).estimate(x, t)),
      },
    }),
    ...(conditional && {
      conditional: {
        classes: conditional.classes,
        embed: (labels) => conditional.embed(labels),
        nothing: conditional.nothing,
        denoise: (xt, t, c) => averaged(xt, (of, x) => (of.conditional ?? conditional).denoise(x, t, c)),
      },
    }),
  }
}
