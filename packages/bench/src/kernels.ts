import { availableDevices, getDevice } from '@tweedie/tensor'
import type { KernelCase, Prepared } from './cases.ts'
import { kernelCases, prepare } from './cases.ts'
import type { Machine } from './machine.ts'
import { machine } from './machine.ts'
import type { Peer } from './peers.ts'
import { tfjsWasm } from './peers.ts'
import type { Timing } from './suite.ts'
import { timeAll } from './suite.ts'

export interface KernelBenchOptions {
  /** Also time tfjs-backend-wasm, in the same run. */
  peers?: boolean
  /** Our devices to time; all but the reference where left out (its plain loops take minutes). */
  devices?: readonly string[]
  /** Only cases whose name contains this. */
  filter?: string
  /** Least time per case and engine. */
  seconds?: number
  onProgress?: (done: number, total: number, name: string) => void
  signal?: AbortSignal
}

/** One case on one engine: its times, or why there are none. */
export interface KernelResult extends Partial<Timing> {
  readonly case: string
  readonly engine: string
  readonly gflops?: number
  readonly missing?: string
}

export interface KernelReport {
  readonly command: string
  readonly date: string
  readonly machine: Machine
  readonly engines: readonly { readonly name: string; readonly detail: string }[]
  readonly results: readonly KernelResult[]
}

interface Engine {
  readonly name: string
  readonly detail: string
  prepare(kernelCase: KernelCase): Prepared | { readonly missing: string }
}

function ours(name: string): Engine {
  const { backend, threads, simd } = getDevice(name).info()
  return {
    name,
    detail: `${backend}, ${threads} thread${threads > 1 ? 's' : ''}${simd ? ', SIMD' : ''}`,
    prepare: (kernelCase) => prepare(kernelCase, name),
  }
}

const asEngine = ({ name, version, prepare: make }: Peer): Engine => ({
  name,
  detail: version,
  prepare: make,
})

/** Times every kernel case on every device present, and on the peers where asked for. */
export async function benchKernels(
  options: KernelBenchOptions = {},
  command = 'tweedie bench kernels',
): Promise<KernelReport> {
  const {
    devices = availableDevices().filter((name) => name !== 'reference'),
    filter = '',
    seconds = 0.5,
  } = options
  const engines = [...devices.map(ours), ...(options.peers ? [asEngine(await tfjsWasm())] : [])]
  const cases = kernelCases.filter(({ name }) => name.includes(filter))
  const results: KernelResult[] = []
  for (const [i, kernelCase] of cases.entries()) {
    options.signal?.throwIfAborted()
    options.onProgress?.(i, cases.length, kernelCase.name)
    const ready: { engine: string; prepared: Prepared }[] = []
    const missing: KernelResult[] = []
    for (const engine of engines) {
      const prepared = engine.prepare(kernelCase)
      if ('missing' in prepared)
        missing.push({ case: kernelCase.name, engine: engine.name, missing: prepared.missing })
      else ready.push({ engine: engine.name, prepared })
    }
    try {
      const timings = await timeAll(kernelCase.name, ready, seconds)
      for (const [engine, timing] of timings) {
        const gflops = kernelCase.flops / timing.medianMs / 1e6
        results.push({ case: kernelCase.name, engine, gflops, ...timing })
      }
    } finally {
      for (const { prepared } of ready) prepared.free()
    }
    results.push(...missing)
  }
  options.onProgress?.(cases.length, cases.length, '')
  return {
    command,
    date: new Date().toISOString(),
    machine: machine(),
    engines: engines.map(({ name, detail }) => ({ name, detail })),
    results,
  }
}

/** The report as a Markdown table: one row per case, GFLOP/s and median milliseconds per engine. */
export function kernelTable({ command, machine: m, engines, results }: KernelReport): string {
  const names = engines.map(({ name }) => name)
  const rows = [...new Set(results.map((r) => r.case))].map((name) => {
    const cells = names.map((engine) => {
      const found = results.find((r) => r.case === name && r.engine === engine)
      if (found?.gflops === undefined) return '–'
      return `${found.gflops.toFixed(1)} (${found.medianMs!.toFixed(2)} ms)`
    })
    return `| ${[name, ...cells].join(' | ')} |`
  })
  return [
    `| GFLOP/s (median time) | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---:').join('|')}|`,
    ...rows,
    '',
    `${m.cpu}, ${m.cores} cores, ${m.platform}, Node ${m.node}; ${engines.map((e) => `${e.name}: ${e.detail}`).join('; ')}`,
    `Command: ${command}`,
  ].join('\n')
}
