import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { dampedInverse } from '../inner/proximal.ts'
import { ridge } from '../linalg/ridge.ts'
import { choice, integer, number } from '../options/index.ts'
import type { LinearOperator } from '../types.ts'

/** How a linear system of an operator is solved. */
export interface Solving {
  /** `auto` (default): `svd` where the operator has one, else `cg`, conjugate gradients for each sample. */
  readonly solver?: 'auto' | 'svd' | 'cg' | undefined
  /** Singular values up to this fraction of the largest count as 0; default 0. */
  readonly rankTolerance?: number | undefined
  /** Number of iterations of conjugate gradients, converged or not. Left out: until they converge. */
  readonly iterations?: number | undefined
}

/** The same as options of a method. */
export const solvingOptions = {
  solver: choice('auto: the SVD where there is one, else conjugate gradients', ['auto', 'svd', 'cg']),
  iterations: integer('of conjugate gradients', { min: 1, otherwise: 'until they converge' }),
  rankTolerance: number('share of the largest s_i that counts as 0', { default: 0, min: 0, max: 1 }),
}

/**
 * (r, λ) ↦ Aᵀ(AAᵀ + λI)⁻¹r, A⁺r at λ = 0, from the shape of y to that of x, by the means that an operator has. No m×m
 * matrix.
 *
 * @throws {OptionError} for `svd` where there is none.
 */
export function regularisedInverse(
  operator: LinearOperator,
  { solver = 'auto', rankTolerance = 0, iterations }: Solving = {},
): (r: Tensor, lambda: number) => Tensor {
  const svd = solver === 'cg' ? undefined : operator.svd?.()
  if (svd !== undefined) return (r, lambda) => ridge(svd, Math.sqrt(lambda), rankTolerance)(r)
  if (solver === 'svd') throw new OptionError('solver', `'${operator.name}' has no svd; take auto or cg`)
  const limits = { solver: 'cg', ...(iterations === undefined ? {} : { iterations }) } as const
  return (r, lambda) =>
    lambda === 0 && solver === 'auto' && operator.pinv !== undefined
      ? operator.pinv(r)
      : dampedInverse(operator, lambda, limits)(r)
}
