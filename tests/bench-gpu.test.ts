import { loadGpu } from '@tweedie/tensor/gpu'
import { loadShippedPrior } from '@tweedie/unet/node'
import { expect, test } from 'vitest'
import type { Row } from '../scripts/bench-gpu/measure.ts'
import { flopsOf, measure } from '../scripts/bench-gpu/measure.ts'
import { boundMs, cards, median, table } from '../scripts/bench-gpu/table.ts'

// npm run bench:gpu, on a backend that is everywhere.

test('counts operations of products', () => {
  const [x, w, y] = [
    [2, 8, 5, 5],
    [6, 4, 3, 3],
    [2, 6, 5, 5],
  ]
  expect(flopsOf('conv2d', [x!, w!], y!)).toBe(2 * 2 * 6 * 25 * 4 * 9)
  expect(
    flopsOf(
      'matmul',
      [
        [3, 5, 7],
        [7, 4],
      ],
      [3, 5, 4],
    ),
  ).toBe(2 * 3 * 5 * 4 * 7)
  const [q, k] = [
    [2, 10, 8],
    [2, 12, 8],
  ]
  // Scores and weighted sums of 10 × 12 pairs, eight long.
  expect(flopsOf('attention', [q!, k!, k!], q!)).toBe(2 * (2 * 2 * 10 * 12 * 8))
  expect(flopsOf('add', [[4], [4]], [4])).toBe(0)
})

test('a bound is the launches, and memory or arithmetic', () => {
  const row: Row = {
    name: 'x',
    ms: [3, 1, 2],
    firstMs: 9,
    launches: 100,
    movedBytes: 256e6,
    flops: 14.6e6,
    error: 0,
  }
  const [rtx] = cards
  expect(boundMs(row, rtx!)).toBeCloseTo(1 + 1, 9) // 100 launches of 10 µs, 256 MB at 256 GB/s
  expect(boundMs({ ...row, flops: 146e9 }, rtx!)).toBeCloseTo(1 + 10, 9)
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
})

test('measures, compares with wasm, counts launches and bytes, and tells which is which', async () => {
  const device = await loadGpu({ backend: 'cpu' })
  try {
    const digits = async (on: string) => loadShippedPrior('digits', { device: on })
    const told: Row[] = []
    const asked = { filter: 'chain', seconds: 0.01 }
    const results = await measure(device, digits, 'Node', asked, (row) => void told.push(row))
    expect(results.rows).toEqual(told)
    expect(told.map(({ name }) => name)).toEqual(['chain silu(x) · y 1M', 'chain silu(x) · y 1M + VJP'])
    const [forward, both] = told
    expect(forward?.launches).toBeGreaterThan(0)
    expect(forward?.movedBytes).toBeGreaterThanOrEqual(3 * 4 * 2 ** 20) // x, y and the result
    expect(both?.launches).toBeGreaterThan(forward?.launches ?? Infinity)
    for (const { error, ms } of told) {
      expect(error).toBeLessThan(1e-5)
      expect(ms.length).toBeGreaterThan(0)
    }
    expect(table(results)).toMatch(/Measured: cpu, Node; .*\nBounds: not measured, but counted/)
    expect(table(results)).toMatch(/\| chain silu\(x\) · y 1M \| \d+ \| \d+ \| – \|/)
  } finally {
    await device.close()
  }
})
