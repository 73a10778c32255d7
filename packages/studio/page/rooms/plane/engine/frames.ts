import type { AnyMethod, GuidedStep, Schedule } from '@tweedie/solvers'

/** All particles at one moment of a run, as data. Frame i is what step i begins with; the last is the result. */
export interface Frame {
  readonly index: number
  /** Steps of the run. */
  readonly steps: number
  /** In the units of the schedule. */
  readonly t: number
  /** The particles are α·x₀ + σ·ε, as far as the method is right. */
  readonly alpha: number
  readonly sigma: number
  /** [N, 2]. */
  readonly x: Float32Array<ArrayBuffer>
  /** Of methods with weighted particles. */
  readonly population?: PopulationFrame
}

/** What a method with particles says of them. */
export interface PopulationFrame {
  /** Normalised, [K]. */
  readonly weights: Float32Array<ArrayBuffer>
  /** Places in the frame before from which these come, [K]; of the first frame, in the start that is not shown. */
  readonly ancestors: Int32Array<ArrayBuffer>
  readonly ess: number
  readonly logEvidence: number
}

/** What steps of methods with particles, and of some others, show. */
export interface Shown extends GuidedStep {
  readonly particles?: { readonly x: GuidedStep['x'] }
  readonly weights?: readonly Float64Array[]
  readonly ancestors?: readonly Int32Array[]
  readonly ess?: readonly number[]
  readonly logEvidence?: readonly number[]
  /** Of a method that finds the level of its noise itself. */
  readonly level?: readonly number[]
}

/** Methods whose x is an estimate of x₀ all the way, and not x_t: beside their families variational and csgm. */
const estimating = new Set(['pnp-dm', 'pmc'])

/** Whether the state of a method is x_t with the noise of its time. */
export const isNoisy = ({ info: { name, family } }: AnyMethod): boolean =>
  !estimating.has(name) && family !== 'variational' && family !== 'csgm'

/** α and σ of the state of a method when it is about to step from time t. */
export function levelsAt(
  method: AnyMethod,
  schedule: Schedule,
  t: number,
  step?: Shown,
): Pick<Frame, 'alpha' | 'sigma'> {
  const own = step?.level?.[0]
  if (own !== undefined) return { alpha: 1, sigma: own }
  return isNoisy(method) ? { alpha: schedule.alpha(t), sigma: schedule.sigma(t) } : { alpha: 1, sigma: 0 }
}

/** The numbers of the particles of a step, copied. */
export function pointsOf({ x, particles }: Shown): Float32Array<ArrayBuffer> {
  return Float32Array.from((particles?.x ?? x).dataSync(), Number)
}

export function populationOf(step: Shown): PopulationFrame | undefined {
  const {
    weights: [weights] = [],
    ancestors: [ancestors] = [],
    ess: [ess] = [],
    logEvidence: [log] = [],
  } = step
  if (weights === undefined || ancestors === undefined || ess === undefined || log === undefined)
    return undefined
  return { weights: Float32Array.from(weights), ancestors: Int32Array.from(ancestors), ess, logEvidence: log }
}

/** Ancestors of a step after those of the steps before it. */
export const composed = (
  ancestors: Int32Array<ArrayBuffer>,
  before: Int32Array<ArrayBuffer> | undefined,
): Int32Array<ArrayBuffer> => (before === undefined ? ancestors : ancestors.map((k) => before[k] ?? -1))
