import { FileFormatError } from '@tweedie/tensor'
import * as v from 'valibot'

const number = v.pipe(v.number(), v.finite('must be finite'))

const Machine = v.object({
  cpu: v.string(),
  cores: number,
  memoryGiB: number,
  platform: v.string(),
  node: v.string(),
  v8: v.string(),
})

/** Where a measurement was made; a number without it means nothing. */
export type Machine = v.InferOutput<typeof Machine>

const Cost = v.union([v.object({ flops: number }), v.object({ bytes: number }), v.null()])

const Measured = v.object({
  case: v.string(),
  engine: v.string(),
  /** Floating-point operations or least bytes of the case. */
  cost: Cost,
  /** Every sample, in the order taken: milliseconds per call, the mean of `calls` calls. */
  samplesMs: v.array(number),
  calls: number,
  medianMs: number,
  lowerQuartileMs: number,
  upperQuartileMs: number,
  minMs: number,
  /** Greatest difference from the first engine's result over that result's greatest magnitude; null for the first. */
  relativeError: v.nullable(number),
})

const NotMeasured = v.object({ case: v.string(), engine: v.string(), missing: v.string() })

/** One case on one engine: its times, or why there are none. */
export type Measured = v.InferOutput<typeof Measured>
export type NotMeasured = v.InferOutput<typeof NotMeasured>

const PeakFlops = v.object({
  threads: number,
  /** 10⁹ floating-point operations a second, a multiply-add counting two. */
  gflops: number,
  /** The register tile that did most, rows × columns. */
  tile: v.string(),
})

/** Flops that so many threads do together at best. */
export type PeakFlops = v.InferOutput<typeof PeakFlops>

const Bandwidth = v.object({
  threads: number,
  /** Bytes that are gone through again and again: what is read, and for `copy` also what is written. */
  bytes: number,
  /** 10⁹ bytes a second that are read. */
  read: number,
  /**
   * 10⁹ bytes a second that are read and written, half each: an operation that reads r bytes and writes w
   * takes at least (r + w)/copy nanoseconds. The lines that a store first fetches are not counted.
   */
  copy: number,
})

/** How fast so many threads together move memory, each over an equal part of one working set. */
export type Bandwidth = v.InferOutput<typeof Bandwidth>

const Roofline = v.object({
  /** Whether multiply-adds are fused. */
  fused: v.boolean(),
  /** One entry for each number of threads. */
  peak: v.array(PeakFlops),
  /** One entry for each number of threads and working set, in that order. */
  bandwidth: v.array(Bandwidth),
})

/** What bounds every kernel on this machine: the sloped and the flat part of its roofline. */
export type Roofline = v.InferOutput<typeof Roofline>

const Report = v.object({
  format: v.literal('tweedie bench 1'),
  suite: v.picklist(['kernels', 'unet', 'operators', 'step']),
  command: v.string(),
  date: v.string(),
  /** Whether the run was stopped before its end. */
  interrupted: v.boolean(),
  machine: Machine,
  engines: v.array(v.object({ name: v.string(), detail: v.string(), threads: number })),
  /** Peers that were asked for and are not there. */
  absent: v.array(v.string()),
  results: v.array(v.union([Measured, NotMeasured], 'holds neither times nor why there are none')),
  /** What bounds the `wasm` device; null where it was not measured. */
  roofline: v.optional(v.nullable(Roofline), null),
})

/** The outcome of a suite; what `--json` writes. */
export type Report = v.InferOutput<typeof Report>

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
  const parsed = v.safeParse(Report, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new FileFormatError(
    file,
    `is no report of tweedie bench (${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}); give a file that \`tweedie bench … --json FILE\` wrote`,
  )
}
