import type { KernelCall } from '../device.ts'
import { WeightCache } from '../weight-cache.ts'
import { GpuBuffer } from './buffer.ts'
import type { Packing } from './kernels/packing.ts'
import { packingOf } from './kernels/packing.ts'
import type { Program } from './kernels/program.ts'

/** Bytes that packed weights may take. */
const most = 2 ** 29

/** A packing of a program, and the buffer of what its first kernel makes. */
interface Found extends Packing {
  readonly copy: GpuBuffer
  /** Whether that kernel has been asked for before. */
  readonly ready: boolean
}

/**
 * Weights as kernels want them laid out, kept so that they are laid out once: those that came from the host from their first use on,
 * what kernels have made from its second, so that neither a training's weights nor what passes through a network leaves anything
 * behind.
 */
export class PackedWeights {
  readonly #cache: WeightCache<GpuBuffer, GpuBuffer>

  /** @param free - Frees a buffer that kernels may yet have to read. */
  constructor(free: (copy: GpuBuffer) => void, limit: number = most) {
    this.#cache = new WeightCache({ limit, allocate: (bytes) => new GpuBuffer(bytes / 4), free })
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.#cache.bytes
  }

  /** What is kept, or to be kept, of the weights of a call; undefined where its program is to run as it is. */
  find({ inputs }: KernelCall, program: Program): Found | undefined {
    const packing = packingOf(program, inputs.length)
    if (packing === undefined) return undefined
    const weights = inputs[packing.input]!
    const buffer = weights.buffer as GpuBuffer
    const find = () => this.#cache.find(weights, packing.kind, 4 * packing.length, buffer.isWritten)
    let found = find()
    if (found?.at.error !== undefined) {
      // What could not be laid out then may be now.
      this.forget(buffer)
      found = find()
    }
    return found && { ...packing, copy: found.at, ready: found.ready }
  }

  /** Gives up what was made of a buffer: it is freed, or written anew. */
  forget(buffer: GpuBuffer): void {
    this.#cache.forget(buffer)
  }

  /** Gives up everything. */
  clear(): void {
    this.#cache.clear()
  }
}
