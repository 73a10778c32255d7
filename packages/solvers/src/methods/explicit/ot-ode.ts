import { needStep } from '../../guidance/guided.ts'
import { solvingOptions } from '../../guidance/inverse.ts'
import { pseudoInverseLikelihood } from '../../guidance/pseudo-inverse.ts'
import { adjointEstimate, firstEstimates } from '../../linalg/first-estimate.ts'
import { choice, number } from '../../options/index.ts'
import { ddim } from '../../samplers/kernel.ts'
import { flowGrid, flowGridFrom, flowScale, flowTime } from '../../schedules/flow-time.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'
import { UnfitError } from '../fit.ts'
import { needsInverse } from '../rare-needs.ts'

/**
 * OT-ODE (Pokle, Muckley, Chen & Karrer, arXiv 2310.04432, Algorithm 1): ΠGDM's likelihood in the ODE of a flow. On the path
 * z = t·x₀ + (1 − t)·ε from noise to data, with v the network's velocity, Euler's step of
 *
 *     dz/dt = v + ((1 − t)/t)·γ_t·g,     g = (∂x̂₀/∂z)ᵀ Aᵀ(r_t²AAᵀ + σ_y²I)⁻¹(y − A x̂₀),     x̂₀ = z + (1 − t)·v,
 *     r_t² = s²(1 − t)²/(t²s² + (1 − t)²),
 *
 * from z = t₀·Aᵀy + (1 − t₀)·ξ at t₀ = `startTime`. γ_t is 1, or √(t/(t² + (1 − t)²)) with `gamma: 'root'`. Any prior is a flow, with z =
 * x_t/(α_t + σ_t) at t = α_t/(α_t + σ_t): in its own variables, with c = α + σ and τ = 1 − t,
 *
 *     x_s = DDIM₀(x_t, x̂₀) + c_s·c_t·(τ_t − τ_s)·(τ_t/(1 − τ_t))·γ·g.
 *
 * **It is ΠGDM.** With γ = 1 that is, term for term, DDIM with η = 0 of x̂₀ + (σ_t²/α_t)·g: the conditional Tweedie formula of the
 * same likelihood, on any schedule. ΠGDM's own step has α_t·r_t² in place of the weight of g; the page has both.
 *
 * Defaults: t₀ = 0.2, γ = 1 and steps of 1/100, so 80 of them, as the configuration of PnP-Flow's repository. Linear operators, by
 * the SVD or conjugate gradients; of others A† and no noise, as `pigdm`. Known limits: r_t² is that of white x₀ of variance s²; the ODE draws
 * no posterior from Aᵀy, which is no draw at t₀, but for s²I and t₀ → 0 it does.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, otOde, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(otOde(problem, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.2 // => true
 * ```
 */
export const otOde = defineMethod({
  name: 'ot-ode',
  title: 'OT-ODE',
  family: 'explicit',
  paper: { arxiv: '2310.04432', algorithm: 'Algorithm 1', authors: 'Pokle et al. 2024' },
  needs: [needsInverse, 'denoiserVjp'],
  limits:
    'One variance r_t² for all directions; starts from Aᵀy with noise, which is no draw of x_t given y.',
  cost: ['svd'],
  steps: 80,
  spacing: 'trailing',
  options: {
    startTime: number('t₀, part of x₀ at the start', { default: 0.2, above: 0, below: 1 }),
    gamma: choice('γ_t: 1, or √(t/(t² + (1 − t)²))', ['constant', 'root']),
    variance: number('s², the variance of x₀ that r_t² stands on', { default: 1, above: 0 }),
    init: choice('x₀ at the start; auto: Aᵀy, A†y, 0, what A has first', ['auto', ...firstEstimates]),
    ...solvingOptions,
  },
  grid: flowGrid,
  path: (times, { startTime }, schedule) => flowGridFrom(schedule, times, 1 - startTime),
  plan: (run) => {
    const { problem, prior, options, noise, start } = run
    const { gamma, init } = options
    const { schedule } = prior
    const initial = adjointEstimate(problem, init)
    if (initial === undefined)
      throw new UnfitError(
        'ot-ode',
        'linear',
        `init '${init}' needs more than '${problem.operator.name}' has`,
      )
    const { through, score } = pseudoInverseLikelihood(problem, options)
    return {
      ...guidedPlan(run, ddim(0), {
        through,
        at: (look, step) => {
          const { s } = needStep('ot-ode', step)
          const [tau, next] = [flowTime(schedule, look.t), flowTime(schedule, s)]
          const { g, residual } = score(look)
          const weight = gamma === 'root' ? Math.sqrt((1 - tau) / ((1 - tau) ** 2 + tau ** 2)) : 1
          const scale = flowScale(schedule, look.t) * flowScale(schedule, s)
          return {
            x0: look.x0hat,
            shift: g.mul((scale * (tau - next) * tau * weight) / (1 - tau)),
            residual,
          }
        },
      }),
      start: () => ({ x: noise().add(initial(problem.y).mul(schedule.alpha(start))) }),
    }
  },
})

/** Options of {@link otOde}. */
export type OtOdeOptions = OptionsOf<typeof otOde>
/** A step of {@link otOde}. */
export type OtOdeStep = StepOf<typeof otOde>
