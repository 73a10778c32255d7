import { OptionError, scope, unscoped } from '@tweedie/tensor'
import type { Prior } from '../types.ts'

/**
 * A prior that is told the class of its samples: E[x₀ | x_t, c] in the place of E[x₀ | x_t]; with a guidance w other than 1
 * what classifier-free guidance makes of the two (arXiv 2207.12598, whose w is ours less 1),
 *
 *     D(x_t, ∅) + w (D(x_t, c) − D(x_t, ∅)),
 *
 * at two evaluations a call. A guided one is no denoiser of any data.
 *
 * @param labels - One class for all samples, or one for each of a batch.
 * @throws {OptionError} where the prior cannot be told a class, or a label is none.
 */
export function withClass(prior: Prior, labels: number | readonly number[], guidance = 1): Prior {
  // How its pipeline samples is of no class.
  const { conditional, pipeline: _, ...rest } = prior
  if (conditional === undefined) throw new OptionError('class', `'${prior.name}' cannot be told a class`)
  const given = typeof labels === 'number' ? [labels] : labels
  const count = conditional.classes.length
  const wrong = given.find((label) => !(Number.isInteger(label) && label >= 0 && label < count))
  if (wrong !== undefined) throw new OptionError('class', `must be a label 0 … ${count - 1}, got ${wrong}`)
  if (!Number.isFinite(guidance)) throw new OptionError('guidance', `must be finite, got ${guidance}`)
  const c = unscoped(() => conditional.embed(given))
  const told: Prior['denoise'] = (xt, t) => conditional.denoise(xt, t, c)
  if (guidance === 1) return { ...rest, conditional, denoise: told }
  return {
    ...rest,
    conditional,
    denoise: (xt, t) =>
      scope(() => {
        const untold = prior.denoise(xt, t)
        return untold.add(told(xt, t).sub(untold).mul(guidance))
      }),
  }
}
