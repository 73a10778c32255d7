import { drive, InterruptedError } from '@tweedie/runs'
import type { AnyMethod, GuidedStep, Settings } from '@tweedie/solvers'
import { breathe, countCalls } from '@tweedie/solvers'
import { memory, randomKey, resetPeak, scope, sizeOf } from '@tweedie/tensor'
import { countOperator } from '../rows/count-operator.ts'
import type { Cost, Draw, Drawn, Posterior } from '../types.ts'
import type { OwnProblem } from './problem.ts'

/** How many samples are drawn, and how many at a time. */
export interface BatchedDraw extends Draw {
  readonly batch: number
}

/** What steps of methods with particles show. */
interface Evident {
  readonly logEvidence?: readonly number[]
}

/** Numbers that a batch may hold in one tensor, 32 MiB: what is drawn at a time where nothing is said. */
const roomy = 2 ** 22

/** A batch that keeps tensors small and steps few: of a prior of K components a look has [K, batch, d] numbers. */
export function batchFor(prior: OwnProblem['prior'], samples: number, settings: Settings): number {
  const components = 'law' in prior ? (prior.law as { components: readonly unknown[] }).components.length : 1
  const particles = typeof settings['particles'] === 'number' ? settings['particles'] : 1
  return Math.max(
    1,
    Math.min(samples, 1024, Math.floor(roomy / (components * particles * sizeOf(prior.shape)))),
  )
}

/**
 * Samples of a method for one measurement, batch after batch: sample i has the streams of number i, whatever the batch.
 * @param settings - Of the method, checked.
 * @throws {UnfitError | ShapeError | OptionError} before any work, as the method.
 * @throws {NonFiniteError} where it diverges. @throws {InterruptedError} between two steps.
 */
export async function drawByMethod(
  method: AnyMethod,
  settings: Settings,
  own: OwnProblem,
  { samples, batch, seed, signal, onProgress }: BatchedDraw,
): Promise<Drawn> {
  const prior = countCalls(own.prior)
  const operator = countOperator(own.problem.operator)
  const dimension = sizeOf(prior.shape)
  const values = new Float64Array(samples * dimension)
  const logEvidence: number[] = []
  resetPeak()
  const before = memory().bytes
  const began = performance.now()
  for (let first = 0; first < samples; first += batch) {
    const count = Math.min(batch, samples - first)
    using y = scope(() => own.problem.y.broadcastTo([count, ...operator.outShape]).mul(1))
    let last: readonly number[] = []
    const steps = method.run({ ...own.problem, operator, y }, prior, {
      ...settings,
      seed,
      firstSample: first,
    })
    using x = await drive<GuidedStep & Evident>(steps, {
      signal,
      diverged: `${method.info.name} diverged: samples are not finite (try more steps or weaker guidance)`,
      onStep: (step) => {
        last = step.logEvidence ?? []
        onProgress?.((first + (count * (step.i + 1)) / step.steps) / samples)
      },
    })
    values.set(Float64Array.from(await x.data(), Number), first * dimension)
    logEvidence.push(...last)
  }
  const cost: Cost = {
    nfe: prior.calls.total,
    vjps: prior.calls.recorded,
    operatorCalls: operator.calls.total,
    peakBytes: memory().peakBytes - before,
    seconds: (performance.now() - began) / 1000,
  }
  return { values, count: samples, dimension, cost, ...(logEvidence.length > 0 && { logEvidence }) }
}

/** Exact draws, a batch after the other; draw i has the key of number i, whatever the batch. */
export async function drawExactly(
  posterior: Posterior,
  { samples, batch, seed, signal, onProgress }: BatchedDraw,
): Promise<Drawn> {
  const { dimension } = posterior
  const values = new Float64Array(samples * dimension)
  const root = randomKey(seed).fold('row')
  const began = performance.now()
  for (let first = 0; first < samples; first += batch) {
    const keys = Array.from({ length: Math.min(batch, samples - first) }, (_, i) => root.fold(first + i))
    values.set(posterior.sample(keys).values, first * dimension)
    await breathe()
    if (signal?.aborted === true) throw new InterruptedError()
    onProgress?.(Math.min(1, (first + batch) / samples))
  }
  const cost = {
    nfe: 0,
    vjps: 0,
    operatorCalls: 0,
    peakBytes: 0,
    seconds: (performance.now() - began) / 1000,
  }
  return { values, count: samples, dimension, cost }
}
