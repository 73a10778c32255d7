import type { Prior, Problem, Settings } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import type { Matrix } from 'ml-matrix'
import type { Points } from './points.ts'

/** The law that samples are to have: that of x₀ given y, over the elements of a sample in row-major order. */
export interface Posterior {
  /** How it is known, in a few words: 'Gaussian mixture, in closed form', 'Gibbs sampler, 20,000 draws'. */
  readonly name: string
  readonly dimension: number
  /** Draws, one a key, independent of each other; of a chain, states picked by key. */
  sample(keys: readonly Key[]): Points
  /** E[x | y]. */
  mean(): Float64Array
  /** Cov[x | y]. */
  covariance(): Matrix
  /** log p(x | y), up to a constant. */
  logDensity?(x: Float64Array): number
  /** ∇ₓ log p(x | y). */
  score?(x: Float64Array): Float64Array
  /** Regions about its modes, with their probabilities, and the one that x is in. */
  readonly modes?: { readonly weights: Float64Array; of(x: Float64Array): number }
  /** log p(y). */
  readonly logEvidence?: number
}

/** One measurement of a suite, with all that is known of it. */
export interface Case {
  readonly prior: Prior
  /** y is [1, …outShape]. */
  readonly problem: Problem
  /** x₀ that y was measured of. */
  readonly truth: Float64Array
  readonly posterior: Posterior
  /** The prior p(x₀ | y), where its denoiser is known: sampling it shows what an integrator costs. */
  readonly conditional?: Prior
  /** A of a linear measurement as an m×d matrix. */
  readonly matrix?: Matrix
  /** c of the kernel (c² + ‖x − x'‖²)^{−½} of the score-KSD, in units of x; 1 where left out. */
  readonly ksdScale?: number
  /** Numbers of a sample that its symmetries leave as they are: distances of particles. */
  observed?(x: Float64Array): Float64Array
}

/** A kind of measurement of a suite: the truth, y and what else is random in it come from the seed. */
export interface PosedProblem {
  /** Unique in its suite; stands in results: 'd=8,dy=1'. */
  readonly name: string
  readonly title: string
  /** @throws never for a seed of ℕ. Same seed, same case; the caller frees the tensor y. */
  pose(seed: number): Case
  /** Settings of methods, variants and reference rows on this problem, over those of the suite. */
  settings?(method: string): Settings | undefined
}

/** How well a number that others published is known. */
export type Provenance = 'read in the paper' | 'second hand' | 'rerun by us'

/** A number of a table of others, or of a rerun, beside which ours stand. */
export interface Published {
  readonly problem: string
  /** A method, or a reference row. */
  readonly row: string
  readonly metric: string
  readonly value: number
  /** Half the width of its interval, where one is given. */
  readonly error?: number
  readonly provenance: Provenance
  /** Paper, table, repository; what differs from ours. */
  readonly source: string
}

/** How much of a suite is run. */
export interface Extent {
  /** Names of its problems; all where left out. */
  readonly problems?: readonly string[]
  /** Seeds 0 … seeds − 1, each a case. */
  readonly seeds: number
  /** Samples of each posterior. */
  readonly samples: number
  /** Names of the rows that are run; all where left out. */
  readonly rows?: readonly string[]
  /** The most seconds that a row may take for a case; what takes longer is told as stopped. */
  readonly limit?: number
}

/** A method with settings, over those of the suite, under a name of its own. */
export interface Variant {
  readonly name: string
  readonly method: string
  readonly settings: Settings
  /** The most samples, where it takes longer than its method. */
  readonly most?: number
  /** Which ways to get many samples it has a row for; those of the suite where left out. */
  readonly populations?: Suite['populations']
}

/** Problems whose posterior is known, with the metrics that are looked at and the numbers that others have: data. */
export interface Suite {
  readonly name: string
  /** Rises when a problem or the protocol changes its meaning: results of another version are not mixed in. 1 where left out. */
  readonly version?: number
  readonly title: string
  /** Paper and section of the protocol, and where it was changed. */
  readonly source: string
  readonly problems: readonly PosedProblem[]
  readonly full: Extent
  /** The same in minutes. */
  readonly quick: Extent
  /** Names of metrics; the first is what methods are ranked by. */
  readonly metrics: readonly string[]
  /** Settings of a method, or of a reference row (`steps`, `eta`, `spacing`), in this suite, over the defaults. */
  settings(method: string): Settings | undefined
  /** Rows under names of their own, after that of their method: what a paper names apart and is a setting here. */
  readonly variants?: readonly Variant[]
  /** Which ways to get many samples of a method with particles have a row; both where left out. */
  readonly populations?: readonly ('runs' | 'one run')[]
  /** Rows that the protocol sets against each other, case by case, the one said to be better first. */
  readonly pairs?: readonly (readonly [better: string, worse: string])[]
  readonly published: readonly Published[]
}

/** What a run cost. */
export interface Cost {
  /** Evaluations of the prior for a batch, and how many of them were gone back through. */
  readonly nfe: number
  readonly vjps: number
  /** Applications of A, Aᵀ, A⁺ or a factor of its decomposition to a batch, ways back included. */
  readonly operatorCalls: number
  /** Most bytes that tensors held at once, beyond what they held before. */
  readonly peakBytes: number
  readonly seconds: number
}

/** Samples of a row for one case, and what they cost. */
export interface Drawn extends Points {
  readonly cost: Cost
  /** Estimates of log p(y), one a run, of methods that make them. */
  readonly logEvidence?: readonly number[]
}

/** What is asked of a row. */
export interface Draw {
  readonly samples: number
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /** @param done - 0 … 1. */
  onProgress?(done: number): void
}

/** What a table has a row for: a method with its settings, exact draws, the exact score, the prior alone. */
export interface Row {
  readonly name: string
  readonly kind: 'method' | 'reference'
  /** What stands in results beside the name: the settings in words. */
  readonly words: string
  /** The most samples that it is asked for, of rows that pay for each of them alone. */
  readonly most?: number
  /** Why there is nothing of it for a case; undefined where there is. */
  lacks(posed: Case): string | undefined
  /** @throws {InterruptedError | NonFiniteError | TweedieError} as the method. */
  draw(posed: Case, draw: Draw): Promise<Drawn>
}

/** Numbers of all cases of a problem as one. */
export interface Summary {
  readonly value: number
  /** The 95 % interval. */
  readonly low: number
  readonly high: number
}

/** What a metric is given beside the samples. */
export interface Judged {
  readonly posed: Case
  /** Exact draws, as many as samples, for distances between sets. */
  readonly draws: Points
  /** Estimates of log p(y) of the run. */
  readonly logEvidence?: readonly number[] | undefined
}

/** What a metric says of itself. */
export interface SampleMetricInfo {
  readonly name: string
  readonly title: string
  /** Such as dB; `p` of a p-value. */
  readonly unit: string
  readonly better: 'lower' | 'higher' | 'target'
  /** The value of exact samples, where it is not just the least or greatest there is. */
  readonly target?: number
  /** Paper and equation. */
  readonly source: string
}

/** A score of samples of a posterior that is known. */
export interface SampleMetric {
  readonly info: SampleMetricInfo
  /** What a case lacks for it; undefined where nothing is missing. */
  lacks(posed: Case): string | undefined
  /** The numbers of one case, of the same count for every case of a problem; most metrics have one. */
  of(samples: Points, judged: Judged): readonly number[]
  /** The numbers of all cases as one: a mean with its interval, a rate, the p-value of a test. */
  over(cases: readonly (readonly number[])[]): Summary
}
