import { describe, expect, it } from 'vitest'
import { kernelCases } from './cases.ts'
import { benchKernels, kernelTable } from './kernels.ts'

describe('tweedie bench kernels', () => {
  it('covers products and convolutions with both gradients, at three sizes each', () => {
    const count = (kind: string) => kernelCases.filter(({ work }) => work.kind === kind).length
    expect(['matmul', 'conv forward', 'conv input gradient', 'conv weight gradient'].map(count)).toEqual([
      3, 3, 3, 3,
    ])
  })

  it('measures our device and the peer in one run, and says where the peer has no kernel', async () => {
    const report = await benchKernels({ peers: true, filter: '32→32', seconds: 0.02 })
    const found = (engine: string) => report.results.filter((r) => r.engine === engine)
    expect(found('wasm').every((r) => r.gflops! > 0.1 && r.samples! >= 5)).toBe(true)
    expect(found('wasm').length).toBe(3)
    expect(found('tfjs-wasm').map((r) => r.missing !== undefined)).toEqual([false, false, true])
    expect(report.machine.cores).toBeGreaterThan(0)
    expect(kernelTable(report).split('\n').length).toBe(8)
  })

  it('stops when told to', async () => {
    await expect(benchKernels({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })
})
