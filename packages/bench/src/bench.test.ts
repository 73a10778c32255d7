import { FileFormatError, OptionError, sizeOf } from '@tweedie/tensor'
import { architectureOf, countParams } from '@tweedie/unet'
import { describe, expect, it } from 'vitest'
import type { BenchCase } from './cases/case.ts'
import { drawInputs } from './cases/case.ts'
import { largeCases } from './cases/large.ts'
import { config256, config553 } from './cases/networks.ts'
import type { Measured, Report } from './index.ts'
import {
  compareReports,
  comparisonMarkdown,
  isMeasured,
  kernelCases,
  networkCases,
  operatorCases,
  parseReport,
  reportMarkdown,
  runBench,
  stepCases,
} from './index.ts'
import { ourDevice } from './ours.ts'
import { relativeError } from './run.ts'
import { quantile } from './timing.ts'

const small = { filter: 'conv 3×3 3→64 @64² forward', seconds: 0.01, roofline: false }

describe('cases', () => {
  it('have names of their own, and a cotangent where gradients are asked for', () => {
    const suites = [kernelCases, networkCases, operatorCases, stepCases, largeCases]
    for (const cases of suites) expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    const all = suites.flat()
    for (const { wrt, inputs, name } of all) {
      expect('dy' in inputs, name).toBe(wrt.length > 0)
      for (const input of wrt) expect(inputs, name).toHaveProperty(input)
    }
  })

  it('have a result and a gradient to compare, of the size of the image at most', async () => {
    const benchCase = networkCases.find(({ name }) => name.endsWith('@32² ×1 forward + VJP'))!
    const prepared = await ourDevice('wasm').prepare(benchCase, drawInputs(benchCase))
    if ('missing' in prepared) throw new Error(prepared.missing)
    const outputs = await prepared.outputs()
    prepared.free()
    expect(outputs.length).toBe(2)
    for (const values of outputs) {
      const rms = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)
      expect(rms).toBeGreaterThan(0.05)
      expect(rms).toBeLessThan(5)
    }
  })

  it('of operators have the shapes that these measure', async () => {
    for (const benchCase of operatorCases.filter(({ name }) => /^(sr|inpaint)/.test(name))) {
      const prepared = await ourDevice('wasm').prepare(benchCase, drawInputs(benchCase))
      if ('missing' in prepared) throw new Error(prepared.missing)
      const sizes = (await prepared.outputs()).map((values) => values.length)
      prepared.free()
      const { dy } = benchCase.inputs
      const gradient = dy === undefined ? [] : [3 * 256 ** 2]
      if (dy !== undefined) expect(sizes[0], benchCase.name).toBe(sizeOf(dy))
      expect(sizes.slice(1), benchCase.name).toEqual(gradient)
    }
  })

  it('of large networks are of 93 and 553 million parameters, with the shapes that these have', () => {
    for (const [config, count] of [
      [config256, 93_563_910],
      [config553, 552_814_086],
    ] as const) {
      expect(countParams(architectureOf(config).spec(config))).toBe(count)
      expect(config.outChannels).toBe(6)
    }
    const shapes = largeCases.map(({ inputs: { x, dy } }) => [x, dy])
    expect(shapes).toContainEqual([[1, 3, 128, 128], undefined])
    expect(shapes).toContainEqual([
      [1, 3, 256, 256],
      [1, 6, 256, 256],
    ])
  })

  it('measure the most memory that a case takes: of inputs, results and what lies between', async () => {
    const device = ourDevice('reference')
    const c: BenchCase = {
      name: 'm',
      op: { kind: 'chain', name: 'x·y + x' },
      wrt: [],
      inputs: { x: [1000], y: [1000] },
      cost: null,
    }
    const prepared = await device.prepare(c, drawInputs(c))
    if ('missing' in prepared) throw new Error(prepared.missing)
    await prepared.outputs()
    // x, y, x·y and the sum.
    expect(await prepared.peakBytes?.()).toBe(16_000)
    prepared.free()
  })

  it('of a step are a network of 93.6 million parameters and operators beside it', async () => {
    expect(countParams(architectureOf(config256).spec(config256))).toBe(93_563_910)
    const report = await runBench('step', { filter: 'sr:4 @256² DDRM step', seconds: 0.01 })
    expect(report.results.filter(isMeasured).length).toBe(1)
    // What it makes is finite, and as large as what it is made of.
    const benchCase = stepCases.find(({ name }) => name === 'sr:4,filter=bicubic @256² DDRM step')!
    const prepared = await ourDevice('wasm').prepare(benchCase, drawInputs(benchCase))
    if ('missing' in prepared) throw new Error(prepared.missing)
    const [next, residual] = await prepared.outputs()
    prepared.free()
    expect([next?.length, residual?.length]).toEqual([3 * 256 ** 2, 1])
    const rms = Math.sqrt(next!.reduce((sum, v) => sum + v * v, 0) / next!.length)
    expect(rms).toBeGreaterThan(0.1)
    expect(rms).toBeLessThan(100)
  })

  it('count a convolution as 2·N·Cout·H·W·Cin·k² operations', () => {
    const strided = kernelCases.find(({ name }) => name.includes('stride 2 forward'))
    expect(strided!.cost).toEqual({ flops: 2 * 128 * 32 * 32 * 128 * 9 })
  })
})

describe('runBench', () => {
  it('measures every engine of a run, keeps all samples, and survives its own file format', async () => {
    const report = await runBench('kernels', { ...small, peers: ['tfjs-wasm'] })
    const ours = report.results.find((r) => r.engine === 'wasm') as Measured
    expect(ours.samplesMs.length).toBeGreaterThanOrEqual(5)
    expect(ours.lowerQuartileMs).toBeLessThanOrEqual(ours.medianMs)
    expect(ours.medianMs).toBe(quantile(ours.samplesMs, 0.5))
    expect(ours.relativeError).toBeNull()
    expect(report.engines.length + report.absent.length).toBe(2)
    for (const r of report.results.filter(isMeasured).slice(1)) expect(r.relativeError).toBeLessThan(1e-5)
    expect(parseReport(JSON.stringify(report), 'x.json')).toEqual(report)
    expect(reportMarkdown(report)).toContain(`| ${small.filter} | `)
  })

  it('measures first what bounds our device, on as many threads as it has', async () => {
    const few = { workingSets: [2 ** 16], milliseconds: 1, runs: 2 }
    const report = await runBench('kernels', { ...small, filter: 'add of', roofline: few })
    const { threads } = report.engines.find(({ name }) => name === 'wasm')!
    expect(report.roofline!.peak.map((peak) => peak.threads)).toEqual([...new Set([1, threads])])
    expect(parseReport(JSON.stringify(report), 'x.json')).toEqual(report)
    expect(reportMarkdown(report)).toMatch(/\| 64 KiB, read · copy \| [\d.]+ · [\d.]+ GB\/s/)
  })

  it('returns what it has when it is stopped', async () => {
    const report = await runBench('kernels', { signal: AbortSignal.abort() })
    expect(report.interrupted).toBe(true)
    expect(report.results).toEqual([])
    expect(report.roofline).toBeNull()
    expect(reportMarkdown(report)).toMatch(/stopped before its end/)
  })

  it('names the cases where none fits', async () => {
    await expect(runBench('unet', { filter: 'bogus' })).rejects.toThrow(OptionError)
  })

  it('runs a network forward, with VJP', async () => {
    const report = await runBench('unet', { filter: 'digits prior @28² ×1 ', seconds: 0.01 })
    expect(report.results.filter(isMeasured).map((r) => r.case)).toEqual([
      'digits prior @28² ×1 forward',
      'digits prior @28² ×1 forward + VJP',
    ])
    expect(report.roofline).toBeNull()
  })
})

describe('relativeError', () => {
  it('is relative to the greatest magnitude, and infinite for another size or NaN', () => {
    const f = (...values: number[]) => [Float32Array.from(values)]
    expect(relativeError(f(1, -9), f(1, -10))).toBeCloseTo(0.1, 6)
    expect(relativeError(f(1), f(1, 2))).toBe(Infinity)
    expect(relativeError(f(Number.NaN), f(1))).toBe(Infinity)
  })
})

describe('reportMarkdown', () => {
  const at = {
    samplesMs: [2],
    calls: 1,
    lowerQuartileMs: 2,
    upperQuartileMs: 2,
    minMs: 2,
    relativeError: null,
  }
  const result = (name: string, engine: string, cost: Measured['cost'], medianMs = 2) => ({
    ...at,
    case: name,
    engine,
    cost,
    medianMs,
  })
  const whole: Report = {
    format: 'tweedie bench 1',
    suite: 'kernels',
    command: 'tweedie bench kernels',
    date: '',
    interrupted: false,
    clock: 'wall',
    machine: { cpu: 'c', cores: 2, memoryGiB: 1, platform: 'p', node: '24', v8: '1' },
    engines: [
      { name: 'wasm', detail: 'd', threads: 2 },
      { name: 'peer', detail: 'e', threads: 1 },
    ],
    absent: [],
    roofline: {
      fused: true,
      peak: [
        { threads: 1, gflops: 50, tile: '6×8' },
        { threads: 2, gflops: 100, tile: '4×8' },
      ],
      bandwidth: [
        { threads: 1, bytes: 2 ** 18, read: 80, copy: 70 },
        { threads: 1, bytes: 2 ** 22, read: 20, copy: 10 },
        { threads: 2, bytes: 2 ** 18, read: 160, copy: 140 },
        { threads: 2, bytes: 2 ** 22, read: 50, copy: 40 },
      ],
    },
    results: [
      result('product', 'wasm', { flops: 180e6 }),
      result('product', 'peer', { flops: 180e6 }),
      result('winograd', 'wasm', { flops: 300e6 }),
      result('chain', 'wasm', { bytes: 40e6 }),
      result('add', 'wasm', null, 0.00256),
    ],
  }
  const text = reportMarkdown(whole)

  it('tells shares of what bounds our device on its threads, at the working set of the case', () => {
    expect(text).toContain('| product | 90.0 GFLOP/s, 90 % · 2.00 ms ±0 % | 90.0 GFLOP/s · 2.00 ms ±0 % |')
    expect(text).toContain('| winograd | 150.0 GFLOP/s effective, 150 % · 2.00 ms')
    expect(text).toContain('| chain | 20.0 GB/s, 50 % · 2.00 ms')
    expect(text).toContain('| add | 0.0026 ms')
  })

  it('tells what an operator takes of the network beside it, engine by engine', () => {
    const [network, operator] = [stepCases[0]!.name, stepCases[1]!.name]
    const results = [
      result(network, 'wasm', null, 4000),
      result(network, 'peer', null, 800),
      result(operator, 'wasm', null, 10),
      result(operator, 'peer', null, 4),
    ]
    const told = reportMarkdown({ ...whole, suite: 'step', results })
    expect(told).toContain(`- wasm: ${operator} takes 0.25 % of the network.`)
    expect(told).toContain(`- peer: ${operator} takes 0.50 % of the network.`)
    expect(told.match(/of the network/g)).toHaveLength(2)
    expect(text).not.toContain('of the network')
  })

  it('tells time and memory of large networks as multiples of each peer', () => {
    const large = (name: string, engine: string, ms: number, peakBytes?: number) => ({
      ...result(name, engine, null, ms),
      ...(peakBytes !== undefined && { peakBytes }),
    })
    const results = [
      large('a', 'wasm', 300, 2 ** 30),
      large('a', 'peer', 200, 2 ** 31),
      large('b', 'wasm', 10),
      large('b', 'peer', 20),
      large('c', 'wasm', 10, 2 ** 34),
    ]
    const told = reportMarkdown({ ...whole, suite: 'large', results })
    expect(told).toContain('| a | 300 ms ±0 % · 1024 MiB | 200 ms ±0 % · 2048 MiB |')
    expect(told).toContain('| c | 10.00 ms ±0 % · 16.0 GiB | – |')
    expect(told).toContain(
      '| wasm over | peer | time | memory |\n|---|---|---:|---:|\n| a | peer | 1.50 | 0.50 |\n| b | peer | 0.50 | – |',
    )
    expect(told).not.toContain('| c | peer')
    expect(text).not.toContain('wasm over')
    expect(parseReport(JSON.stringify({ ...whole, suite: 'large', results }), 'r').results).toEqual(results)
  })

  it('shows the roofline, a column for each number of threads', () => {
    const lines = [
      '| roofline | 1 thread | 2 threads |',
      '|---|---:|---:|',
      '| peak, fused multiply-add | 50.0 GFLOP/s (6×8) | 100.0 GFLOP/s (4×8) |',
      '| 256 KiB, read · copy | 80.0 · 70.0 GB/s | 160.0 · 140.0 GB/s |',
      '| 4 MiB, read · copy | 20.0 · 10.0 GB/s | 50.0 · 40.0 GB/s |',
    ]
    expect(text).toContain(lines.join('\n'))
  })
})

describe('compareReports', () => {
  const report = (medianMs: number, node = '24'): Report => ({
    format: 'tweedie bench 1',
    suite: 'kernels',
    command: 'tweedie bench kernels',
    date: '',
    interrupted: false,
    clock: 'wall',
    machine: { cpu: 'c', cores: 2, memoryGiB: 1, platform: 'p', node, v8: '1' },
    engines: [],
    absent: [],
    roofline: null,
    results: [
      {
        case: 'x',
        engine: 'wasm',
        cost: null,
        samplesMs: [medianMs],
        calls: 1,
        medianMs,
        lowerQuartileMs: medianMs,
        upperQuartileMs: medianMs,
        minMs: medianMs,
        relativeError: null,
      },
    ],
  })

  it('flags what became slower than the threshold, and only that', () => {
    expect(compareReports(report(10), report(10.9)).cases[0]!.regressed).toBe(false)
    const slower = compareReports(report(10), report(11.5))
    expect(slower.cases[0]).toMatchObject({ ratio: 1.15, regressed: true })
    expect(comparisonMarkdown(slower)).toContain('1.15 REGRESSED')
    expect(compareReports(report(10), report(11.5), 1.2).cases[0]!.regressed).toBe(false)
  })

  it('warns where the machine differs', () => {
    expect(compareReports(report(1), report(1, '20')).warnings).toEqual(['node differs: 24 before, 20 after'])
  })

  it('refuses a file of another shape', () => {
    expect(() => parseReport('{"format":"other"}', 'a.json')).toThrow(FileFormatError)
    expect(() => parseReport('no json', 'a.json')).toThrow(/is not JSON/)
    const endless = JSON.stringify(report(1)).replace(/"cores":\d+/, '"cores":1e999')
    expect(() => parseReport(endless, 'a.json')).toThrow('(machine.cores: ')
    const empty = JSON.stringify({ ...report(1), results: [{}] })
    expect(() => parseReport(empty, 'a.json')).toThrow(/results\.0: holds neither times nor/)
    expect(() => parseReport('null', 'a.json')).toThrow('(the whole: ')
  })
})
