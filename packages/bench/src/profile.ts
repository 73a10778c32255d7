import type { Interpreter } from '@tweedie/tensor'
import { dispatchAt, pushInterpreter, removeInterpreter } from '@tweedie/tensor'
import type { BenchCase } from './cases/case.ts'
import { drawInputs } from './cases/case.ts'
import { ourDevice } from './ours.ts'

/** What one primitive takes of a case. */
export interface PrimitiveShare {
  readonly primitive: string
  readonly calls: number
  readonly ms: number
  /** Of the time of all primitives, 0 … 1. */
  readonly share: number
}

const runs = 5

/**
 * Runs a case on one of our devices, primitive by primitive: each call counts with the best of five runs, so that
 * a busy machine disturbs little. Devices that work in the background show only what it takes to hand them work.
 */
export async function profileCase(benchCase: BenchCase, device = 'wasm'): Promise<PrimitiveShare[]> {
  const engine = ourDevice(device)
  const prepared = await engine.prepare(benchCase, drawInputs(benchCase))
  if ('missing' in prepared || prepared.work.kind !== 'called') return []
  const { run } = prepared.work
  const calls: { primitive: string; ms: number }[] = []
  let at = 0
  const clock: Interpreter = {
    run(primitive, inputs, params, level) {
      const began = performance.now()
      const out = dispatchAt(level, primitive, inputs, params)
      const ms = performance.now() - began
      const known = calls[at]
      if (known === undefined) calls.push({ primitive, ms })
      else known.ms = Math.min(known.ms, ms)
      at++
      return out
    },
  }
  await run()
  pushInterpreter(clock)
  try {
    for (let i = 0; i < runs; i++) {
      at = 0
      await run()
    }
  } finally {
    removeInterpreter(clock)
    prepared.free()
  }
  const total = calls.reduce((sum, { ms }) => sum + ms, 0)
  const rows = new Map<string, { calls: number; ms: number }>()
  for (const { primitive, ms } of calls) {
    const row = rows.get(primitive) ?? { calls: 0, ms: 0 }
    rows.set(primitive, { calls: row.calls + 1, ms: row.ms + ms })
  }
  return [...rows]
    .map(([primitive, row]) => ({ primitive, ...row, share: row.ms / total }))
    .sort((a, b) => b.ms - a.ms)
}

/** The shares of a case as Markdown. */
export const profileMarkdown = (name: string, shares: readonly PrimitiveShare[]): string =>
  [
    `| ${name} | share | time | calls |`,
    '|---|---:|---:|---:|',
    ...shares.map(
      ({ primitive, calls, ms, share }) =>
        `| ${primitive} | ${(100 * share).toFixed(1)} % | ${ms.toFixed(2)} ms | ${calls} |`,
    ),
  ].join('\n')
