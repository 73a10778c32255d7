import { getDevice, memory } from '@tweedie/tensor'

/** What runs the page's methods. */
export interface EngineFacts {
  readonly threads: number
  /** Whether the page may share memory with threads: it was served with the headers for it. */
  readonly isolated: boolean
  readonly simd: boolean
}

export function engineFacts(): EngineFacts {
  const { threads, simd } = getDevice('wasm').info()
  return { threads, simd, isolated: globalThis.crossOriginIsolated === true }
}

/** What tensors hold at the moment, and the device has from the browser. */
export interface EngineMemory {
  readonly tensors: number
  readonly bytes: number
  readonly reservedBytes: number
}

export function engineMemory(): EngineMemory {
  const { tensors, bytes } = memory()
  return { tensors, bytes, reservedBytes: getDevice('wasm').info().reservedBytes }
}
