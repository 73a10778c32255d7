import { availableDevices, DeviceError, OptionError, OutOfMemoryError } from '@tweedie/tensor'
import { loadGpu } from '@tweedie/tensor/gpu'
import { importBenny } from './benny.ts'
import type { BenchCase } from './cases/case.ts'
import { drawInputs } from './cases/case.ts'
import { kernelCases } from './cases/kernels.ts'
import { largeCases } from './cases/large.ts'
import { networkCases } from './cases/networks.ts'
import { operatorCases } from './cases/operators.ts'
import { stepCases } from './cases/steps.ts'
import type { Clock, Engine } from './engine.ts'
import { machine } from './machine.ts'
import { ourDevice } from './ours.ts'
import { chosenPeers } from './peers/index.ts'
import type { Measured, NotMeasured, Report, Roofline } from './report.ts'
import type { RooflineOptions } from './roofline.ts'
import { measureRoofline } from './roofline.ts'
import type { Entrant } from './timing.ts'
import { quantile, timeInRounds } from './timing.ts'

export interface BenchOptions {
  /** Also time other libraries, in the same run: all that are there, or those named. */
  readonly peers?: boolean | readonly string[]
  /**
   * Our devices to time; all that are present but the reference where left out (its plain loops take minutes). `gpu`
   * is loaded where it is named.
   */
  readonly devices?: readonly string[]
  /** Only cases whose name contains this. */
  readonly filter?: string
  /** Least time per case and engine. */
  readonly seconds?: number
  /** Processor time in place of the time that passes: for machines that others use. Default `wall`. */
  readonly clock?: Clock
  /** Threads that peers which can choose are given. */
  readonly threads?: number
  /** Whether, or how, to measure first what bounds the `wasm` device here (two seconds); the kernels do by default. */
  readonly roofline?: boolean | RooflineOptions
  readonly onProgress?: (done: number, total: number, name: string) => void
  /** Ends the run; what was measured until then is returned. */
  readonly signal?: AbortSignal
  /** The command line, for the report. */
  readonly command?: string
}

/** An engine whose result differs from the first engine's by more than this computes something else. */
export const tolerance = 1e-3

const suites = {
  kernels: kernelCases,
  unet: networkCases,
  operators: operatorCases,
  step: stepCases,
  large: largeCases,
} as const
export type SuiteName = keyof typeof suites

/** The magnitude of a result counts as at least this share of the greatest: where the truth is 0, only rounding is left. */
const leastShare = 1e-4

/** The worst over all results of greatest difference over greatest magnitude; infinite for other sizes and NaN. */
export function relativeError(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  if (actual.length !== expected.length) return Infinity
  const magnitudes = expected.map((want) => want.reduce((most, v) => Math.max(most, Math.abs(v)), 0))
  const least = leastShare * Math.max(...magnitudes)
  let worst = 0
  for (const [i, want] of expected.entries()) {
    const got = actual[i]!
    if (got.length !== want.length) return Infinity
    const scale = Math.max(magnitudes[i]!, least) || 1
    for (let j = 0; j < want.length; j++) {
      const error = Math.abs(got[j]! - want[j]!) / scale
      if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error
    }
  }
  return worst
}

/**
 * Times every case of a suite on every device and peer. All engines get the same inputs, and each result is
 * compared with the first engine's before the clock runs.
 * @throws {OptionError} where no case is left; {@link MissingPackageError} without benny, before any work.
 */
export async function runBench(suite: SuiteName, options: BenchOptions = {}): Promise<Report> {
  const {
    filter = '',
    seconds = 0.5,
    signal,
    clock = 'wall',
    threads = machine().cores,
    roofline: bounds = suite === 'kernels',
  } = options
  const cases = suites[suite].filter(({ name }) => name.includes(filter))
  if (cases.length === 0) {
    const names = suites[suite].map(({ name }) => name).join('; ')
    throw new OptionError('--filter', `no case contains '${filter}'; cases are: ${names}`)
  }
  const devices = options.devices ?? availableDevices().filter((name) => name !== 'reference')
  if (devices.includes('gpu')) await loadGpu()
  await importBenny()
  const engines: Engine[] = devices.map(ourDevice)
  const absent: string[] = []
  const results: (Measured | NotMeasured)[] = []
  let roofline: Roofline | null = null
  let interrupted = false
  try {
    signal?.throwIfAborted()
    // Before the peers come, some of whose threads spin.
    if (bounds !== false) {
      options.onProgress?.(0, cases.length, 'roofline')
      const used = [...new Set([1, ...engines.map((engine) => engine.threads)])]
      roofline = measureRoofline({ threads: used, ...(bounds === true ? {} : bounds) })
    }
    for (const make of chosenPeers(options.peers)) {
      const peer = await make(threads)
      if ('absent' in peer) absent.push(peer.absent)
      else engines.push(peer)
    }
    for (const [i, benchCase] of cases.entries()) {
      signal?.throwIfAborted()
      options.onProgress?.(i, cases.length, benchCase.name)
      results.push(...(await runCase(benchCase, engines, seconds, { signal, clock })))
    }
    options.onProgress?.(cases.length, cases.length, '')
  } catch (error) {
    if (signal?.aborted !== true) throw error
    interrupted = true
  } finally {
    for (const engine of engines) await engine.close()
  }
  return {
    format: 'tweedie bench 1',
    suite,
    command: options.command ?? `tweedie bench ${suite}`,
    date: new Date().toISOString(),
    interrupted,
    clock,
    machine: machine(),
    engines: engines.map(({ name, detail, threads: used }) => ({ name, detail, threads: used })),
    absent,
    results,
    roofline,
  }
}

async function runCase(
  benchCase: BenchCase,
  engines: readonly Engine[],
  seconds: number,
  timing: { readonly signal: AbortSignal | undefined; readonly clock: Clock },
): Promise<(Measured | NotMeasured)[]> {
  const inputs = drawInputs(benchCase)
  const entrants: Entrant[] = []
  const missing: NotMeasured[] = []
  const errors = new Map<string, number | null>()
  let expected: readonly Float32Array[] | undefined
  try {
    for (const engine of engines) {
      const prepared = await engine.prepare(benchCase, inputs)
      if ('missing' in prepared) {
        missing.push({ case: benchCase.name, engine: engine.name, missing: prepared.missing })
        continue
      }
      const outputs = await prepared.outputs().catch((error: unknown) => {
        // A device may lack a kernel, or room, and says so.
        if (error instanceof DeviceError || error instanceof OutOfMemoryError) return error
        throw error
      })
      if (outputs instanceof Error) {
        prepared.free()
        missing.push({ case: benchCase.name, engine: engine.name, missing: outputs.message })
        continue
      }
      const error = expected === undefined ? null : relativeError(outputs, expected)
      expected ??= outputs
      if (error !== null && error > tolerance) {
        prepared.free()
        const what = `its result differs from ${engines[0]!.name}'s by ${error.toExponential(1)}, relative`
        missing.push({ case: benchCase.name, engine: engine.name, missing: what })
        continue
      }
      errors.set(engine.name, error)
      entrants.push({ engine: engine.name, prepared })
    }
    const timed = await timeInRounds(entrants, seconds, timing)
    const peaks = new Map<string, number>()
    for (const { engine, prepared } of entrants) {
      const bytes = await prepared.peakBytes?.()
      if (bytes !== undefined) peaks.set(engine, bytes)
    }
    const measured = [...timed].map(([engine, { calls, ms }]) => ({
      case: benchCase.name,
      engine,
      cost: benchCase.cost,
      samplesMs: [...ms],
      calls,
      medianMs: quantile(ms, 0.5),
      lowerQuartileMs: quantile(ms, 0.25),
      upperQuartileMs: quantile(ms, 0.75),
      minMs: Math.min(...ms),
      relativeError: errors.get(engine)!,
      ...(peaks.has(engine) && { peakBytes: peaks.get(engine) }),
    }))
    return [...measured, ...missing]
  } finally {
    for (const { prepared } of entrants) prepared.free()
  }
}
