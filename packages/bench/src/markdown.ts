import { stepNetwork } from './cases/steps.ts'
import type { Measured, Report, Roofline } from './report.ts'
import { isMeasured } from './report.ts'
import { bandwidthAt } from './roofline.ts'

/** The device that the roofline is of: other engines have other instructions. */
const bounded = 'wasm'

/** A time with two or three digits, down to fractions of a microsecond. */
export const milliseconds = (ms: number): string =>
  `${ms < 1 ? ms.toPrecision(2) : ms.toFixed(ms < 100 ? 2 : 0)} ms`

/** GFLOP/s, GB/s or nothing, and the share of what the machine does at best where that was measured. */
function rate({ cost, medianMs, engine }: Measured, { roofline, engines }: Report): string {
  if (cost === null) return ''
  const threads = engines.find(({ name }) => name === engine)?.threads ?? 1
  const bounds = engine === bounded ? roofline : null
  const share = (bound: number | undefined, value: number) =>
    bound === undefined ? '' : `, ${Math.round((100 * value) / bound)} %`
  if ('bytes' in cost) {
    const gb = cost.bytes / medianMs / 1e6
    return `${gb.toFixed(1)} GB/s${share(bounds ? bandwidthAt(bounds, cost.bytes, threads).copy : undefined, gb)} · `
  }
  const gflops = cost.flops / medianMs / 1e6
  const peak = bounds?.peak.find((entry) => entry.threads === threads)?.gflops
  const effective = peak !== undefined && gflops > peak ? ' effective' : ''
  return `${gflops.toFixed(1)} GFLOP/s${effective}${share(peak, gflops)} · `
}

/** What each operator takes over the network that it stands beside, where both were measured. */
function networkShares({ results }: Report): string[] {
  const measured = results.filter(isMeasured)
  const networks = measured.filter((r) => r.case === stepNetwork.name)
  return networks.flatMap(({ engine, medianMs }) =>
    measured
      .filter((r) => r.engine === engine && r.case !== stepNetwork.name)
      .map(
        (r) =>
          `- ${engine}: ${r.case} takes ${((100 * r.medianMs) / medianMs).toPrecision(2)} % of the network.`,
      ),
  )
}

/** A size to the nearest MiB or, from ten thousand on, to a tenth of a GiB. */
const memoryText = (bytes: number): string =>
  bytes < 1e4 * 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** Each engine's time and memory as multiples of the first one's of the others, where both were measured. */
function ratioTable({ results, engines }: Report): string[] {
  const [own, ...peers] = engines.map(({ name }) => name)
  const measured = results.filter(isMeasured)
  const at = (name: string, engine: string | undefined) =>
    measured.find((r) => r.case === name && r.engine === engine)
  const rows = peers.flatMap((peer) =>
    [...new Set(measured.map((r) => r.case))].flatMap((name) => {
      const [ours, theirs] = [at(name, own), at(name, peer)]
      if (ours === undefined || theirs === undefined) return []
      const memory =
        ours.peakBytes === undefined || theirs.peakBytes === undefined
          ? '–'
          : (ours.peakBytes / theirs.peakBytes).toFixed(2)
      return [`| ${name} | ${peer} | ${(ours.medianMs / theirs.medianMs).toFixed(2)} | ${memory} |`]
    }),
  )
  return rows.length === 0
    ? []
    : [`| ${own} over | peer | time | memory |`, '|---|---|---:|---:|', ...rows, '']
}

/** A size in the greatest binary unit that leaves at least 1. */
const size = (bytes: number): string =>
  bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`

/** The bounds as a table: a column per number of threads. */
function rooflineTable({ fused, peak, bandwidth }: Roofline): string[] {
  const sets = [...new Set(bandwidth.map(({ bytes }) => bytes))]
  const at = (bytes: number) =>
    peak.map(({ threads }) => {
      const { read, copy } = bandwidth.find((b) => b.bytes === bytes && b.threads === threads)!
      return `${read.toFixed(1)} · ${copy.toFixed(1)} GB/s`
    })
  return [
    `| roofline | ${peak.map(({ threads }) => `${threads} thread${threads > 1 ? 's' : ''}`).join(' | ')} |`,
    `|---|${peak.map(() => '---:').join('|')}|`,
    `| peak${fused ? ', fused multiply-add' : ''} | ${peak.map(({ gflops, tile }) => `${gflops.toFixed(1)} GFLOP/s (${tile})`).join(' | ')} |`,
    ...sets.map((bytes) => `| ${size(bytes)}, read · copy | ${at(bytes).join(' | ')} |`),
    '',
    `Shares of ${bounded} are of the peak, or of the copy at the working set nearest to what must move, with its`,
    'threads; above the peak, rates are effective: fewer operations are done than are counted (Winograd).',
    '',
  ]
}

/** The report as Markdown: a row per case, and what was not measured with the reasons. */
export function reportMarkdown(report: Report): string {
  const { command, machine: m, engines, results, absent, interrupted, roofline } = report
  const names = engines.map(({ name }) => name)
  const cell = (caseName: string, engine: string): string => {
    const found = results.find((r) => r.case === caseName && r.engine === engine)
    if (found === undefined || !isMeasured(found)) return '–'
    const spread = (50 * (found.upperQuartileMs - found.lowerQuartileMs)) / found.medianMs
    const held = found.peakBytes === undefined ? '' : ` · ${memoryText(found.peakBytes)}`
    return `${rate(found, report)}${milliseconds(found.medianMs)} ±${spread.toFixed(0)} %${report.suite === 'large' ? held : ''}`
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
    ...(report.clock === 'cpu'
      ? ['- All times are of the processor, of all threads of an engine together.']
      : []),
    ...engines.map(({ name, detail }) => `- ${name}: ${detail}`),
    ...absent.map((line) => `- ${line}`),
    ...[...reasons].map(([line, cases]) => `- ${line} (${cases.join('; ')})`),
    ...networkShares(report),
    ...(worst > 0 ? [`- Results agree to ${worst.toExponential(1)}, relative, at worst.`] : []),
    '',
    ...(report.suite === 'large' ? ratioTable(report) : []),
    ...(roofline ? rooflineTable(roofline) : []),
    `Command: ${command}${interrupted ? ' (stopped before its end)' : ''}`,
  ].join('\n')
}
