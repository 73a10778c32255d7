import { escapeHtml } from './html.ts'

/** A line of a chart: one value per step. */
export interface Curve {
  readonly name: string
  /** Number of the colour, the same in every chart of a report. */
  readonly color: number
  readonly values: readonly number[]
}

export interface Chart {
  readonly title: string
  readonly curves: readonly Curve[]
  readonly log?: boolean
  /** A level to compare with, and what it is. */
  readonly level?: { readonly value: number; readonly name: string }
}

const [width, height] = [430, 220]
const edge = { left: 46, right: 10, top: 12, bottom: 30 }

/** Round numbers that divide a range into a few parts. */
function ticks(low: number, high: number, log: boolean): number[] {
  if (log) {
    const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
    const decades = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i))
    const all = decades.length > 3 ? decades : decades.flatMap((d) => [d, 2 * d, 5 * d])
    return all.filter((value) => value >= low * 0.999 && value <= high * 1.001)
  }
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step)
}

const short = (value: number) =>
  value !== 0 && (Math.abs(value) < 0.01 || Math.abs(value) >= 10000)
    ? value.toExponential(0)
    : String(+value.toPrecision(3))

/**
 * A line chart as an SVG element, coloured by the page's style sheet (classes `c0`, `c1`, …). The
 * horizontal axis is the part of the run that is done, so that runs of different lengths compare.
 */
export function drawChart(chart: Chart): string {
  const log = chart.log === true
  const usable = (value: number) => Number.isFinite(value) && (!log || value > 0)
  const all = [
    ...chart.curves.flatMap((curve) => curve.values),
    ...(chart.level ? [chart.level.value] : []),
  ].filter(usable)
  if (all.length === 0) return `<p class="quiet">${escapeHtml(chart.title)}: no finite values.</p>`
  let [low, high] = [Math.min(...all), Math.max(...all)]
  const room = log ? (high / low) ** 0.05 : (high - low) * 0.05
  ;[low, high] = log
    ? [low / Math.max(room, 1.05), high * Math.max(room, 1.05)]
    : [low - (room || 1), high + (room || 1)]
  const scale = log ? Math.log10 : (value: number) => value
  const x = (part: number) => edge.left + part * (width - edge.left - edge.right)
  const y = (value: number) =>
    edge.top + ((scale(high) - scale(value)) / (scale(high) - scale(low))) * (height - edge.top - edge.bottom)
  const parts: string[] = []
  for (const value of ticks(low, high, log)) {
    const at = y(value).toFixed(1)
    parts.push(`<line class="grid" x1="${edge.left}" x2="${width - edge.right}" y1="${at}" y2="${at}"/>`)
    parts.push(`<text x="${edge.left - 6}" y="${at}" dy="0.32em" text-anchor="end">${short(value)}</text>`)
  }
  for (const part of [0, 0.5, 1]) {
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle'
    parts.push(`<text x="${x(part)}" y="${height - 14}" text-anchor="${anchor}">${part * 100} %</text>`)
  }
  parts.push(`<text class="axis" x="${x(0.5)}" y="${height - 2}" text-anchor="middle">of the run</text>`)
  if (chart.level !== undefined && usable(chart.level.value)) {
    const at = y(chart.level.value)
    parts.push(
      `<line class="level" x1="${edge.left}" x2="${width - edge.right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}"/>`,
    )
    parts.push(
      `<text class="levelname" x="${edge.left + 4}" y="${(at - 4).toFixed(1)}">${escapeHtml(chart.level.name)}</text>`,
    )
  }
  for (const { name, color, values } of chart.curves) {
    const last = Math.max(1, values.length - 1)
    const path = values
      .map((value, i) => (usable(value) ? `${x(i / last).toFixed(1)},${y(value).toFixed(1)}` : undefined))
      .filter((point) => point !== undefined)
    if (path.length === 0) continue
    parts.push(
      `<polyline class="curve c${color}" points="${path.join(' ')}"><title>${escapeHtml(name)}</title></polyline>`,
    )
  }
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(chart.title)}">${parts.join('')}</svg>`
}
