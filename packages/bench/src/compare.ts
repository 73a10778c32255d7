import { milliseconds } from './markdown.ts'
import type { Report } from './report.ts'
import { isMeasured } from './report.ts'

/** One case of one engine in two reports. */
export interface ComparedCase {
  readonly case: string
  readonly engine: string
  readonly beforeMs: number
  readonly afterMs: number
  /** After over before, of the medians: above 1 it became slower. */
  readonly ratio: number
  readonly regressed: boolean
}

export interface Comparison {
  readonly threshold: number
  readonly cases: readonly ComparedCase[]
  /** Why the two may not be comparable. */
  readonly warnings: readonly string[]
}

/** Sets a report against an earlier one, by case and engine. A ratio above `threshold` is a regression. */
export function compareReports(before: Report, after: Report, threshold = 1.1): Comparison {
  const key = (r: { case: string; engine: string }) => `${r.case}\n${r.engine}`
  const earlier = new Map(before.results.filter(isMeasured).map((r) => [key(r), r]))
  const cases = after.results.filter(isMeasured).flatMap((r) => {
    const former = earlier.get(key(r))
    if (former === undefined) return []
    const ratio = r.medianMs / former.medianMs
    return [
      {
        case: r.case,
        engine: r.engine,
        beforeMs: former.medianMs,
        afterMs: r.medianMs,
        ratio,
        regressed: ratio > threshold,
      },
    ]
  })
  const warnings = (['cpu', 'cores', 'platform', 'node'] as const)
    .filter((name) => before.machine[name] !== after.machine[name])
    .map((name) => `${name} differs: ${before.machine[name]} before, ${after.machine[name]} after`)
  for (const { name, detail } of after.engines) {
    const former = before.engines.find((engine) => engine.name === name)
    if (former !== undefined && former.detail !== detail)
      warnings.push(`${name} differs: ${former.detail} before, ${detail} after`)
  }
  if (cases.length === 0) warnings.push('the two reports have no case and engine in common')
  return { threshold, cases, warnings }
}

/** The comparison as Markdown. */
export function comparisonMarkdown({ cases, warnings, threshold }: Comparison): string {
  const regressed = cases.filter((c) => c.regressed).length
  return [
    '| case | engine | before | after | ratio |',
    '|---|---|---:|---:|---:|',
    ...cases.map(
      (c) =>
        `| ${c.case} | ${c.engine} | ${milliseconds(c.beforeMs)} | ${milliseconds(c.afterMs)} | ${c.ratio.toFixed(2)}${c.regressed ? ' REGRESSED' : ''} |`,
    ),
    '',
    ...warnings.map((line) => `Warning: ${line}`),
    `${regressed} of ${cases.length} above ${threshold.toFixed(2)}.`,
  ].join('\n')
}
