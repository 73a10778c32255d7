// Plots for the documentation, as SVG: points or lines in panels, on linear or logarithmic axes.

/** Points of one thing, joined by a line where they are a curve. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly line?: boolean
  /** A reference is grey. */
  readonly quiet?: boolean
  /** Whether it is told by name where its panel has labels; true where left out. */
  readonly named?: boolean
}

/** One panel. */
export interface Panel {
  readonly title: string
  readonly series: readonly Series[]
  readonly xLabel: string
  readonly yLabel: string
  readonly log?: { readonly x?: boolean; readonly y?: boolean }
  /** A level to compare with. */
  readonly level?: { readonly value: number; readonly name: string }
  /** Whether each series is told by its name beside its last point. */
  readonly labels?: boolean
}

const [width, height] = [440, 300]
const edge = { left: 52, right: 96, top: 26, bottom: 38 }
const colors = [
  '#3565a8',
  '#c8553d',
  '#3b8a5a',
  '#8a5aa8',
  '#a8843b',
  '#3b9aa8',
  '#a83b6f',
  '#6f7a3b',
  '#555577',
  '#b06f3b',
]

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

interface Axis {
  at(value: number): number
  readonly ticks: readonly number[]
}

/** An axis over values, from one end of the paper to the other. */
function axis(values: readonly number[], log: boolean, from: number, to: number): Axis {
  const of = log ? Math.log10 : (value: number) => value
  const [least, most] = [Math.min(...values.map(of)), Math.max(...values.map(of))]
  const room = Math.max((most - least) * 0.06, log ? 0.05 : 1e-9)
  const [low, high] = [least - room, most + room]
  const step = log ? 1 : 10 ** Math.floor(Math.log10((high - low) / 2))
  const count = Math.floor(high / step) - Math.ceil(low / step) + 1
  const whole = Array.from({ length: count }, (_, i) => (Math.ceil(low / step) + i) * step)
  const every = Math.ceil(whole.length / 6)
  const decades = Array.from(
    { length: log ? Math.floor(high) - Math.floor(low) + 1 : 0 },
    (_, i) => Math.floor(low) + i,
  )
  const fine = decades
    .flatMap((k) => [1, 2, 5].map((m) => m * 10 ** k))
    .filter((v) => of(v) >= low && of(v) <= high)
  const ticks = log ? (count > 3 ? whole.map((k) => 10 ** k) : fine) : whole.filter((_, i) => i % every === 0)
  return { at: (value) => from + ((of(value) - low) / (high - low)) * (to - from), ticks }
}

const label = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(0)
    : String(Number(value.toPrecision(3)))

/** Heights of labels so that none lies on another. */
function apart(heights: readonly number[], gap = 11): number[] {
  const order = heights.map((_, i) => i).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))
  const out = [...heights]
  order.forEach((i, k) => {
    const above = order[k - 1]
    if (above !== undefined) out[i] = Math.max(out[i] ?? 0, (out[above] ?? 0) + gap)
  })
  return out
}

/** One panel, with its corner at (left, top). */
function panelSvg(panel: Panel, left: number, top: number): string {
  const { log = {}, level } = panel
  const usable = ([x, y]: readonly [number, number]) =>
    Number.isFinite(x) && Number.isFinite(y) && (!log.x || x > 0) && (!log.y || y > 0)
  const series = panel.series
    .map((one, i) => ({
      ...one,
      color: one.quiet ? '#999999' : colors[i % colors.length],
      points: one.points.filter(usable),
    }))
    .filter(({ points }) => points.length > 0)
  const all = series.flatMap(({ points }) => points)
  if (all.length === 0) return ''
  const x = axis(
    all.map(([v]) => v),
    log.x === true,
    edge.left,
    width - edge.right,
  )
  const y = axis(
    [...all.map(([, v]) => v), ...(level ? [level.value] : [])],
    log.y === true,
    height - edge.bottom,
    edge.top,
  )
  const parts: string[] = [
    `<text x="${edge.left}" y="14" font-weight="600">${escaped(panel.title)}</text>`,
    ...y.ticks.flatMap((v) => [
      `<line x1="${edge.left}" x2="${width - edge.right}" y1="${y.at(v).toFixed(1)}" y2="${y.at(v).toFixed(1)}" stroke="#dddddd"/>`,
      `<text x="${edge.left - 5}" y="${y.at(v).toFixed(1)}" dy="0.32em" text-anchor="end">${label(v)}</text>`,
    ]),
    ...x.ticks.map(
      (v) =>
        `<text x="${x.at(v).toFixed(1)}" y="${height - edge.bottom + 14}" text-anchor="middle">${label(v)}</text>`,
    ),
    `<text x="${(edge.left + width - edge.right) / 2}" y="${height - 8}" text-anchor="middle">${escaped(panel.xLabel)}</text>`,
    `<text transform="translate(11 ${(edge.top + height - edge.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(panel.yLabel)}</text>`,
  ]
  if (level !== undefined && Number.isFinite(level.value)) {
    const at = y.at(level.value).toFixed(1)
    parts.push(
      `<line x1="${edge.left}" x2="${width - edge.right}" y1="${at}" y2="${at}" stroke="#999999" stroke-dasharray="4 3"/>`,
      `<text x="${width - edge.right + 4}" y="${at}" dy="0.32em" fill="#777777">${escaped(level.name)}</text>`,
    )
  }
  for (const { points, color, line } of series) {
    const at = points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`)
    if (line === true)
      parts.push(`<polyline points="${at.join(' ')}" fill="none" stroke="${color}" stroke-width="1.6"/>`)
    else
      parts.push(
        ...at.map((p) => `<circle cx="${p.split(',')[0]}" cy="${p.split(',')[1]}" r="3" fill="${color}"/>`),
      )
  }
  if (panel.labels === true) {
    const named = series.filter(({ named = true }) => named)
    const lasts = named.map(({ points }) => points.at(-1) ?? ([0, 0] as const))
    const heights = apart(lasts.map(([, v]) => y.at(v)))
    named.forEach(({ name, color, line }, i) => {
      const px = line === true ? width - edge.right + 4 : x.at(lasts[i]?.[0] ?? 0) + 6
      parts.push(
        `<text x="${px.toFixed(1)}" y="${(heights[i] ?? 0).toFixed(1)}" dy="0.32em" fill="${color}">${escaped(name)}</text>`,
      )
    })
  }
  return `<g transform="translate(${left} ${top})">${parts.join('')}</g>`
}

/** Panels side by side, `columns` of them in a row; `title` is what is read out in place of them. */
export function plotSvg(title: string, panels: readonly Panel[], columns = 2): string {
  const rows = Math.ceil(panels.length / columns)
  const [w, h] = [width * Math.min(columns, panels.length), height * rows]
  const drawn = panels.map((panel, i) =>
    panelSvg(panel, width * (i % columns), height * Math.floor(i / columns)),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="system-ui, sans-serif" font-size="10" fill="#333333"><title>${escaped(title)}</title><rect width="${w}" height="${h}" fill="#ffffff"/>${drawn.join('')}</svg>\n`
}

/** A row of {@link intervalsSvg}: a mean with its interval, and the median. */
export interface Interval {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly median: number
  readonly quiet?: boolean
}

/** What is so many times the median of all is told as a number at the edge, off the axis. */
const farAway = 1e6

/** Means with their intervals, one row below the other, on a logarithmic axis where all are above 0. */
function intervalsPanel(title: string, xLabel: string, rows: readonly Interval[], left: number): string {
  const [pitch, names, top] = [15, 200, 26]
  const finite = rows.filter(({ value }) => Number.isFinite(value))
  const sizes = finite.map(({ value }) => Math.abs(value)).sort((a, b) => a - b)
  const isFar = (v: number) => Math.abs(v) > farAway * (sizes[sizes.length >> 1] ?? 0)
  const ends = finite.flatMap(({ value, low, high, median }) =>
    [value, median, low, high].filter((v) => Number.isFinite(v) && !isFar(v)),
  )
  const log = finite.every(({ value, median }) => value > 0 && median > 0)
  const seen = log ? ends.filter((v) => v > 0) : ends
  if (seen.length === 0) return ''
  const x = axis(seen, log, names, width - 12)
  const bottom = top + pitch * finite.length
  const clip = (v: number, otherwise: number) => (Number.isFinite(v) && (!log || v > 0) ? v : otherwise)
  const parts = [
    `<text x="${names}" y="14" font-weight="600">${escaped(title)}</text>`,
    ...x.ticks.flatMap((v) => [
      `<line x1="${x.at(v).toFixed(1)}" x2="${x.at(v).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="#dddddd"/>`,
      `<text x="${x.at(v).toFixed(1)}" y="${bottom + 12}" text-anchor="middle">${label(v)}</text>`,
    ]),
    `<text x="${(names + width - 12) / 2}" y="${bottom + 26}" text-anchor="middle">${escaped(xLabel)}</text>`,
    ...finite.flatMap(({ name, value, low, high, median, quiet }, i) => {
      const [y, color] = [top + pitch * (i + 0.5), quiet ? '#777777' : '#3565a8']
      const [from, to] = [clip(low, Math.min(...seen)), clip(high, value)]
      const told = `<text x="${names - 6}" y="${y}" dy="0.32em" text-anchor="end" fill="${color}">${escaped(name)}</text>`
      if (isFar(value) || isFar(median))
        return [
          told,
          `<text x="${width - 12}" y="${y}" dy="0.32em" text-anchor="end" fill="${color}">${label(value)} →</text>`,
        ]
      return [
        told,
        `<line x1="${x.at(from).toFixed(1)}" x2="${x.at(to).toFixed(1)}" y1="${y}" y2="${y}" stroke="${color}" stroke-width="1.4"/>`,
        `<circle cx="${x.at(value).toFixed(1)}" cy="${y}" r="3" fill="${color}"/>`,
        `<line x1="${x.at(median).toFixed(1)}" x2="${x.at(median).toFixed(1)}" y1="${y - 4}" y2="${y + 4}" stroke="#c8553d" stroke-width="1.4"/>`,
      ]
    }),
  ]
  return `<g transform="translate(${left} 0)">${parts.join('')}</g>`
}

/** Panels of means with their intervals, two in a row; a red stroke is the median. */
export function intervalsSvg(
  title: string,
  panels: readonly { readonly title: string; readonly xLabel: string; readonly rows: readonly Interval[] }[],
): string {
  const lines = Array.from({ length: Math.ceil(panels.length / 2) }, (_, i) => panels.slice(2 * i, 2 * i + 2))
  let y = 0
  const drawn = lines.map((pair) => {
    const at = y
    y += 62 + 15 * Math.max(...pair.map(({ rows }) => rows.length))
    const both = pair.map((panel, i) => intervalsPanel(panel.title, panel.xLabel, panel.rows, width * i))
    return `<g transform="translate(0 ${at})">${both.join('')}</g>`
  })
  const w = width * Math.min(2, panels.length)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${y}" viewBox="0 0 ${w} ${y}" font-family="system-ui, sans-serif" font-size="10" fill="#333333"><title>${escaped(title)}</title><rect width="${w}" height="${y}" fill="#ffffff"/>${drawn.join('')}</svg>\n`
}
