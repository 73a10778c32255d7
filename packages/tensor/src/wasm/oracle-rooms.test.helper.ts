import { f32x4, ModuleBuilder, v128 } from './asm/index.ts'
import { Heap } from './runtime/heap.ts'
import type { WasmContext } from './runtime/kernel.ts'
import { hasMemory64, narrowLimit } from './runtime/linear-memory.ts'
import { KernelCache } from './runtime/module.ts'
import { packedWeightsIn } from './runtime/packed-weights.ts'
import { ThreadPool } from './runtime/pool.ts'
import type { Threads } from './runtime/tasks.ts'
import { alone, runHere } from './runtime/tasks.ts'
import { fixedTile, tileNames } from './runtime/tile.ts'

/** Work cut into so many parts, however small, and done here, backwards: parts may not need each other. */
const cutInto = (count: number): Threads => ({
  parts: (_, units) => Math.max(1, Math.min(count, Math.floor(units))),
  run: (tasks) => runHere([...tasks].reverse()),
})

/**
 * A heap of the tests' own with ways to share work, each with another tile, by whether relaxed SIMD is on; all must
 * give the same bits.
 */
export interface Room {
  readonly name: string
  readonly heap: Heap
  readonly contexts: readonly (readonly WasmContext[])[]
}

function makeRoom(name: string, own: Heap, ways: (pooled: Threads) => Threads[]): Room {
  const contexts = [false, true].map((relaxedSimd) => {
    const kernels = new KernelCache(own, relaxedSimd)
    const pool = new ThreadPool(own, kernels, 3)
    const pooled: Threads = { parts: cutInto(3).parts, run: (tasks) => pool.run(tasks) }
    return ways(pooled).map((threads, i) => ({
      ...{ heap: own, kernels, threads },
      tiles: fixedTile(tileNames[i]!, 'for a test'),
      ...{ winograd: false, weights: packedWeightsIn(own) },
    }))
  })
  return { name, heap: own, contexts }
}

/**
 * Blocks one after the other across 2³¹, where addresses that are taken as signed turn negative: each call
 * of a test finds other blocks on the border. Memory that is never touched costs addresses alone.
 */
class StraddlingHeap extends Heap {
  private next = 0

  constructor() {
    super({ shared: true, maxBytes: narrowLimit })
    for (let i = 0; i < 2; i++) super.allocate(1.5 * 2 ** 30)
  }

  /** The next blocks start so many bytes below the border, over all former ones. */
  restart(below: number): void {
    this.releaseScratch()
    this.next = 2 ** 31 - Math.ceil(below / 64) * 64
  }

  override allocate(bytes: number): number {
    const at = this.next
    this.next += (Math.ceil(bytes / 64) + 1) * 64
    return at
  }

  override free(): void {}
}

/** Blocks above 4 GiB, or from a little below on. */
function farHeap(): Heap {
  const far = new Heap({ shared: true, maxBytes: 2 ** 33 })
  for (let k = 31; k >= 16; k--) far.allocate(2 ** k - 64)
  return far
}

/** Low addresses, shared in six ways. */
export const here = makeRoom('low addresses', new Heap({ shared: true }), (pooled) => [
  ...[alone, cutInto(2), cutInto(4), cutInto(7), pooled, alone],
])

export const straddling = new StraddlingHeap()

/** Where else every call is made: beyond what a signed, and what any number of 32 bits addresses. */
export const elsewhere: readonly Room[] = [
  makeRoom('addresses about 2 GiB', straddling, () => [cutInto(4)]),
  ...(hasMemory64() ? [makeRoom('addresses above 4 GiB', farHeap(), (pooled) => [pooled])] : []),
]

const probe = new ModuleBuilder(here.heap.memoryType)
probe.procedure('probe', (f, at) => {
  const x = v128.load(at)
  f.emit(v128.store(at, f32x4.relaxedMadd(x, x, x)))
})

/** The settings of `fused` that the engine can run. */
export const fusions: readonly boolean[] = WebAssembly.validate(probe.bytes()) ? [false, true] : [false]
