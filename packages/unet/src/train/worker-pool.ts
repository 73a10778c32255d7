import { Worker } from 'node:worker_threads'
import type { Device } from '@tweedie/tensor'
import { getDevice, OptionError, TweedieError } from '@tweedie/tensor'
import { FilePixels } from '../data/file-pixels.ts'
import type { Samples } from '../data/pictures.ts'
import type { ShardExecutor, TrainTask } from './shard.ts'
import { ShardWorker, sumShards } from './shard.ts'

/** What threads share: parameters in, gradients and losses out, and which shard is next. */
export interface SharedShards {
  readonly task: TrainTask
  readonly params: Float32Array
  readonly gradients: readonly Float32Array[]
  readonly losses: Float64Array
  readonly next: Int32Array
}

const shared = {
  f32: (length: number) => new Float32Array(new SharedArrayBuffer(4 * length)),
  f64: (length: number) => new Float64Array(new SharedArrayBuffer(8 * length)),
}

/** A set whose values all threads see: in shared memory, or in a file. */
function sharedSamples(images: Samples): Samples {
  const { pixels: given } = images
  if (!(given instanceof Uint8Array || given instanceof Float32Array)) return images
  if (given.buffer instanceof SharedArrayBuffer) return images
  const bytes = new SharedArrayBuffer(given.byteLength)
  const pixels = given instanceof Float32Array ? new Float32Array(bytes) : new Uint8Array(bytes)
  pixels.set(given)
  return { ...images, pixels }
}

/** Takes shards until none is left. Every thread runs this; who gets which does not change the result. */
export function runShards(
  worker: ShardWorker,
  { task, params, gradients, losses, next }: SharedShards,
  step: number,
): void {
  for (;;) {
    const shard = Atomics.add(next, 0, 1)
    if (shard >= task.config.shards) return
    losses[shard] = worker.run(params, step, shard, gradients[shard]!)
  }
}

/**
 * Shards on this thread and `workers` − 1 more (Node only), each with a device of its own; parameters and
 * gradients pass through shared memory. For `train({ executor: workerShards(2) })`.
 * @throws {OptionError} for a number of workers below 1, or above 1 on another device than wasm.
 */
export function workerShards(workers: number): (task: TrainTask, size: number) => ShardExecutor {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new OptionError('workers', `must be a positive integer, got ${workers}`)
  }
  return ({ config, images, table }, size) => {
    const common: SharedShards = {
      task: { config, images: sharedSamples(images), table },
      params: shared.f32(size),
      gradients: Array.from({ length: config.shards }, () => shared.f32(size)),
      losses: shared.f64(config.shards),
      next: new Int32Array(new SharedArrayBuffer(4)),
    }
    const mine = new ShardWorker(common.task)
    const device = getDevice()
    if (workers > 1 && device.name !== 'wasm')
      throw new OptionError('workers', `further threads compute on wasm, this one on ${device.name}; take 1`)
    const formerThreads = workers > 1 ? device.limitThreads?.(1) : undefined
    const others = Array.from(
      { length: Math.min(workers, config.shards) - 1 },
      () => new Helper(common, device),
    )
    return {
      step: async (params, step) => {
        common.params.set(params)
        Atomics.store(common.next, 0, 0)
        const done = Promise.all(others.map((helper) => helper.start(step)))
        done.catch(() => undefined) // Awaited below, unless this thread's own part throws first.
        runShards(mine, common, step)
        await done
        return sumShards(common.gradients, common.losses)
      },
      close: async () => {
        if (formerThreads !== undefined) device.limitThreads?.(formerThreads)
        await Promise.all(others.map((helper) => helper.close()))
      },
    }
  }
}

/** The environment under which a device of another thread rounds as this one. */
function roundingVariables(device: Device): Record<string, string> {
  const { fusedMultiplyAdd, winograd } = device.info().rounding ?? {}
  return {
    ...(fusedMultiplyAdd === undefined ? {} : { TWEEDIE_RELAXED_SIMD: fusedMultiplyAdd ? '1' : '0' }),
    ...(winograd === undefined ? {} : { TWEEDIE_WINOGRAD: winograd ? '1' : '0' }),
  }
}

/** What a thread is handed, in which a file of pixels is its path. */
export type ThreadShards =
  | SharedShards
  | { readonly shards: SharedShards; readonly file: string; readonly length: number }

function forThread(common: SharedShards): ThreadShards {
  const { pixels } = common.task.images
  if (!(pixels instanceof FilePixels)) return common
  const images = { ...common.task.images, pixels: new Uint8Array(0) }
  return { shards: { ...common, task: { ...common.task, images } }, file: pixels.path, length: pixels.length }
}

/** What a thread makes of it: it opens a file of pixels for itself. */
export function inThread(given: ThreadShards): SharedShards {
  if (!('file' in given)) return given
  const { shards, file, length } = given
  const images = { ...shards.task.images, pixels: new FilePixels(file, length) } as Samples
  return { ...shards, task: { ...shards.task, images } }
}

/** A worker thread: told a step, it answers when it finds no more shards. */
class Helper {
  private readonly worker: Worker
  private settle: { resolve: () => void; reject: (error: Error) => void } | undefined
  private failure: Error | undefined

  constructor(common: SharedShards, device: Device) {
    // From source or from dist, the entry lies beside this file.
    const entry = new URL(`./worker-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    // The shards keep all cores busy: no threads within them. They round as the first thread does.
    const env = { ...process.env, TWEEDIE_THREADS: '1', ...roundingVariables(device) }
    this.worker = new Worker(entry, { workerData: forThread(common), env })
    this.worker.on('message', () => this.settle?.resolve())
    this.worker.on('error', (error) => this.fail(error as Error))
    this.worker.on('exit', (code) => this.fail(new TweedieError(`train: a worker ended with code ${code}`)))
  }

  async start(step: number): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    await new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject }
      this.worker.postMessage(step)
    })
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }

  private fail(error: Error): void {
    this.failure ??= error
    this.settle?.reject(this.failure)
  }
}
