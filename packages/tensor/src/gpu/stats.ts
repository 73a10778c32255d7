import type { Device } from '../device.ts'

/** Live counts of a gpu device. */
export interface GpuStats {
  readonly buffers: number
  readonly bytes: number
  /** Bytes of weights kept as kernels want them laid out, beside those of the buffers. They are freed with their tensors. */
  readonly packedWeights: number
  /** Kernels kept compiled. */
  readonly kernels: number
  /** Kernels asked for since the device was made, transfers not among them. */
  readonly launches: number
  /** Bytes of what those kernels read and wrote, each buffer once a kernel: what must move at least. */
  readonly movedBytes: number
}

/** A {@link Device} on gpu.js. */
export interface GpuDevice extends Device {
  stats(): GpuStats
  /** Destroys the kernels and gives the graphics context back. Tensors on the device are lost. */
  close(): Promise<void>
}
