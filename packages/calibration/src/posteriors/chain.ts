import type { Key } from '@tweedie/tensor'
import { OptionError, randomIntegers, TweedieError } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Points } from '../points.ts'
import { pointAt, pointsOf } from '../points.ts'
import type { Posterior } from '../types.ts'
import type { Convergence } from './convergence.ts'
import { worst, worstConvergence } from './convergence.ts'
import type { Stream } from './stream.ts'
import { streamOf } from './stream.ts'
import type { Drawable, Target } from './target.ts'
import { addTo } from './target.ts'

/** How chains move, and how long. */
export interface ChainOptions {
  /** One a chain, farther apart than the law is wide, so that chains that do not mix are seen. */
  readonly starts: readonly Float64Array[]
  readonly key: Key
  /** Leapfrog steps of a Hamiltonian move. */
  readonly leaps: number
  /** Proposals that do not depend on where the chain is: how it gets from mode to mode. */
  readonly jump?: Drawable
  /** A move that leaves p as it is: a rotation, a permutation. */
  readonly symmetry?: (x: Float64Array, stream: Stream) => Float64Array
  /** Moves of a chain before states are kept, in which its step size is found. */
  readonly warmUp: number
  /** States kept of a chain. */
  readonly states: number
  /** Moves between states that are kept. */
  readonly every: number
  /** Numbers that have to converge beside the coordinates: what symmetries leave as it is. */
  readonly watch?: (x: Float64Array) => readonly number[]
}

/** States of chains, with how often each kind of move was taken. */
export interface Chains {
  readonly states: readonly Points[]
  /** Of Hamiltonian moves and of jumps, 0 … 1. */
  readonly accepted: { readonly moves: number; readonly jumps: number }
}

/** A chain that goes on from where it is. */
interface Walker {
  /** The states of so many moves, one every so many. */
  walk(states: number, every: number): Points
  readonly counts: { moves: number; jumps: number; tried: number }
}

/** The acceptance of Hamiltonian moves that the step size is set to (Beskos et al. 2013 has 0.65 as the cheapest). */
const wanted = 0.8

function walkerOf(target: Target, start: Float64Array, key: Key, options: ChainOptions): Walker {
  const { leaps, jump, symmetry, warmUp } = options
  const stream = streamOf(key)
  const counts = { moves: 0, jumps: 0, tried: 0 }
  let x = start
  let log = target.logDensity(x)
  if (!Number.isFinite(log)) throw new TweedieError(`chain: the density of a start is ${Math.exp(log)}`)
  let score = target.score(x)
  let step = 0.1
  /** The probability that the move is taken. */
  const move = (): number => {
    const momentum = x.map(() => stream.normal())
    const size = step * (0.8 + 0.4 * stream.uniform())
    const before = energy(log, momentum)
    const next = Float64Array.from(x)
    let pull = score
    addTo(momentum, pull, size / 2)
    for (let leap = 1; leap <= leaps; leap++) {
      addTo(next, momentum, size)
      pull = target.score(next)
      addTo(momentum, pull, leap === leaps ? size / 2 : size)
    }
    const there = target.logDensity(next)
    const rise = before - energy(there, momentum)
    const probability = Number.isNaN(rise) ? 0 : Math.min(1, Math.exp(rise))
    if (stream.uniform() < probability) {
      ;[x, log, score] = [next, there, pull]
      counts.moves++
    }
    return probability
  }
  const leap = (to: Drawable): void => {
    const next = to.draw(stream)
    const there = target.logDensity(next)
    if (Math.log(1 - stream.uniform()) < there - log - to.logDensity(next) + to.logDensity(x)) {
      ;[x, log] = [next, there]
      score = target.score(x)
      counts.jumps++
    }
  }
  const once = (): number => {
    counts.tried++
    if (jump) leap(jump)
    if (symmetry) {
      x = symmetry(x, stream)
      score = target.score(x)
      log = target.logDensity(x)
    }
    return move()
  }
  // Robbins and Monro; the step size is fixed afterwards.
  for (let i = 0; i < warmUp; i++) step *= Math.exp((once() - wanted) / Math.sqrt(i + 1))
  Object.assign(counts, { moves: 0, jumps: 0, tried: 0 })
  return {
    counts,
    walk: (states, every) => {
      const values = new Float64Array(states * x.length)
      for (let i = 0; i < states; i++) {
        for (let k = 0; k < every; k++) once()
        values.set(x, i * x.length)
      }
      return pointsOf(values, x.length)
    },
  }
}

const energy = (log: number, momentum: Float64Array): number =>
  momentum.reduce((sum, p) => sum + p ** 2, 0) / 2 - log

/**
 * Markov chains of p on the host: in turn a jump to a draw of a law that is near p (Metropolis–Hastings by independence), a
 * move of a symmetry and a Hamiltonian move (arXiv 1206.1901) whose step size the warm-up finds and each move varies by ±20 %.
 * Each keeps p. Where asked for, they go on until the worst coordinate has converged: R̂ below `rHat`, and more than `effective`
 * independent draws' worth of states.
 *
 * @throws {OptionError} where there are less than two starts.
 * @throws {TweedieError} where p is 0 at a start, or chains have not converged after eight times as many states.
 * @example
 * ```ts
 * import { mixtureTarget, runChains, worstConvergence } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * const law = mixtureTarget(gaussianMixture({ weights: [1], means: [[1]], covariances: 1 }))
 * const starts = [Float64Array.of(-3), Float64Array.of(4)]
 * const { states } = runChains(law, { starts, key: randomKey(0), leaps: 3, warmUp: 200, states: 500, every: 1 })
 * worstConvergence(states).rHat < 1.1 // => true
 * ```
 */
export function runChains(
  target: Target,
  options: ChainOptions,
  until?: { readonly rHat: number; readonly effective: number },
): Chains & { readonly convergence: Convergence } {
  const { starts, key, states, every, watch } = options
  if (starts.length < 2) throw new OptionError('starts', `must be two or more, got ${starts.length}`)
  const walkers = starts.map((start, k) => walkerOf(target, start, key.fold(k), options))
  let kept = walkers.map((walker) => walker.walk(states, every))
  const judged = () =>
    worst([
      worstConvergence(kept),
      ...(watch ? [worstConvergence(kept.map((one) => mapped(one, watch)))] : []),
    ])
  let found = judged()
  const good = () => !until || (found.rHat < until.rHat && found.effective > until.effective)
  for (let rounds = 0; rounds < 3 && !good(); rounds++) {
    kept = kept.map((points, k) => joined(points, walkers[k]?.walk(points.count, every) ?? points))
    found = judged()
  }
  if (!good())
    throw new TweedieError(
      `chain: R̂ is ${found.rHat.toFixed(3)} and ${Math.round(found.effective)} draws are effective after ` +
        `${kept.length} × ${kept[0]?.count ?? 0} states`,
    )
  const sum = (kind: 'moves' | 'jumps' | 'tried') =>
    walkers.reduce((total, { counts }) => total + counts[kind], 0)
  const accepted = { moves: sum('moves') / sum('tried'), jumps: sum('jumps') / sum('tried') }
  return { states: kept, accepted, convergence: found }
}

/** What is watched of each point. */
function mapped(points: Points, of: (x: Float64Array) => readonly number[]): Points {
  const rows = Array.from({ length: points.count }, (_, i) => of(pointAt(points, i)))
  return pointsOf(Float64Array.from(rows.flat()), rows[0]?.length ?? 0)
}

function joined(a: Points, b: Points): Points {
  const values = new Float64Array(a.values.length + b.values.length)
  values.set(a.values)
  values.set(b.values, a.values.length)
  return pointsOf(values, a.dimension)
}

/** A posterior that chains have been run of. */
export interface ChainPosterior extends Posterior {
  /** R̂, effective draws and rates of acceptance; the chains are run when something of them is first asked for. */
  chains(): Chains & { readonly convergence: Convergence }
}

/** What a {@link chainPosterior} is made of. */
export interface ChainPosteriorParts {
  readonly name: string
  readonly target: Target
  readonly options: ChainOptions
  /** What the chains have to reach; R̂ 1.01 and 4000 draws where left out (Vehtari et al., arXiv 1903.08008, has 1.01 and 400). */
  readonly until?: { readonly rHat: number; readonly effective: number }
  /** Regions of which the chains' states give the probabilities. */
  readonly regions?: { readonly count: number; of(x: Float64Array): number }
  /** log p(y), worked out when first asked for. */
  readonly logEvidence?: () => number
}

/**
 * The law of long chains: mean and covariance are those of all states, a draw is one of them.
 * @throws {OptionError | TweedieError} from what asks for states, as {@link runChains}.
 * @example
 * ```ts
 * import { chainPosterior, mixtureTarget } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * const target = mixtureTarget(gaussianMixture({ weights: [1], means: [[1]], covariances: 1 }))
 * const starts = [Float64Array.of(-3), Float64Array.of(4)]
 * const options = { starts, key: randomKey(0), leaps: 3, warmUp: 200, states: 2000, every: 1 }
 * const posterior = chainPosterior({ name: 'chains', target, options, until: { rHat: 1.01, effective: 500 } })
 * posterior.sample([randomKey(1), randomKey(2)]).count // => 2
 * posterior.chains().convergence.rHat < 1.01 // => true
 * ```
 */
export function chainPosterior(parts: ChainPosteriorParts): ChainPosterior {
  const { name, target, options, until = { rHat: 1.01, effective: 4000 }, regions, logEvidence } = parts
  const { dimension } = target
  let ran: ReturnType<ChainPosterior['chains']> | undefined
  const chains = () => (ran ??= runChains(target, options, until))
  /** All states; the chains' own become views of them. */
  let all: Points | undefined
  let evidence: number | undefined
  let weights: Float64Array | undefined
  const states = (): Points => {
    if (all) return all
    const { states: each, ...rest } = chains()
    const one = each.reduce(joined)
    let from = 0
    const views = each.map(({ values }) => {
      from += values.length
      return pointsOf(one.values.subarray(from - values.length, from), dimension)
    })
    ran = { ...rest, states: views }
    all = one
    return one
  }
  const sharesOf = ({ count, of }: NonNullable<typeof regions>): Float64Array => {
    const out = new Float64Array(count)
    for (let i = 0; i < states().count; i++) {
      const k = of(pointAt(states(), i))
      out[k] = (out[k] ?? 0) + 1 / states().count
    }
    return out
  }
  const mean = (): Float64Array => {
    const { count } = states()
    const out = new Float64Array(dimension)
    for (let i = 0; i < count; i++) addTo(out, pointAt(states(), i), 1 / count)
    return out
  }
  const posterior: ChainPosterior = {
    name,
    dimension,
    chains,
    mean,
    sample: (keys) => {
      const { count } = states()
      const values = new Float64Array(keys.length * dimension)
      keys.forEach((key, row) => {
        values.set(pointAt(states(), randomIntegers(key, count, 1)[0] ?? 0), row * dimension)
      })
      return pointsOf(values, dimension)
    },
    covariance: () => {
      const centre = mean()
      const { count } = states()
      const out = new Float64Array(dimension ** 2)
      for (let i = 0; i < count; i++) {
        const x = pointAt(states(), i).map((value, j) => value - (centre[j] ?? 0))
        x.forEach((value, j) => {
          for (let k = 0; k < dimension; k++)
            out[j * dimension + k] = (out[j * dimension + k] ?? 0) + (value * (x[k] ?? 0)) / count
        })
      }
      return Matrix.from1DArray(dimension, dimension, out)
    },
    logDensity: target.logDensity,
    score: target.score,
  }
  if (regions)
    Object.defineProperty(posterior, 'modes', {
      get: () => ({ of: regions.of, weights: (weights ??= sharesOf(regions)) }),
    })
  if (logEvidence)
    Object.defineProperty(posterior, 'logEvidence', { get: () => (evidence ??= logEvidence()) })
  return posterior
}

/**
 * log ∫ p of a density p that need not be normalised, by importance sampling from a law that is: the log of the mean of p/q.
 * @returns With the effective number of draws, (Σw)²/Σw², and the draws with their weights, which sum to 1.
 * @example
 * ```ts
 * import { importance, mixtureTarget } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * const wide = mixtureTarget(gaussianMixture({ weights: [1], means: [[0]], covariances: 4 }))
 * const bell = { logDensity: (x: Float64Array) => -((x[0] ?? 0) ** 2) / 2 }
 * const { logIntegral } = importance(bell, wide, randomKey(0), 5000)
 * Math.abs(logIntegral - Math.log(2 * Math.PI) / 2) < 0.1 // => true
 * ```
 */
export function importance(
  target: Pick<Target, 'logDensity'>,
  from: Drawable,
  key: Key,
  draws: number,
): {
  readonly logIntegral: number
  readonly effective: number
  readonly points: Points
  readonly weights: Float64Array
} {
  const stream = streamOf(key)
  const drawn = Array.from({ length: draws }, () => from.draw(stream))
  const logs = drawn.map((x) => target.logDensity(x) - from.logDensity(x))
  const top = logs.reduce((a, b) => Math.max(a, b), -Infinity)
  const raw = Float64Array.from(logs, (log) => Math.exp(log - top))
  const sum = raw.reduce((a, b) => a + b, 0)
  const weights = raw.map((w) => w / sum)
  const values = new Float64Array(draws * (drawn[0]?.length ?? 0))
  drawn.forEach((x, i) => {
    values.set(x, i * x.length)
  })
  return {
    logIntegral: top + Math.log(sum / draws),
    effective: 1 / weights.reduce((a, w) => a + w ** 2, 0),
    points: pointsOf(values, drawn[0]?.length ?? 0),
    weights,
  }
}
