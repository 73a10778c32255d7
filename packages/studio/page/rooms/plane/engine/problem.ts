import type { OwnProblem } from '@tweedie/calibration'
import { problemOfDescription } from '@tweedie/calibration'
import type { ExactPrior, Fitted } from '@tweedie/solvers'
import { tensor } from '@tweedie/tensor'
import type { Law, Stripe } from '../law.ts'
import { normalOf } from '../law.ts'

/** All that a run on the plane depends on, beside the method, as data. */
export interface PlaneProblem {
  readonly law: Law
  readonly stripe: Stripe
}

/** The problem as `tweedie posterior --problem` takes it, but for y, a number. */
export const descriptionOf = ({ law, stripe }: PlaneProblem) => ({
  prior: {
    mixture: {
      weights: law.map(({ weight }) => weight),
      means: law.map(({ x, y }) => [x, y]),
      covariances: law.map(({ xx, xy, yy }) => [
        [xx, xy],
        [xy, yy],
      ]),
    },
  },
  operator: { matrix: [normalOf(stripe)] },
  noise: { gaussian: stripe.sigma },
})

/** The problem as the engine has it: of a Gaussian mixture, y [1, 1] in float32. */
export interface PosedPlane {
  readonly prior: ExactPrior
  readonly problem: Fitted<'linear' | 'sigma' | 'svd'>
}

/** The last problem: many questions are about the same. */
let latest: { readonly key: string; readonly posed: PosedPlane } | undefined

/** Frees the last problem. */
export function forgetProblem(): void {
  latest?.posed.problem.y.dispose()
  latest = undefined
}

/** By the reader that the command line has, so that both run the same numbers. It is kept until another is asked for. */
export async function posed(plane: PlaneProblem): Promise<PosedPlane> {
  const key = JSON.stringify(plane)
  if (latest?.key === key) return latest.posed
  using y = tensor([plane.stripe.offset])
  const own: OwnProblem = await problemOfDescription({ ...descriptionOf(plane), y })
  const found = own as PosedPlane // what the description says
  forgetProblem()
  latest = { key, posed: found }
  return found
}
