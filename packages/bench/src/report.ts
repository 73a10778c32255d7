import { FileFormatError } from '@tweedie/tensor'
import { z } from 'zod'

const Machine = z.object({
  cpu: z.string(),
  cores: z.number(),
  memoryGiB: z.number(),
  platform: z.string(),
  node: z.string(),
  v8: z.string(),
})

/** Where a measurement was made; a number without it means nothing. */
export type Machine = z.infer<typeof Machine>

const Cost = z.union([z.object({ flops: z.number() }), z.object({ bytes: z.number() }), z.null()])

const Measured = z.object({
  case: z.string(),
  engine: z.string(),
  /** Floating-point operations or least bytes of the case. */
  cost: Cost,
  /** Every sample, in the order taken: milliseconds per call, the mean of `calls` calls. */
  samplesMs: z.array(z.number()),
  calls: z.number(),
  medianMs: z.number(),
  lowerQuartileMs: z.number(),
  upperQuartileMs: z.number(),
  minMs: z.number(),
  /** Greatest difference from the first engine's result over that result's greatest magnitude; null for the first. */
  relativeError: z.number().nullable(),
})

const NotMeasured = z.object({ case: z.string(), engine: z.string(), missing: z.string() })

/** One case on one engine: its times, or why there are none. */
export type Measured = z.infer<typeof Measured>
export type NotMeasured = z.infer<typeof NotMeasured>

const PeakFlops = z.object({
  threads: z.number(),
  /** 10⁹ floating-point operations a second, a multiply-add counting two. */
  gflops: z.number(),
  /** The register tile that did most, rows × columns. */
  tile: z.string(),
})

/** Flops that so many threads do together at best. */
export type PeakFlops = z.infer<typeof PeakFlops>

const Bandwidth = z.object({
  threads: z.number(),
  /** Bytes that are gone through again and again: what is read, and for `copy` also what is written. */
  bytes: z.number(),
  /** 10⁹ bytes a second that are read. */
  read: z.number(),
  /**
   * 10⁹ bytes a second that are read and written, half each: an operation that reads r bytes and writes w
   * takes at least (r + w)/copy nanoseconds. The lines that a store first fetches are not counted.
   */
  copy: z.number(),
})

/** How fast so many threads together move memory, each over an equal part of one working set. */
export type Bandwidth = z.infer<typeof Bandwidth>

const Roofline = z.object({
  /** Whether multiply-adds are fused. */
  fused: z.boolean(),
  /** One entry for each number of threads. */
  peak: z.array(PeakFlops),
  /** One entry for each number of threads and working set, in that order. */
  bandwidth: z.array(Bandwidth),
})

/** What bounds every kernel on this machine: the sloped and the flat part of its roofline. */
export type Roofline = z.infer<typeof Roofline>

const Report = z.object({
  format: z.literal('tweedie bench 1'),
  suite: z.enum(['kernels', 'unet', 'operators', 'step']),
  command: z.string(),
  date: z.string(),
  /** Whether the run was stopped before its end. */
  interrupted: z.boolean(),
  machine: Machine,
  engines: z.array(z.object({ name: z.string(), detail: z.string(), threads: z.number() })),
  /** Peers that were asked for and are not there. */
  absent: z.array(z.string()),
  results: z.array(z.union([Measured, NotMeasured])),
  /** What bounds the `wasm` device; null where it was not measured. */
  roofline: Roofline.nullable().default(null),
})

/** The outcome of a suite; what `--json` writes. */
export type Report = z.infer<typeof Report>

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
  const parsed = Report.safeParse(json)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new FileFormatError(
    file,
    `is no report of tweedie bench (${path.join('.') || 'the whole'}: ${message}); give a file that \`tweedie bench … --json FILE\` wrote`,
  )
}
