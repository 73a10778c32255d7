import type { Handle } from './gpujs.ts'

let buffers = 0

/** A device buffer: the handle of its memory once there is one (a kernel on WebGPU may still be under way). */
export class GpuBuffer {
  /** Number of elements; one float each, also for `bool`. */
  readonly length: number
  /** Buffers of one number have the same contents. */
  id = buffers++
  /** What was written into it: it goes to the device when a kernel first needs it, and stays here where it is small. */
  values: Float32Array | undefined
  sent = false
  handle: Handle | undefined
  /** What went wrong with the kernel that should have filled it; thrown by whoever reads it. */
  error: unknown
  freed = false

  constructor(length: number) {
    this.length = length
  }

  /** Whether its contents came from the host. */
  get isWritten(): boolean {
    return this.sent || this.values !== undefined
  }

  get bytes(): number {
    return 4 * this.length
  }
}

/** Gives the memory of a buffer back, where it has any. */
export function releaseBuffer(buffer: GpuBuffer): void {
  if (buffer.handle !== undefined) release(buffer.handle)
  buffer.handle = undefined
}

/** Gives the memory of a result back. */
export function release(handle: Handle): void {
  if (handle instanceof Float32Array) return
  handle.delete()
  const { texture, context, buffer, kernel } = handle
  // On WebGPU the kernel shares its latest result until it runs again, though nothing reads it any more.
  if (buffer !== undefined && kernel?.outputBuffer === buffer) {
    kernel.outputBuffer = null
    buffer.destroy()
  }
  // A texture deletes itself through the kernel that made it, which does nothing once that kernel is destroyed.
  // Deleting twice is harmless.
  if (texture !== undefined && !texture._refs) (context as WebGL2RenderingContext).deleteTexture(texture)
}
