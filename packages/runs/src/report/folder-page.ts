import type { FolderRecord, FolderRow } from '../record/folder.ts'
import { commandLine } from '../record/format.ts'
import { residualInWords } from '../scores/chi-squared.ts'
import { shownMetrics } from '../scores/scores.ts'
import { escapeHtml, htmlPage } from './html.ts'
import { fixed } from './numbers.ts'

/** A small picture of a row, by an address that a page can show. */
export interface Thumb {
  /** Such as `restored`. */
  readonly title: string
  readonly src: string
}

/** A row with its small pictures. */
export interface ShownRow extends FolderRow {
  readonly thumbs: readonly Thumb[]
}

/** The pictures that could not be restored. */
export const failedOf = (rows: readonly FolderRow[]): readonly FolderRow[] =>
  rows.filter(({ error }) => error !== undefined)

/** The metrics that some row has. */
export const metricsOfRows = (rows: readonly FolderRow[]): typeof shownMetrics =>
  shownMetrics.filter(({ metric: { info } }) =>
    rows.some(({ result }) => result?.scores[info.name] !== undefined),
  )

/** The mean of a score over the rows that have it. */
export function meanOfRows(rows: readonly FolderRow[], name: string): number | undefined {
  const values = rows.flatMap(({ result }) => result?.scores[name] ?? [])
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * The report of a run over a folder as HTML: a row a picture.
 * @param rows - In the order in which they are shown.
 */
export function drawFolderReport(record: Omit<FolderRecord, 'pictures'>, rows: readonly ShownRow[]): string {
  const metrics = metricsOfRows(rows)
  const titles = [...new Set(rows.flatMap(({ thumbs }) => thumbs.map(({ title }) => title)))]
  const columns = [
    'picture',
    ...titles,
    ...metrics.map(({ title, metric: { info } }) => (info.unit === '' ? title : `${title} (${info.unit})`)),
    'NFE',
    'seconds',
  ]
  const row = (shown: ShownRow) => {
    const { file, error, result, thumbs, notes } = shown
    const [, height = 0, width = 0] = result?.shape ?? []
    const size = result === undefined ? '' : `<br><small>${width}×${height}</small>`
    const residual = result?.residual === undefined ? [] : [residualInWords(result.residual)]
    const said = [...residual, ...notes].map((note) => `<br><small>${escapeHtml(note)}</small>`).join('')
    const name = `<td><b>${escapeHtml(file)}</b>${size}${said}</td>`
    if (error !== undefined)
      return `<tr>${name}<td class="bad" colspan="${columns.length - 1}">${escapeHtml(error)}</td></tr>`
    const pictures = titles.map((title) => {
      const thumb = thumbs.find((each) => each.title === title)
      return `<td>${thumb === undefined ? '' : `<img src="${thumb.src}" alt="${escapeHtml(`${file}, ${title}`)}">`}</td>`
    })
    const numbers = [
      ...metrics.map(({ metric: { info }, digits }) => fixed(result?.scores[info.name], digits)),
      String(result?.nfe ?? ''),
      result?.seconds.toFixed(1) ?? '',
    ].map((text) => `<td class="n">${text}</td>`)
    return `<tr>${name}${pictures.join('')}${numbers.join('')}</tr>`
  }
  const failed = failedOf(rows).length
  const means = metrics.map(
    ({ title, digits, metric: { info } }) => `${title} ${fixed(meanOfRows(rows, info.name), digits)}`,
  )
  const summary = [
    `${rows.length - failed} of ${rows.length} pictures restored${record.unfinished ? '; the run is not finished' : ''}`,
    ...(means.length === 0 ? [] : [`means: ${means.join(', ')}`]),
  ]
  const { machine } = record
  const head = columns.map(
    (title, i) => `<th${i > titles.length ? ' class="n"' : ''}>${escapeHtml(title)}</th>`,
  )
  return htmlPage(
    'tweedie restore',
    `<style>.folder img { max-width: 160px; max-height: 160px; display: block; } .folder td:first-child { white-space: normal; max-width: 30ch; overflow-wrap: anywhere; }</style>
<h1>tweedie restore</h1>
<p class="quiet">${escapeHtml(record.started)} · ${record.seconds.toFixed(1)} s</p>
<pre>${escapeHtml(commandLine(record.argv))}</pre>
${record.notes.map((note) => `<p class="quiet">${escapeHtml(note)}</p>`).join('')}
<p>${summary.map(escapeHtml).join('; ')}.</p>
<div class="wide"><table class="folder"><thead><tr>${head.join('')}</tr></thead><tbody>${rows.map(row).join('\n')}</tbody></table></div>
<details><summary>Versions and machine</summary><pre>${escapeHtml(
      `tweedie ${machine.tweedie}, Node ${machine.node}, ${machine.platform}, ${machine.cpu} (${machine.cores} cores), device ${machine.device}`,
    )}</pre></details>`,
  )
}
