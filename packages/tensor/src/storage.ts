import type { Device, Half } from './device.ts'
import { builtDevice } from './devices.ts'
import type { DType } from './dtype.ts'
import { bytesPerElement } from './dtype.ts'

/** Live counts of one device, or of all. */
export interface MemoryReport {
  /** Tensor handles that are neither disposed of nor collected. */
  tensors: number
  /** Distinct buffers behind them. */
  buffers: number
  /** Bytes in those buffers. */
  bytes: number
  /** The most bytes alive at once since start, or since {@link resetPeak}. */
  peakBytes: number
}

const zero = (): MemoryReport => ({ tensors: 0, buffers: 0, bytes: 0, peakBytes: 0 })
const total = zero()
/** By the device itself: several may have one name. */
const perDevice = new WeakMap<Device, MemoryReport>()
const reports: MemoryReport[] = [total]

function counters(device: Device): MemoryReport {
  let report = perDevice.get(device)
  if (report === undefined) {
    perDevice.set(device, (report = zero()))
    reports.push(report)
  }
  return report
}

/** A buffer on a device with a count of the handles (tensors, views, tape entries) that share it. */
export class Storage {
  readonly device: Device
  readonly dtype: DType
  readonly length: number
  readonly buffer: unknown
  /** Where each float32 of the buffer is two elements in float16. */
  readonly half: Half | undefined
  #handles = 1

  /** Takes over `buffer`, with one handle. */
  constructor(device: Device, dtype: DType, length: number, buffer: unknown, half?: Half) {
    this.half = half
    this.device = device
    this.dtype = dtype
    this.length = length
    this.buffer = buffer
    const { bytes } = this
    for (const report of [total, counters(device)]) {
      report.tensors++
      report.buffers++
      report.bytes += bytes
      if (report.bytes > report.peakBytes) report.peakBytes = report.bytes
    }
  }

  get bytes(): number {
    return this.length * (this.device.elementBytes ?? bytesPerElement(this.dtype))
  }

  retain(): this {
    this.#handles++
    total.tensors++
    counters(this.device).tensors++
    return this
  }

  /** Gives up one handle; the last one frees the buffer. */
  release(): void {
    const report = counters(this.device)
    total.tensors--
    report.tensors--
    if (--this.#handles > 0) return
    const { bytes } = this
    for (const r of [total, report]) {
      r.buffers--
      r.bytes -= bytes
    }
    this.device.free(this.buffer, this.dtype, this.length)
  }
}

/** Live tensors, buffers and bytes: of one device, itself or by the name it is registered under, or of all. */
export function memory(device?: string | Device): MemoryReport {
  if (device === undefined) return { ...total }
  const own = typeof device === 'string' ? builtDevice(device) : device
  return { ...((own && perDevice.get(own)) ?? zero()) }
}

/** @internal Sets the high-water marks to no less than they were when this was called; for `peakBytesOf`. */
export function keepPeaks(): () => void {
  const marks = reports.map(({ peakBytes }) => peakBytes)
  return () =>
    reports.forEach((report, i) => {
      report.peakBytes = Math.max(report.peakBytes, marks[i] ?? 0)
    })
}

/** Starts the high-water mark `peakBytes` anew from what is alive now. */
export function resetPeak(): void {
  for (const report of reports) report.peakBytes = report.bytes
}
