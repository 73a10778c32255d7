import { valueAndGrad } from '@tweedie/autograd'
import type { Key, Tensor } from '@tweedie/tensor'
import { NonFiniteError, normal, randomUnits, ShapeError, scope, treeLeaves } from '@tweedie/tensor'
import { choose, sumPerSample } from '../linalg/per-sample.ts'
import { inFloat64 } from '../linalg/precise.ts'
import { requirePositive } from '../schedules/levels.ts'
import type { StepSize } from './chain.ts'
import { requireChain, stepColumn } from './chain.ts'

/** U and ∇U of a batch: [N, …] to [N] and [N, …]; p ∝ exp(−U). */
export type Potential = (x: Tensor) => { readonly value: Tensor; readonly gradient: Tensor }

/**
 * A potential from its values alone, [N, …] to [N]; the gradient is taken on the tape. Samples must not depend on
 * each other.
 * @throws {ShapeError} from the potential, where there is not one value per sample.
 * @example
 * ```ts
 * import { potentialOf } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { value, gradient } = potentialOf((x) => x.square().sum(1).div(2))(tensor([[3, 4], [1, 0]]))
 * value.dataSync() // => [12.5, 0.5]
 * gradient.dataSync() // => [3, 4, 1, 0]
 * ```
 */
export function potentialOf(energy: (x: Tensor) => Tensor): Potential {
  const total = (x: Tensor): [Tensor, Tensor] => {
    const value = energy(x)
    if (value.shape.length !== 1 || value.shape[0] !== x.shape[0])
      throw new ShapeError('potentialOf', 'needs one value per sample, [N]', [value.shape, x.shape])
    return [value.sum(), value]
  }
  const differentiated = valueAndGrad(total, { hasAux: true })
  return (x) =>
    scope(() => {
      const [[, value], gradient] = differentiated(x)
      return { value, gradient }
    })
}

/** A place with its momentum, both [N, …], and the potential there. */
export interface PhasePoint {
  readonly x: Tensor
  readonly momentum: Tensor
  readonly value: Tensor
  readonly gradient: Tensor
}

/**
 * `leaps` leapfrog steps of Hamilton's equations for H = U(x) + ‖p‖²/2 (Neal 2011, arXiv 1206.1901):
 * half a step of p, one of x, half a step of p, neighbouring halves as one. It keeps volume and is its own inverse
 * once the momentum is turned round; H errs by O(ε²) over a fixed time.
 * @param step - ε.
 */
export function leapfrog(potential: Potential, from: PhasePoint, step: StepSize, leaps: number): PhasePoint {
  requirePositive('leaps', leaps)
  return scope(() => {
    const whole = stepColumn(step, from.x)
    const half = stepColumn(step, from.x, (epsilon) => epsilon / 2)
    let { x, value, gradient } = from
    let momentum = from.momentum.sub(gradient.mul(half))
    for (let leap = 1; leap <= leaps; leap++) {
      x = x.add(momentum.mul(whole))
      ;({ value, gradient } = potential(x))
      momentum = momentum.sub(gradient.mul(leap === leaps ? half : whole))
    }
    return { x, momentum, value, gradient }
  })
}

/** H = U + ‖p‖²/2 of each sample, in double precision on the host. */
export const energies = ({ value, momentum }: PhasePoint): number[] =>
  scope(() => {
    const kinetic = sumPerSample(inFloat64(momentum).square()).dataSync()
    return Array.from(value.dataSync(), (u, i) => u + kinetic[i]! / 2)
  })

/** Options of {@link hmc}. */
export interface HmcOptions {
  /** Number of proposals. */
  steps: number
  /** ε, for all samples or one for each; stable below 2/√L where ∇U has the Lipschitz constant L. */
  step: StepSize
  /** Leapfrog steps in a proposal. */
  leaps: number
  /** One key per sample, as `streams.keysOf(i, 'hmc')`. */
  keys: readonly Key[]
}

/** Where the chains ended, and how often each moved. */
export interface Chains {
  /** [N, …]. */
  readonly x: Tensor
  /** U(x) of each sample. */
  readonly value: readonly number[]
  /** Proposals accepted of each sample. */
  readonly accepted: readonly number[]
  /** The mean of the acceptance probabilities of each sample. */
  readonly acceptance: readonly number[]
}

/**
 * Hamiltonian Monte Carlo (arXiv 1206.1901) for p ∝ exp(−U), one chain for each sample of a batch: momentum
 * p ~ N(0, I), `leaps` {@link leapfrog} steps, accepted with probability min(1, e^{H − H'}), in log space and for
 * each sample apart. p is stationary at any step size; where a trajectory diverges (H' is NaN or infinite) the
 * proposal is rejected. Proposal k of a sample draws from its key folded by k and 'momentum' or 'accept'.
 *
 * H is as exact as U: a U of 10⁶ in float32 has no digit below 0.06, which blurs the acceptance.
 *
 * Costs 1 + steps·leaps evaluations of U and ∇U. Acceptance near 0.65 suits many dimensions (Beskos et al. 2013).
 *
 * @param x - [N, …], where to start; stays valid.
 * @throws {OptionError | ShapeError} where steps, leaps, step sizes or keys do not fit.
 * @throws {NonFiniteError} where U is not finite at the start; {DeviceError} on a device the host cannot read at once.
 * @example
 * ```ts
 * import { hmc, potentialOf } from '@tweedie/solvers'
 * import { randomKey, zeros } from '@tweedie/tensor'
 * const potential = potentialOf((x) => x.sub(3).square().sum(1).div(2)) // of N(3, I)
 * const { x, accepted } = hmc(potential, zeros([1, 4]), { steps: 20, step: 0.5, leaps: 4, keys: [randomKey(1)] })
 * x.shape // => [1, 4]
 * accepted[0]! > 10 // => true
 * ```
 */
export const hmc = (potential: Potential, x: Tensor, options: HmcOptions): Chains =>
  chains('hmc', potential, x, options)

/** Options of {@link mala}: γ is `step`. */
export type MalaOptions = Omit<HmcOptions, 'leaps'>

/**
 * The Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996): the proposals of {@link langevin},
 * x' = x − γ·∇U(x) + √(2γ)·z, accepted with probability min(1, p(x')q(x | x')/(p(x)q(x' | x))), q(x' | x) =
 * N(x'; x − γ·∇U(x), 2γI). That is {@link hmc} with one leapfrog step of ε = √(2γ) and p = z, by which it is run.
 *
 * Acceptance near 0.57 suits many dimensions (Roberts & Rosenthal 1998).
 *
 * @throws as {@link hmc}.
 * @example
 * ```ts
 * import { mala, potentialOf } from '@tweedie/solvers'
 * import { randomKey, zeros } from '@tweedie/tensor'
 * const potential = potentialOf((x) => x.square().sum(1).div(2))
 * const { acceptance } = mala(potential, zeros([1, 2]), { steps: 10, step: 1e-4, keys: [randomKey(1)] })
 * acceptance[0]! > 0.99 // => true
 * ```
 */
export function mala(potential: Potential, x: Tensor, options: MalaOptions): Chains {
  const { step } = options
  requireChain('mala', x, options)
  const epsilon = (gamma: number) => Math.sqrt(2 * gamma)
  return chains('mala', potential, x, {
    ...options,
    step: typeof step === 'number' ? epsilon(step) : step.map(epsilon),
    leaps: 1,
  })
}

function chains(op: string, potential: Potential, x: Tensor, options: HmcOptions): Chains {
  const { steps, step, leaps, keys } = options
  requireChain(op, x, options)
  requirePositive('leaps', leaps)
  const like = { dtype: x.dtype, device: x.device }
  const accepted = keys.map(() => 0)
  const probability = keys.map(() => 0)
  return scope(() => {
    let at: Omit<PhasePoint, 'momentum'> = { x, ...potential(x) }
    requireFinite(op, at.value)
    for (let k = 0; k < steps; k++) {
      const next = scope(() => {
        const draws = keys.map((key) => key.fold(k))
        const momenta = draws.map((key) => key.fold('momentum'))
        const from = { ...at, momentum: normal(momenta, x.shape.slice(1), like) }
        const to = leapfrog(potential, from, step, leaps)
        const [before, after] = [energies(from), energies(to)]
        const moves = before.map((H, i) => {
          const ratio = Number.isFinite(after[i]) ? H - after[i]! : -Infinity
          probability[i]! += Math.exp(Math.min(0, ratio)) / steps
          return Math.log(randomUnits(draws[i]!.fold('accept'), 1)[0]!) < ratio
        })
        moves.forEach((moved, i) => {
          if (moved) accepted[i]!++
        })
        return {
          x: choose(moves, to.x, at.x),
          value: choose(moves, to.value, at.value),
          gradient: choose(moves, to.gradient, at.gradient),
        }
      })
      const kept = treeLeaves(next)
      for (const old of treeLeaves(at)) if (old !== x && !kept.includes(old)) old.dispose()
      at = next
    }
    const value = Array.from(at.value.dataSync())
    return { x: at.x === x ? x.detach() : at.x, value, accepted, acceptance: probability }
  })
}

function requireFinite(op: string, value: Tensor): void {
  const values = value.dataSync()
  const sample = values.findIndex((u) => !Number.isFinite(u))
  if (sample >= 0) throw new NonFiniteError(`${op}: U is ${values[sample]} at the start of sample ${sample}`)
}
