import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, scope } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import { text } from '../options/index.ts'
import type { ConditionalPrior, Time } from '../types.ts'

/** The option of every method that is told a class. */
export const classOption = text('the class that the picture is of, such as 7', 'a class of the prior', 'none')

/**
 * The index of a class of a prior; undefined for none.
 * @throws {OptionError} where the prior does not have it, listing those it has.
 */
export function labelOf(
  { conditional: { classes } }: Pick<ConditionalPrior, 'conditional'>,
  name: string | undefined,
): number | undefined {
  if (name === undefined) return undefined
  const index = classes.indexOf(name)
  if (index < 0) throw new OptionError('class', `must be one of ${classes.join(', ')}, got '${name}'`)
  return index
}

/** The embedding of a label, or of no class, for each sample, [N, d], in the element type of `like` [N, …]. */
export const embeddingOf = (
  { conditional: { nothing, embed } }: Pick<ConditionalPrior, 'conditional'>,
  label: number | undefined,
  like: Tensor,
): Tensor =>
  scope(() => {
    const one = label === undefined ? nothing : embed([label])
    const [, d = 0] = one.shape
    const [row, n] = [one.dataSync(), batchOf(like)]
    const rows = Float64Array.from({ length: n * d }, (_, i) => row[i % d] ?? 0)
    return fromData(rows, [n, d], { dtype: like.dtype, device: like.device })
  })

/** What a prior says of x_t without a class and with one: E[x₀ | x_t] and E[x₀ | x_t, c]. */
export interface Told {
  readonly without: Tensor
  readonly with: Tensor
}

/** The two evaluations of guidance without a classifier. @param nothing - The embedding that stands for no class. */
export const toldAt = (
  { conditional }: ConditionalPrior,
  x: Tensor,
  t: Time,
  nothing: Tensor,
  c: Tensor,
): Told => ({ without: conditional.denoise(x, t, nothing), with: conditional.denoise(x, t, c) })

/**
 * Guidance without a classifier (Ho & Salimans, arXiv 2207.12598), x̂₀(∅) + w·(x̂₀(c) − x̂₀(∅)): w = 0 is no class, 1 the
 * class itself, more than 1 exaggerates. The same as in ε, an affine map of x̂₀ at each t.
 */
export const withoutClassifier = (told: Told, w: number): Tensor =>
  told.without.add(told.with.sub(told.without).mul(w))
