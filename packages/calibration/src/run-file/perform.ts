import { drawsOf, drive, InterruptedError, measure, measurementKey, toTensor } from '@tweedie/runs'
import type { AnyMethod, GuidedStep, Prior, Problem, Settings } from '@tweedie/solvers'
import {
  breathe,
  checkFit,
  countCalls,
  inpaint,
  methods,
  noiseFromSpec,
  operatorFromSpec,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, scope } from '@tweedie/tensor'
import { problemOfDescription } from '../problem/problem.ts'
import { hasPopulation } from '../rows/method.ts'
import type { PictureRun, PointsRun, RunFile } from './run-file.ts'
import { bytesOfHex } from './run-file.ts'

/** What a run of a file has come to. */
export interface Performed {
  /** [samples, …]. */
  readonly shape: readonly number[]
  readonly values: Float32Array<ArrayBuffer>
  /** Of a population, normalised. */
  readonly weights?: Float64Array<ArrayBuffer>
  readonly nfe: number
  readonly vjps: number
  readonly seconds: number
}

/** What {@link performRun} needs of where it runs. */
export interface Performing {
  /** A prior by its text: `digits`, `photos@64x48`. */
  readonly priorOf: (name: string) => Promise<Prior>
  readonly signal?: AbortSignal | undefined
  /** @param done - 0 … 1. */
  onProgress?(done: number): void
}

interface Shown extends GuidedStep {
  readonly particles?: { readonly x: Tensor }
  readonly weights?: readonly Float64Array[]
}

const numbersOf = (x: Tensor): Float32Array<ArrayBuffer> => Float32Array.from(x.dataSync(), Number)

/** A batch of `count` equal measurements. */
const batched = (y: Tensor, count: number): Tensor =>
  scope(() => y.broadcastTo([count, ...y.shape.slice(1)]).mul(1))

/**
 * Makes the run of a file: the same samples, bit for bit, wherever it is made, on the device `wasm` and with any number of threads.
 *
 * @throws {OptionError | UnfitError} before any work, for words that are wrong or do not fit.
 * @throws {NonFiniteError} where it diverges. @throws {InterruptedError} between two steps.
 * @example
 * ```ts
 * import { performRun } from '@tweedie/calibration'
 * const problem = {
 *   prior: { gaussian: { mean: [0, 0], covariance: 1 } }, operator: { matrix: [[1, 1]] }, noise: 0.5, y: [1],
 * }
 * const base = { tool: 'tweedie', format: 1, command: 'run', method: 'tmpd:steps=5', samples: 3, seed: 0 } as const
 * const priorOf = () => Promise.reject(new Error('none is asked for'))
 * const { shape } = await performRun({ ...base, kind: 'points', problem, population: false }, { priorOf })
 * shape // => [3, 2]
 * ```
 */
export const performRun = (file: RunFile, at: Performing): Promise<Performed> =>
  file.kind === 'points' ? performPoints(file, at) : performPicture(file, at)

async function performPoints(file: PointsRun, at: Performing): Promise<Performed> {
  const { entry: method, settings } = methods.parse(file.method)
  if (file.population && !hasPopulation(method))
    throw new OptionError('population', `'${method.info.name}' moves no weighted particles`)
  const { prior, problem } = await problemOfDescription(file.problem)
  using one = problem.y
  checkFit(method.info, problem, prior)
  const { seed, samples } = file
  using y = batched(one, file.population ? 1 : samples)
  const posed = { ...problem, y }
  if (file.population)
    return await performed(method, posed, prior, { ...settings, particles: samples, seed }, at, true)
  if (file.from === undefined) return await performed(method, posed, prior, { ...settings, seed }, at)
  using x = await stateOf(file.from, posed, prior, at)
  const { method: trunk, step: next } = file.from
  const times = timesOf(methods.parse(trunk))
  return await performed(
    method,
    posed,
    prior,
    { ...settings, ...times, seed, resume: { next, state: { x } } },
    at,
  )
}

/** The steps and times of a method, which what goes on from it takes over. */
const timesOf = ({ entry, settings }: { readonly entry: AnyMethod; readonly settings: Settings }): Settings =>
  Object.fromEntries(
    ['steps', 'spacing'].map((name) => [name, settings[name] ?? entry.info.options[name]?.default]),
  )

/** What a run has come to before a step: a copy of its x. */
async function stateOf(
  { method: text, seed, step }: NonNullable<PointsRun['from']>,
  problem: Problem,
  prior: Prior,
  { signal }: Performing,
): Promise<Tensor> {
  const { entry, settings } = methods.parse(text)
  for await (const { i, x } of entry.run(problem, prior, { ...settings, seed })) {
    await breathe()
    if (signal?.aborted === true) throw new InterruptedError()
    if (i + 1 === step) return scope(() => x.mul(1))
  }
  throw new OptionError('from.step', `'${text}' has fewer than ${step} steps`)
}

async function performPicture(file: PictureRun, at: Performing): Promise<Performed> {
  const { entry: method, settings } = methods.parse(file.method)
  const prior = await at.priorOf(file.prior)
  const { height, width, greys, colours } = file.picture
  const channels = colours === undefined ? 1 : 3
  const shape = [channels, height, width]
  const operator =
    file.mask === undefined
      ? operatorFromSpec(file.operator, shape)
      : inpaint(shape, { mask: Array.from(file.mask, Number) })
  const noise = noiseFromSpec(file.noise)
  const data = Float32Array.from(bytesOfHex(colours ?? greys ?? ''), (level) => level / 255)
  using truth = toTensor([{ channels, height, width, data }])
  using one = measure(operator, noise, truth, measurementKey(file.seed))
  checkFit(method.info, { operator, noise, y: one }, prior)
  const { problem } = drawsOf(operator, noise, { y: one, truth: undefined }, file.samples)
  using y = problem.y
  return await performed(method, { ...problem, y }, prior, { ...settings, seed: file.seed }, at)
}

async function performed(
  method: AnyMethod,
  problem: Problem,
  counted: Prior,
  settings: Settings,
  { signal, onProgress }: Performing,
  population = false,
): Promise<Performed> {
  const prior = countCalls(counted)
  const began = performance.now()
  let last: Pick<Performed, 'shape' | 'values' | 'weights'> | undefined
  using x = await drive<Shown>(method.run(problem, prior, settings), {
    signal,
    diverged: `${method.info.name} diverged: its samples are not finite (take more steps, or weaker guidance)`,
    onStep: ({ i, steps, particles, weights: [weights] = [] }) => {
      onProgress?.((i + 1) / steps)
      if (population && particles !== undefined && i + 1 === steps)
        last = {
          ...{ shape: particles.x.shape, values: numbersOf(particles.x) },
          ...(weights && { weights: Float64Array.from(weights) }),
        }
    },
  })
  const { total: nfe, recorded: vjps } = prior.calls
  const seconds = (performance.now() - began) / 1000
  return { ...(last ?? { shape: x.shape, values: numbersOf(x) }), nfe, vjps, seconds }
}
