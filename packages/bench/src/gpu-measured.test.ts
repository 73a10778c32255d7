import { expect, test } from 'vitest'
import { measuredTable } from './gpu-measured.ts'

const summary = (median: number, runs = 10) => ({ median, low: median / 2, high: 2 * median, runs })
const row = { firstMs: 100, launches: 128, flops: 5e9, error: 2.1e-6 }
const peer = (ms: number) => ({
  ...{ format: 'tweedie bench gpu peer 1', host: 'PyTorch 2.11.0, eager', device: 'NVIDIA H100' },
  rows: [{ name: 'net', firstMs: 9, ms: summary(ms), tf32Ms: summary(0.25) }],
})
const results = {
  ...{ format: 'tweedie bench gpu 2', date: '2026-11-27T12:00:00Z', host: 'Node 24', backend: 'webgpu' },
  ...{ adapter: 'NVIDIA H100, a graphics processor', notes: ['renderer: nvidia'] },
  rows: [
    { ...row, name: 'net', ms: summary(2.5) },
    { ...row, name: 'net, recorded', ms: summary(1, 7), executor: 'fused-webgpu' },
    { ...row, name: 'chain', ms: summary(120), flops: 0 },
  ],
  peers: [peer(0.4), peer(0.6)],
}

test('medians, rates and ratios to the mean of PyTorch before and after, recorded or not', () => {
  expect(measuredTable(JSON.stringify(results))).toBe(
    [
      '2026-11-27: NVIDIA H100, a graphics processor; webgpu, Node 24; beside it PyTorch 2.11.0, eager, on NVIDIA H100. Medians of 7 runs or more, each',
      'waited for; results were those of `wasm` to 2e-6 relative.',
      '',
      '|  | launches | ms | GFLOP/s | PyTorch eager, ms | ratio | PyTorch eager with TF32, ms |',
      '|---|--:|--:|--:|--:|--:|--:|',
      '| net | 128 | 2.5 | 2000 | 0.50 | 5.0 | 0.25 |',
      '| net, recorded | 128 | 1.0 | 5000 | 0.50 | 2.0 | 0.25 |',
      '| chain | 128 | 120 | – | – | – | – |',
    ].join('\n'),
  )
})

test('without an adapter the renderer is named; without peers none is', () => {
  const { adapter: _, peers: __, ...rest } = results
  const table = measuredTable(JSON.stringify(rest))
  expect(table).toMatch(/^2026-11-27: nvidia; webgpu, Node 24\. Medians/)
  expect(table).toContain('| net | 128 | 2.5 | 2000 | – | – | – |')
})

test('without a file there is no table, and another file is refused', () => {
  expect(measuredTable(undefined)).toBe('No card has been measured.')
  expect(() => measuredTable(JSON.stringify({ ...results, format: 'tweedie bench gpu 1' }))).toThrow(
    /format|Invalid/,
  )
})
