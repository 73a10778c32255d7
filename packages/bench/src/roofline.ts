import { alone, Heap, KernelCache, ThreadPool } from '@tweedie/tensor/wasm'
import type { Bandwidth, PeakFlops, Roofline } from './report.ts'
import { emitBandwidth, emitPeak, peakTiles, relaxedSimd, tileFlops } from './roofline-kernels.ts'

export interface RooflineOptions {
  /** Numbers of threads; default 1 and 2. */
  readonly threads?: readonly number[]
  /** Working sets in bytes; default 256 KiB (L2), 1 MiB, 4 MiB (L3), 16 MiB and 256 MiB (memory). */
  readonly workingSets?: readonly number[]
  /** Least time for each run; the best of `runs` counts. Default 10 ms. */
  readonly milliseconds?: number
  readonly runs?: number
}

const KiB = 1024
const defaultSets = [256 * KiB, 1024 * KiB, 4096 * KiB, 16384 * KiB, 262144 * KiB]

/** The least time of `runs` runs of `work(repeats)`, in nanoseconds per repeat; a run lasts `milliseconds`. */
function bestTime(work: (repeats: number) => void, milliseconds: number, runs: number): number {
  let repeats = 1
  let least = Number.POSITIVE_INFINITY
  for (let done = 0; done < runs; ) {
    const began = performance.now()
    work(repeats)
    const taken = performance.now() - began
    if (taken >= milliseconds / 2) {
      least = Math.min(least, (1e6 * taken) / repeats)
      done++
    } else repeats = Math.ceil(repeats * Math.min(8, 1.2 * (milliseconds / Math.max(taken, 0.01))))
  }
  return least
}

/**
 * Measures what the machine can do with code like that of the `wasm` device: multiply-adds from the first
 * cache in several register tiles, and reading and copying by 128-bit vectors at several sizes. Takes some
 * two seconds with the default options.
 *
 * @example
 * ```ts
 * import { bandwidthAt, measureRoofline } from '@tweedie/bench'
 * const roofline = measureRoofline({ threads: [1], workingSets: [2 ** 16, 2 ** 20], milliseconds: 1 })
 * roofline.peak[0]!.gflops > 1 // => true
 * bandwidthAt(roofline, 2 ** 20, 1).copy > 1 // => true
 * ```
 */
export function measureRoofline(options: RooflineOptions = {}): Roofline {
  const { threads = [1, 2], workingSets = defaultSets, milliseconds = 10, runs = 5 } = options
  const most = Math.max(...threads)
  const heap = new Heap({ shared: most > 1 })
  const kernels = new KernelCache(heap)
  const pool = most === 1 ? undefined : new ThreadPool(heap, kernels, most)
  const fused = relaxedSimd()
  const { read, copy } = kernels.all('bandwidth', ['read', 'copy'], emitBandwidth)

  /** Has `count` threads do `args(thread)` with a kernel. */
  const on = (count: number, run: (...args: number[]) => void, args: (thread: number) => number[]) => {
    pool?.limitTo(count)
    ;(pool ?? alone).run(Array.from({ length: count }, (_, i) => [{ run, args: args(i) }]))
  }

  const panels = heap.allocate(most * 2 ** 16)
  const peak = threads.map((count): PeakFlops => {
    const tiles = peakTiles.map(({ rows, columns }) => {
      const tile = `${rows}×${columns}`
      const kernel = kernels.get(`peak:${tile}`, (m) => emitPeak(m, { rows, columns, fused }))
      const work = (repeats: number) => on(count, kernel, (i) => [panels + i * 2 ** 16, repeats])
      const time = bestTime(work, milliseconds, runs)
      return { threads: count, gflops: (count * tileFlops({ rows, columns })) / time, tile }
    })
    return tiles.reduce((best, next) => (next.gflops > best.gflops ? next : best))
  })

  const bandwidth = threads.flatMap((count) =>
    workingSets.map((bytes): Bandwidth => {
      const part = Math.floor(bytes / count / 256) * 256
      const at = heap.allocate(count * part)
      // Touched, or all pages would be the same page of zeros.
      heap.f32.fill(1, at / 4, (at + count * part) / 4)
      const rate = (work: (repeats: number) => void) => (count * part) / bestTime(work, milliseconds, runs)
      const result = {
        read: rate((repeats) => on(count, read, (i) => [at + i * part, part, repeats])),
        copy: rate((repeats) => on(count, copy, (i) => [at + i * part, part / 2, repeats])),
      }
      heap.free(at, count * part)
      return { threads: count, bytes, ...result }
    }),
  )
  return { fused, peak, bandwidth }
}

/** The measured bandwidth whose working set is the nearest to `bytes` (by ratio), for a number of threads. */
export function bandwidthAt(roofline: Roofline, bytes: number, threads: number): Bandwidth {
  const distance = (entry: Bandwidth) => Math.abs(Math.log(entry.bytes / bytes))
  const own = roofline.bandwidth.filter((entry) => entry.threads === threads)
  if (own.length === 0) throw new RangeError(`bandwidthAt: nothing was measured with ${threads} threads`)
  return own.reduce((best, next) => (distance(next) < distance(best) ? next : best))
}
