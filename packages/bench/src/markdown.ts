import type { Measured, Report } from './report.ts'
import { isMeasured } from './report.ts'

const milliseconds = (ms: number): string => `${ms < 1 ? ms.toPrecision(2) : ms.toFixed(ms < 100 ? 2 : 0)} ms`

/** GFLOP/s, GB/s or nothing, and the share of what this machine can do where that was measured. */
function rate({ cost, medianMs, engine }: Measured, { roofline, engines }: Report): string {
  if (cost === null) return ''
  if ('bytes' in cost) {
    const gb = cost.bytes / medianMs / 1e6
    const fitting = roofline?.bandwidth.find(({ bytes }) => bytes >= cost.bytes) ?? roofline?.bandwidth.at(-1)
    return `${gb.toFixed(1)} GB/s${fitting ? `, ${Math.round((100 * gb) / fitting.gbPerSecond)} %` : ''} · `
  }
  const gflops = cost.flops / medianMs / 1e6
  const threads = engines.find(({ name }) => name === engine)?.threads ?? 1
  const share = roofline && `, ${Math.round((100 * gflops) / (threads * roofline.gflopsPerThread))} %`
  return `${gflops.toFixed(1)} GFLOP/s${share ?? ''} · `
}

/** The report as Markdown: a row per case, and what was not measured with the reasons. */
export function reportMarkdown(report: Report): string {
  const { command, machine: m, engines, results, absent, interrupted, roofline } = report
  const names = engines.map(({ name }) => name)
  const cell = (caseName: string, engine: string): string => {
    const found = results.find((r) => r.case === caseName && r.engine === engine)
    if (found === undefined || !isMeasured(found)) return '–'
    const spread = (50 * (found.upperQuartileMs - found.lowerQuartileMs)) / found.medianMs
    return `${rate(found, report)}${milliseconds(found.medianMs)} ±${spread.toFixed(0)} %`
  }
  const reasons = new Map<string, string[]>()
  for (const result of results) {
    if (isMeasured(result)) continue
    const line = `${result.engine}: ${result.missing}`
    reasons.set(line, [...(reasons.get(line) ?? []), result.case])
  }
  const measured = results.filter(isMeasured)
  const worst = Math.max(0, ...measured.map(({ relativeError }) => relativeError ?? 0))
  return [
    `| median, ± half the quartile range | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---:').join('|')}|`,
    ...[...new Set(results.map((r) => r.case))].map(
      (name) => `| ${[name, ...names.map((engine) => cell(name, engine))].join(' | ')} |`,
    ),
    '',
    `${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.platform}, Node ${m.node} (V8 ${m.v8}).`,
    ...engines.map(({ name, detail }) => `- ${name}: ${detail}`),
    ...absent.map((line) => `- ${line}`),
    ...[...reasons].map(([line, cases]) => `- ${line} (${cases.join('; ')})`),
    ...(worst > 0 ? [`- Results agree to ${worst.toExponential(1)}, relative, at worst.`] : []),
    ...(roofline
      ? [
          `- Roofline: ${roofline.gflopsPerThread.toFixed(1)} GFLOP/s per thread; ${roofline.bandwidth
            .map(({ bytes, gbPerSecond }) => `${gbPerSecond.toFixed(1)} GB/s on ${bytes / 2 ** 20} MiB`)
            .join(', ')}. Percentages are shares of it.`,
        ]
      : []),
    '',
    `Command: ${command}${interrupted ? ' (stopped before its end)' : ''}`,
  ].join('\n')
}
