import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OutOfMemoryError } from '../../errors.ts'
import { Heap } from './heap.ts'

// What the gradient of the ADM network of 553 million parameters asks of the heap at 256×256 pixels, as recorded by
// scripts/heap/trace.ts. Nothing is computed and no memory touched, so that 4 GiB cost nothing.

/** A number of bytes; minus the number (from 1) of the request that is freed; or a place in `areas`. */
type Request = number | readonly [area: number]

const trace = JSON.parse(readFileSync(join(import.meta.dirname, 'heap-trace.json'), 'utf8')) as {
  readonly areas: readonly (readonly [name: string, bytes: number])[]
  readonly weights: readonly Request[]
  readonly gradient: readonly Request[]
}

const mebi = 2 ** 20

/** A heap, and requests of it, as the device makes them: where room is short, working areas are given up. */
function replayed(maxBytes: number) {
  const heap = new Heap({ maxBytes })
  let released = 0
  const orRelease = (request: () => number): number => {
    try {
      return request()
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error
      heap.releaseScratch()
      released++
      return request()
    }
  }
  return {
    heap,
    released: () => released,
    play(requests: readonly Request[]): void {
      const blocks: { readonly at: number; readonly bytes: number }[] = []
      for (const request of requests) {
        if (typeof request !== 'number') {
          const [name, bytes] = trace.areas[request[0]]!
          orRelease(() => heap.scratch(name, bytes))
        } else if (request < 0) {
          const { at, bytes } = blocks[-request - 1]!
          heap.free(at, bytes)
        } else {
          blocks.push({ at: orRelease(() => heap.allocate(request)), bytes: request })
        }
      }
    },
  }
}

test('again and again in 4 GiB, and in no more memory than the second took', () => {
  const { heap, play, released } = replayed(2 ** 32)
  play(trace.weights)
  const after: number[] = []
  for (let i = 0; i < 6; i++) {
    play(trace.gradient)
    after.push(released())
  }
  expect(new Set(after.slice(1)).size).toBe(1)
  // 3653; where blocks were of eight sizes a doubling, 3832.
  expect(heap.usage().peak).toBeLessThan(3700 * mebi)
})

test('and in a fifteenth more than what is in use at most: so little is lost to pieces', () => {
  const { heap, play } = replayed(3880 * mebi)
  play(trace.weights)
  for (let i = 0; i < 6; i++) play(trace.gradient)
  expect(heap.usage().reserved / heap.usage().peak).toBeLessThan(16 / 15)
})
