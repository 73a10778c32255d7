import type { Interpreter, PrimitiveName, Shape, Tensor } from '@tweedie/tensor'
import { dispatchAt, pushInterpreter, removeInterpreter, sizeOf } from '@tweedie/tensor'
import type { GpuDevice } from '@tweedie/tensor/gpu'
import type { Failure, Job, Work } from './job.ts'
import type { ReadDigits, Which } from './jobs.ts'
import { chosenJobs } from './jobs.ts'
import type { PeerResults } from './peer.ts'
import type { Summary } from './summary.ts'
import { summary } from './summary.ts'

// Times jobs on a gpu device, and counts what they ask of it. Runs in Node and in a page.

/** What a job takes, and what it asks for. */
export interface Row {
  readonly name: string
  /** Milliseconds of a run, compiled before. */
  readonly ms: Summary
  /** Of the first run, which compiles. */
  readonly firstMs: number
  readonly launches: number
  /** What a recorded program is run by, or why not as a whole. */
  readonly executor?: string
  /** Bytes of what the kernels read and write, each buffer once a kernel; 0 where the device does not count them. */
  readonly movedBytes: number
  /** Of convolutions, products and attention; a multiply-add counts two. */
  readonly flops: number
  /** Greatest difference from wasm over the greatest magnitude. */
  readonly error: number
}

export interface Results {
  readonly format: 'tweedie bench gpu 2'
  readonly date: string
  /** What ran it: a browser or Node, with its version. */
  readonly host: string
  /** The graphics processor, where the host says more of it than the device. */
  readonly adapter?: string
  readonly backend: string
  readonly notes: readonly string[]
  readonly rows: readonly Row[]
  /** Jobs that have no row, and why. */
  readonly failed: readonly Failure[]
  /** Other libraries on the same jobs, in the order in which they ran. */
  readonly peers?: readonly PeerResults[]
}

/** Operations of a call, where it is a product. */
export function flopsOf(primitive: PrimitiveName, shapes: readonly Shape[], out: Shape): number {
  const [a = [], b = []] = shapes
  switch (primitive) {
    case 'conv2d':
    case 'fusedConv2d':
      return 2 * sizeOf(out) * sizeOf(b.slice(1))
    case 'matmul':
    case 'fusedMatmul':
      return 2 * sizeOf(out) * (a.at(-1) ?? 1)
    case 'attention':
      return 4 * sizeOf(a) * (b.at(-2) ?? 1)
    case 'attentionGrad':
      return 10 * sizeOf(a) * (b.at(-2) ?? 1)
    default:
      return 0
  }
}

/** Runs work once under a count of its operations. */
async function counted(work: Work): Promise<{ readonly results: readonly Tensor[]; readonly flops: number }> {
  let flops = 0
  const counter: Interpreter = {
    run(primitive, inputs, params, level) {
      const out = dispatchAt(level, primitive, inputs, params)
      const shapes = inputs.map(({ shape }) => shape)
      flops += flopsOf(primitive, shapes, out.shape)
      return out
    },
  }
  pushInterpreter(counter)
  try {
    return { results: await work.run(), flops }
  } finally {
    removeInterpreter(counter)
  }
}

async function read(results: readonly Tensor[]): Promise<readonly Float32Array[]> {
  const values = await Promise.all(results.map(async (x) => (await x.data()) as Float32Array))
  for (const x of results) x.dispose()
  return values
}

function difference(got: readonly Float32Array[], want: readonly Float32Array[]): number {
  const largest = want.reduce((most, values) => values.reduce((m, v) => Math.max(m, Math.abs(v)), most), 0)
  let error = got.length === want.length ? 0 : Infinity
  want.forEach((values, k) =>
    values.forEach((v, i) => {
      const off = Math.abs(v - (got[k]?.[i] ?? Number.NaN))
      if (!(off <= error)) error = Number.isNaN(off) ? Infinity : off
    }),
  )
  return error / (largest || 1)
}

/** A result that differs more than this is another computation, and has no time. */
const tolerance = 1e-3
const fewestRuns = 3
/** A job that took this many times its time is let go with fewer runs. */
const patience = 10

/** Waits for a run: of its last result one number is read. */
async function finished(results: readonly Tensor[]): Promise<void> {
  const last = results.at(-1)
  if (last !== undefined) {
    using one = last.reshape([-1]).slice([0, 1])
    await one.data()
  }
  for (const x of results) x.dispose()
}

/** @throws {Error} where the result is not that of wasm. */
async function measureJob(job: Job, device: GpuDevice, seconds: number): Promise<Row> {
  const { results: truth, flops } = await counted(await (job.truth ?? job.prepare)('wasm'))
  const want = await read(truth)
  const work = await job.prepare('gpu')
  try {
    const before = device.stats()
    const began = performance.now()
    const results = await work.run()
    const after = device.stats()
    const got = await read(results)
    const firstMs = performance.now() - began
    const error = difference(got, want)
    if (!(error <= (job.tolerance ?? tolerance)))
      throw new Error(`differs from wasm by ${error.toExponential(1)}, relative`)
    const ms = await timesOf(work, seconds)
    return {
      ...{ name: job.name, ms: summary(ms), firstMs, flops, error },
      launches: work.launches ?? after.launches - before.launches,
      movedBytes: after.movedBytes - before.movedBytes,
      ...(work.executor === undefined ? {} : { executor: work.executor }),
    }
  } finally {
    await work.free?.()
  }
}

/** Milliseconds of runs, one after the other. */
async function timesOf(work: Work, seconds: number): Promise<readonly number[]> {
  const ms: number[] = []
  let spent = 0
  while (spent < 1e3 * seconds || (ms.length < fewestRuns && spent < patience * 1e3 * seconds)) {
    const start = performance.now()
    await finished(await work.run())
    ms.push(performance.now() - start)
    spent += ms.at(-1) ?? 0
  }
  return ms
}

/** What is asked of {@link measure}. */
export interface Asked extends Which {
  /** Least time of each job. */
  readonly seconds: number
}

/**
 * Jobs on a device that is registered as `gpu`. One that fails has no row, and the others are measured all the same.
 * @param told - Handed each row, or each failure, when it is there.
 */
export async function measure(
  device: GpuDevice,
  digits: ReadDigits,
  host: string,
  { seconds, ...which }: Asked,
  told: (row: Row | Failure) => void = () => undefined,
): Promise<Results> {
  const { backend, notes } = device.info()
  const rows: Row[] = []
  const failed: Failure[] = []
  for (const job of chosenJobs(digits, which)) {
    try {
      const row = await measureJob(job, device, seconds)
      rows.push(row)
      told(row)
    } catch (error) {
      const failure = { name: job.name, why: (error as Error).message }
      failed.push(failure)
      told(failure)
    }
  }
  const date = new Date().toISOString()
  return { format: 'tweedie bench gpu 2', date, host, backend, notes, rows, failed }
}
