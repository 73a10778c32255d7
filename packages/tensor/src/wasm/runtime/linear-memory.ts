import { DeviceError } from '../../errors.ts'
import type { MemoryType } from '../asm/index.ts'

/** Unit in which a WebAssembly memory grows, in bytes. */
export const pageBytes = 65536

/** Most bytes that 32-bit addresses reach, and that engines let 64-bit ones reach. */
export const [narrowLimit, wideLimit] = [2 ** 32, 2 ** 34]

/** What the DOM library does not know yet of memories with 64-bit addresses: sizes are BigInt. */
interface WideDescriptor {
  readonly address: 'i64'
  readonly initial: bigint
  readonly maximum: bigint
  readonly shared: boolean
}

const wideMemory = (descriptor: WideDescriptor): WebAssembly.Memory =>
  new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor)

let wideIsThere: boolean | undefined

/** Whether the engine has memories with 64-bit addresses (memory64: V8 13.3, so Node 24 and Chrome 133). */
export function hasMemory64(): boolean {
  if (wideIsThere === undefined) {
    try {
      wideMemory({ address: 'i64', initial: 0n, maximum: 0n, shared: false })
      wideIsThere = true
    } catch {
      wideIsThere = false
    }
  }
  return wideIsThere
}

/** Most bytes of memory that a device may have here. */
export const mostBytes = (): number => (hasMemory64() ? wideLimit : narrowLimit)

const engine = (): string => {
  const { process, navigator } = globalThis as {
    readonly process?: { readonly versions?: Readonly<Record<string, string | undefined>> }
    readonly navigator?: { readonly userAgent?: string }
  }
  const { node, v8 } = process?.versions ?? {}
  return node === undefined ? (navigator?.userAgent ?? 'this engine') : `Node ${node} (V8 ${v8})`
}

/** A WebAssembly memory of either width of addresses. */
export interface LinearMemory {
  readonly memory: WebAssembly.Memory
  /** How modules must declare the memory they import. */
  readonly type: MemoryType
  /** In bytes, a multiple of {@link pageBytes}. */
  readonly limit: number
  /** Adds pages; false where the host refuses. */
  grow(pages: number): boolean
}

/**
 * A memory of up to `maxBytes`: with 32-bit addresses where these reach that far, else with 64-bit ones.
 * @throws {DeviceError} above 4 GiB where the engine has no 64-bit memory, and above 16 GiB anywhere.
 */
export function createMemory(maxBytes: number, shared: boolean): LinearMemory {
  if (maxBytes > mostBytes()) {
    const gibi = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
    throw new DeviceError(
      `wasm: maxBytes of ${gibi(maxBytes)} is above the limit of ${gibi(mostBytes())}: ` +
        `${engine()} has ${hasMemory64() ? 'no larger memories' : 'no 64-bit memory (memory64: Node ≥ 24, Chrome ≥ 133)'}`,
    )
  }
  const wide = maxBytes > narrowLimit
  const maximum = Math.floor(maxBytes / pageBytes)
  const initial = Math.min(16, maximum)
  const memory = wide
    ? wideMemory({ address: 'i64', initial: BigInt(initial), maximum: BigInt(maximum), shared })
    : new WebAssembly.Memory({ initial, maximum, shared })
  const size = shared ? { shared, maximum } : { shared }
  return {
    memory,
    type: wide ? { ...size, address: 'i64' } : size,
    limit: maximum * pageBytes,
    grow(pages) {
      try {
        memory.grow((wide ? BigInt(pages) : pages) as number)
        return true
      } catch {
        return false
      }
    },
  }
}
