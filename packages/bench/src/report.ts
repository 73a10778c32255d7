import { FileFormatError } from '@tweedie/tensor'
import * as v from 'valibot'
import type { Clock } from './engine.ts'

/** Where a measurement was made; a number without it means nothing. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly platform: string
  readonly node: string
  readonly v8: string
}

/** One case on one engine: its times. */
export interface Measured {
  readonly case: string
  readonly engine: string
  /** Floating-point operations or least bytes of the case. */
  readonly cost: { readonly flops: number } | { readonly bytes: number } | null
  /** Every sample, in the order taken: milliseconds per call, the mean of `calls` calls. */
  readonly samplesMs: readonly number[]
  readonly calls: number
  readonly medianMs: number
  readonly lowerQuartileMs: number
  readonly upperQuartileMs: number
  readonly minMs: number
  /** Greatest difference from the first engine's result over that result's greatest magnitude; null for the first. */
  readonly relativeError: number | null
  /** The most bytes that the engine held for the case; left out where it cannot tell. */
  readonly peakBytes?: number | undefined
}

/** One case on one engine, and why there are no times. */
export interface NotMeasured {
  readonly case: string
  readonly engine: string
  readonly missing: string
}

/** Flops that so many threads do together at best. */
export interface PeakFlops {
  readonly threads: number
  /** 10⁹ floating-point operations a second, a multiply-add counting two. */
  readonly gflops: number
  /** The register tile that did most, rows × columns. */
  readonly tile: string
}

/** How fast so many threads together move memory, each over an equal part of one working set. */
export interface Bandwidth {
  readonly threads: number
  /** Bytes that are gone through again and again: what is read, and for `copy` also what is written. */
  readonly bytes: number
  /** 10⁹ bytes a second that are read. */
  readonly read: number
  /**
   * 10⁹ bytes a second that are read and written, half each: an operation that reads r bytes and writes w
   * takes at least (r + w)/copy nanoseconds. The lines that a store first fetches are not counted.
   */
  readonly copy: number
}

/** What bounds every kernel on this machine: the sloped and the flat part of its roofline. */
export interface Roofline {
  /** Whether multiply-adds are fused. */
  readonly fused: boolean
  /** One entry for each number of threads. */
  readonly peak: readonly PeakFlops[]
  /** One entry for each number of threads and working set, in that order. */
  readonly bandwidth: readonly Bandwidth[]
}

/** The outcome of a suite; what `--json` writes. */
export interface Report {
  readonly format: 'tweedie bench 1'
  readonly suite: 'kernels' | 'unet' | 'operators' | 'step' | 'large'
  readonly command: string
  readonly date: string
  /** Whether the run was stopped before its end. */
  readonly interrupted: boolean
  /** What all times are of; left out by reports of time that passes alone. */
  readonly clock: Clock
  readonly machine: Machine
  readonly engines: readonly { readonly name: string; readonly detail: string; readonly threads: number }[]
  /** Peers that were asked for and are not there. */
  readonly absent: readonly string[]
  readonly results: readonly (Measured | NotMeasured)[]
  /** What bounds the `wasm` device; null where it was not measured. */
  readonly roofline: Roofline | null
}

const number = v.pipe(v.number(), v.finite('must be finite'))
const text = v.string()

const MeasuredSchema = v.object({
  case: text,
  engine: text,
  cost: v.union([v.object({ flops: number }), v.object({ bytes: number }), v.null()]),
  samplesMs: v.array(number),
  calls: number,
  medianMs: number,
  lowerQuartileMs: number,
  upperQuartileMs: number,
  minMs: number,
  relativeError: v.nullable(number),
  peakBytes: v.optional(number),
})
const NotMeasuredSchema = v.object({ case: text, engine: text, missing: text })

const RooflineSchema = v.object({
  fused: v.boolean(),
  peak: v.array(v.object({ threads: number, gflops: number, tile: text })),
  bandwidth: v.array(v.object({ threads: number, bytes: number, read: number, copy: number })),
})

// The types above stand apart from this: those of valibot want lib `dom` or @types/node.
const ReportSchema: v.GenericSchema<unknown, Report> = v.object({
  format: v.literal('tweedie bench 1'),
  suite: v.picklist(['kernels', 'unet', 'operators', 'step', 'large']),
  command: text,
  date: text,
  interrupted: v.boolean(),
  clock: v.optional(v.picklist(['wall', 'cpu']), 'wall'),
  machine: v.object({ cpu: text, cores: number, memoryGiB: number, platform: text, node: text, v8: text }),
  engines: v.array(v.object({ name: text, detail: text, threads: number })),
  absent: v.array(text),
  results: v.array(
    v.union([MeasuredSchema, NotMeasuredSchema], 'holds neither times nor why there are none'),
  ),
  roofline: v.optional(v.nullable(RooflineSchema), null),
})

export const isMeasured = (result: Measured | NotMeasured): result is Measured => 'samplesMs' in result

/**
 * A report from the text of its file.
 * @throws {FileFormatError} where the file holds something else.
 */
export function parseReport(text: string, file: string): Report {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new FileFormatError(file, 'is not JSON; give a file that `tweedie bench … --json FILE` wrote')
  }
  const parsed = v.safeParse(ReportSchema, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new FileFormatError(
    file,
    `is no report of tweedie bench (${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}); give a file that \`tweedie bench … --json FILE\` wrote`,
  )
}
