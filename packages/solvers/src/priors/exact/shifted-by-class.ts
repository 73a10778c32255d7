import type { Tensor } from '@tweedie/tensor'
import { OptionError, scope, tensor, unscoped, zeros } from '@tweedie/tensor'
import { hostMatrix, transposed } from '../../linalg/host-matrix.ts'
import { matrixMap } from '../../linalg/matrix-map.ts'
import type { Conditional, ConditionalPrior, Prior } from '../../types.ts'

/** Options of {@link shiftedByClass}. */
export interface ShiftedByClassOptions {
  /** Each class with its embedding, d numbers. */
  classes: Readonly<Record<string, readonly number[]>>
  /** M, a tensor [n, d]. */
  shift: Tensor
  embedImage?: Conditional['embedImage']
}

/**
 * A prior that can be told a class, which moves the whole law: p(x₀ | c) is that of x₀ + M c, so that
 *
 *     E[x₀ | x_t, c] = E[x₀ | x_t − α_t·M c] + M c,
 *
 * and c = 0 is no class. Of a Gaussian or a mixture, so that every conditional posterior is known: an exact model of
 * a network that is told its class.
 *
 * @throws {OptionError} where there is no class, or their embeddings differ in length.
 * @example
 * ```ts
 * import { gaussianPrior, shiftedByClass } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = shiftedByClass(gaussianPrior({ mean: [0], covariance: 1 }), {
 *   classes: { low: [-1], high: [1] }, shift: tensor([[2]]),
 * })
 * const { denoise, embed } = prior.conditional
 * denoise(tensor([[0]]), prior.schedule.clean, embed([1])).dataSync() // ≈ [0]
 * denoise(tensor([[0]]), 999, embed([1])).dataSync() // ≈ [2.000]
 * ```
 */
export function shiftedByClass<P extends Prior>(
  prior: P,
  { classes, shift, embedImage }: ShiftedByClassOptions,
): P & ConditionalPrior {
  const d = shift.shape[1] ?? 0
  const rows = Object.values(classes)
  if (rows.length === 0 || rows.some((row) => row.length !== d))
    throw new OptionError('classes', `needs classes of ${d} numbers, as the shift [n, d] takes`)
  const moves = matrixMap(transposed(hostMatrix('shiftedByClass', shift)), prior.shape)
  const embed = (labels: readonly number[]) =>
    tensor(
      labels.map((label) => {
        const row = rows[label]
        if (row === undefined) throw new OptionError('class', `must be 0 … ${rows.length - 1}, got ${label}`)
        return [...row]
      }),
      { dtype: 'float64' },
    )
  const conditional: Conditional = {
    classes: Object.keys(classes),
    embed,
    nothing: unscoped(() => zeros([1, d], { dtype: 'float64' })),
    denoise: (xt, t, c) =>
      scope(() => {
        const by = moves(c.cast(xt.dtype))
        return prior.denoise(xt.sub(by.mul(prior.schedule.alpha(t))), t).add(by)
      }),
    ...(embedImage && { embedImage }),
  }
  return { ...prior, conditional }
}
