import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { importBenny } from './benny.ts'
import type { Clock, Prepared, Work } from './engine.ts'

/** An engine of one case in the race. */
export interface Entrant {
  readonly engine: string
  readonly prepared: Prepared
}

/** All samples of one engine on one case; a sample is the mean time of `calls` calls in a row. */
export interface Samples {
  readonly calls: number
  readonly ms: readonly number[]
}

/** A sample takes at least this long, so that the clock's steps do not count. */
const leastSampleMs = 0.5
const leastSamples = 5
/** An engine that took this many times its time is let go with fewer samples. */
const patience = 20
const fewestSamples = 3
/** An engine's time is spread over so many rounds. */
const rounds = 10
/** Between two engines, for threads that spin after their work to go to sleep. */
const settleMs = 10

/** Benny announces itself on standard output, which belongs to the table or the JSON. */
async function quietly<T>(fn: () => Promise<T>): Promise<T> {
  const { log } = console
  console.log = () => undefined
  try {
    return await fn()
  } finally {
    console.log = log
  }
}

/** `samples` times of `calls` calls each in ms a call, by a benny suite of this one engine or by the engine's own clock. */
async function sample(work: Work, samples: number, calls: number, clock: Clock): Promise<readonly number[]> {
  if (work.kind === 'self-timed') return work.sample(samples, calls, clock)
  if (clock === 'cpu') return sampleProcessor(work.run, samples, calls)
  const benny = await importBenny()
  // The least time is met by the first cycle, so that no calibration changes the number of calls.
  const options = { initCount: calls, minTime: 1e-6, maxTime: 1e-6, minSamples: samples }
  // Benny lets a promise that is rejected end the process.
  const failures: unknown[] = []
  const run = () => {
    const pending = work.run()
    return pending instanceof Promise ? pending.catch((error: unknown) => failures.push(error)) : pending
  }
  const summary = await quietly(() => benny.suite('round', benny.add('engine', run, options)))
  if (failures.length > 0) throw failures[0]
  return (summary.results[0]?.details.sampleResults ?? []).map((seconds) => seconds * 1e3)
}

/** `samples` times of `calls` calls each in ms of processor time a call, of all threads of this process. */
async function sampleProcessor(run: () => unknown, samples: number, calls: number): Promise<number[]> {
  const out: number[] = []
  for (let i = 0; i < samples; i++) {
    const before = process.cpuUsage()
    for (let k = 0; k < calls; k++) await run()
    const { user, system } = process.cpuUsage(before)
    out.push((user + system) / 1e3 / calls)
  }
  return out
}

interface Runner {
  readonly entrant: Entrant
  readonly calls: number
  readonly samplesPerRound: number
  readonly ms: number[]
  spentMs: number
}

/** Untimed runs until the engine is warm, then how its time is cut. */
async function warmUp(entrant: Entrant, seconds: number): Promise<Runner> {
  const { work } = entrant.prepared
  let ms = Infinity
  const began = performance.now()
  for (let i = 0; i < 2 || (i < 20 && performance.now() - began < Math.min(200, 200 * seconds)); i++) {
    if (work.kind === 'self-timed') ms = Math.min(ms, ...(await work.sample(1, 1, 'wall')))
    else {
      const start = performance.now()
      await work.run()
      ms = Math.min(ms, performance.now() - start)
    }
  }
  const calls = Math.max(1, Math.ceil(leastSampleMs / ms))
  const share = (1e3 * seconds) / rounds
  const samplesPerRound = Math.max(1, Math.min(20, Math.round(share / (calls * ms))))
  return { entrant, calls, samplesPerRound, ms: [], spentMs: 0 }
}

/**
 * Times several engines on one case. Benny runs what it is given one after the other, so that an engine would have
 * all its time at once and drift of the machine would count for or against it: instead each round asks every
 * engine for a few samples (one benny suite each), beginning with another engine every time, and the samples of
 * all rounds are pooled.
 * @param clock - Which time the samples are of.
 * @param seconds - Least time per engine, beside at least five samples (three, where those take very long).
 * @throws what `signal` was aborted with.
 */
export async function timeInRounds(
  entrants: readonly Entrant[],
  seconds: number,
  { signal, clock = 'wall' }: { readonly signal?: AbortSignal | undefined; readonly clock?: Clock } = {},
): Promise<Map<string, Samples>> {
  const runners: Runner[] = []
  for (const entrant of entrants) runners.push(await warmUp(entrant, seconds))
  const unfinished = () =>
    runners.filter(({ ms, calls, spentMs }) => {
      const sampledMs = calls * ms.reduce((sum, each) => sum + each, 0)
      const enough = sampledMs > patience * 1e3 * Math.max(seconds, 0.1) ? fewestSamples : leastSamples
      return ms.length < enough || spentMs < 1e3 * seconds
    })
  for (let round = 0; unfinished().length > 0; round++) {
    const racing = unfinished()
    for (let i = 0; i < racing.length; i++) {
      const runner = racing[(i + round) % racing.length]!
      await sleep(settleMs)
      signal?.throwIfAborted()
      const began = performance.now()
      const { entrant, samplesPerRound, calls } = runner
      runner.ms.push(...(await sample(entrant.prepared.work, samplesPerRound, calls, clock)))
      runner.spentMs += performance.now() - began
    }
  }
  return new Map(runners.map(({ entrant, calls, ms }) => [entrant.engine, { calls, ms }]))
}

/** The value below which a share p of the samples lies, interpolated between neighbours. */
export function quantile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = p * (sorted.length - 1)
  const low = sorted[Math.floor(at)]!
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - low)
}
