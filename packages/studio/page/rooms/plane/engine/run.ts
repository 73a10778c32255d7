import { drive } from '@tweedie/runs'
import type { Settings } from '@tweedie/solvers'
import { countCalls, methods, noiseStreams } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, scope } from '@tweedie/tensor'
import type { Frame, PopulationFrame, Shown } from './frames.ts'
import { composed, levelsAt, pointsOf, populationOf } from './frames.ts'
import { guidanceKind } from './guidance.ts'
import { hasPopulation, methodOf } from './method.ts'
import type { PlaneProblem, PosedPlane } from './problem.ts'
import { posed } from './problem.ts'

/** A run that the page asks for. */
export interface RunRequest {
  readonly plane: PlaneProblem
  /** `name:key=value,…`. */
  readonly method: string
  /** Particles: samples of a batch, or the population of a method that has one. */
  readonly count: number
  readonly seed: number
  readonly from?: Branch
}

/** To go on from the x_t of another run: at the step `index`, on the times of that run. */
export interface Branch {
  readonly index: number
  /** Method and seed of the other run. */
  readonly of: string
  readonly seed: number
  /** [N, 2]. */
  readonly x: Float32Array
}

/** What a run has cost. */
export interface RunSummary {
  /** Evaluations of the prior, each for all particles; and how many were gone back through. */
  readonly nfe: number
  readonly vjps: number
  readonly milliseconds: number
  /** What the method has to say of settings that were given. */
  readonly advice: readonly string[]
}

/** The most frames that a run shows; of longer ones each so many-th. */
const mostFrames = 200

/** Guided methods that do not begin at noise alone. */
const startsElsewhere = new Set(['diffpir'])

/** y of each sample of a batch. */
const batched = ({ problem }: PosedPlane, count: number): Tensor =>
  scope(() => problem.y.broadcastTo([count, 1]).mul(1))

/** The settings that let a run go on from another, and their tensor. */
function resumed({ from, count }: RunRequest): { readonly settings: Settings; readonly x?: Tensor } {
  if (from === undefined) return { settings: {} }
  const { method, settings } = methodOf(from.of)
  const { steps, spacing } = method.info.options
  const x = fromData(from.x, [count, 2], { dtype: 'float32' })
  const times = {
    steps: settings['steps'] ?? steps?.default,
    spacing: settings['spacing'] ?? spacing?.default,
  }
  return { settings: { ...times, resume: { next: from.index, state: { x } } }, x }
}

/**
 * Runs a method on the plane. `onFrame` gets what each step begins with and the result; its arrays are the caller's.
 * @throws {UnfitError | OptionError} before any work. @throws {NonFiniteError} where it diverges.
 * @throws {InterruptedError} between two steps.
 */
export async function runPlane(
  request: RunRequest,
  signal: AbortSignal,
  onFrame: (frame: Frame) => void | Promise<void>,
): Promise<RunSummary> {
  const { method, settings } = methodOf(request.method)
  const at = await posed(request.plane)
  const prior = countCalls(at.prior)
  const { schedule } = prior
  const one = hasPopulation(method)
  const guided = guidanceKind(method, settings) !== undefined
  if (!guided && request.from !== undefined)
    throw new OptionError('branch', `${method.info.name} carries more than x_t, and cannot go on from it`)
  using y = batched(at, one ? 1 : request.count)
  const start = resumed(request)
  const every = { ...settings, ...start.settings, seed: request.seed }
  const steps = method.run({ ...at.problem, y }, prior, one ? { ...every, particles: request.count } : every)
  const began = performance.now()
  let before: { x: Float32Array<ArrayBuffer>; population: PopulationFrame | undefined } | undefined
  let total = 0
  let lineage: Int32Array<ArrayBuffer> | undefined // from the particles as they are to those of the last frame
  const show = (index: number, t: number, step: Shown | undefined) => {
    if (before === undefined) return undefined
    const { x, population } = before
    const stride = Math.ceil(total / mostFrames)
    if (index % stride !== 0 && index !== total) return undefined
    lineage = undefined
    const levels = levelsAt(method, schedule, t, step)
    return onFrame({ index, steps: total, t, ...levels, x, ...(population && { population }) })
  }
  try {
    using x = await drive<Shown>(steps, {
      signal,
      diverged: `${method.info.name} diverged: its particles are not finite (take more steps, or weaker guidance)`,
      onStep: async (step) => {
        total = step.steps
        before ??= firstOf(request, guided && !startsElsewhere.has(method.info.name), schedule.sigma(step.t))
        await show(step.i, step.t, step)
        const population = populationOf(step)
        if (population !== undefined) lineage = composed(population.ancestors, lineage)
        before = {
          x: pointsOf(step),
          population: population && lineage && { ...population, ancestors: lineage },
        }
      },
    })
    // A run whose result is another than its last state has the result last.
    if (before !== undefined && !one) before = { ...before, x: Float32Array.from(x.dataSync(), Number) }
    await show(total, schedule.clean, undefined)
  } finally {
    start.x?.dispose()
  }
  const milliseconds = performance.now() - began
  return {
    nfe: prior.calls.total,
    vjps: prior.calls.recorded,
    milliseconds,
    advice: method.info.advice(methods.parse(request.method).settings),
  }
}

/**
 * What the first step begins with: the x_t that the run goes on from, or x_T = σ_T·z of methods that draw it as guided ones do.
 * Undefined for others, whose first frame follows the first step.
 */
function firstOf(
  { from, count, seed }: RunRequest,
  drawn: boolean,
  sigma: number,
): { x: Float32Array<ArrayBuffer>; population: undefined } | undefined {
  if (from !== undefined) return { x: Float32Array.from(from.x), population: undefined }
  if (!drawn) return undefined
  const x = scope(() =>
    Float32Array.from(noiseStreams({ seed, count }).normal(0, 'start', [2]).mul(sigma).dataSync(), Number),
  )
  return { x, population: undefined }
}
