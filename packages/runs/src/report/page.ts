import type { Picture } from '../pictures/picture.ts'
import type { Panel } from '../pictures/sheet.ts'
import { commandLine, meanScore } from '../record/format.ts'
import type { MethodRecord, RunRecord, TaskRecord, TracePoint } from '../record/record.ts'
import type { ShownMetric } from '../scores/scores.ts'
import type { Chart } from './curves.ts'
import { drawChart } from './curves.ts'
import { escapeHtml, htmlPage, htmlTable } from './html.ts'
import { fixed } from './numbers.ts'
import type { TaskPictures } from './pictures.ts'
import type { Remark, SummaryRow, TaskSummary } from './summary.ts'
import { mebibytes, metricsShown, noiseInWords, summarise } from './summary.ts'

/** An address of a picture that a page can show, such as a data URI of it as PNG. */
export type PictureAddress = (picture: Picture) => string

/** A picture as an element of the page. */
type Img = (picture: Picture, alt: string) => string

const signed = (value: number | undefined) =>
  value === undefined
    ? '–'
    : `<span class="${value > 0 ? 'good' : 'bad'}">${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(2)}</span>`

const rowNames: Readonly<Record<SummaryRow['kind'], (name: string) => string>> = {
  input: (name) => `input (${name})`,
  method: (name) => `<b>${name}</b>`,
  mean: (name) => `${name}, mean of the samples`,
}

/** The cells of a row: its name, the scores with the gain after the PSNR, what it cost. */
function cellsOf(
  { kind, name, scores, gain, nfe, vjps, seconds, peakBytes }: SummaryRow,
  metrics: readonly ShownMetric[],
): string[] {
  const against = kind === 'method' ? signed(gain) : ''
  const cells = metrics.flatMap(({ metric: { info }, digits }) => {
    const cell = fixed(scores[info.name], digits)
    return info.name === 'psnr' ? [cell, against] : [cell]
  })
  const cost = [
    nfe === undefined ? '' : String(nfe),
    vjps === undefined || vjps === 0 ? '' : String(vjps),
    seconds === undefined ? '' : seconds.toFixed(1),
    peakBytes === undefined ? '' : mebibytes(peakBytes),
  ]
  return [rowNames[kind](escapeHtml(name)), ...cells, ...cost]
}

/** The numbers of every task and method. */
function summary(tasks: readonly TaskSummary[]): string {
  const metrics = metricsShown(tasks)
  const groups = tasks.map(({ task, rows }) => ({
    heading: `${escapeHtml(task.title)} <small>${escapeHtml(task.operator)}, ${escapeHtml(noiseInWords(task))}</small>`,
    rows: rows.map((row) => cellsOf(row, metrics)),
  }))
  const titles = metrics.flatMap(({ metric: { info }, title }) => {
    const full = info.unit === '' ? title : `${title} (${info.unit})`
    return info.name === 'psnr' ? [full, 'against input'] : [full]
  })
  return htmlTable(['method', ...titles, 'NFE', 'VJP', 'seconds', 'MiB'], groups)
}

function remarkList(remarks: readonly Remark[]): string {
  const said = remarks.map(({ method, says }) => `<li><b>${escapeHtml(method)}</b>${escapeHtml(says)}.</li>`)
  return said.length === 0 ? '' : `<ul>${said.join('')}</ul>`
}

function sheet(panel: Panel, img: Img): string {
  const head = `<tr><th></th>${panel.columns.map((column) => `<th>${escapeHtml(column)}</th>`).join('')}</tr>`
  const rows = panel.rows.map((row) => {
    const cells = row.cells.map((cell, i) => {
      const caption = row.captions?.[i]
      const picture = cell === undefined ? '' : img(cell, `${row.label}, ${panel.columns[i]}`)
      return `<td>${picture}${caption === undefined ? '' : `<small>${escapeHtml(caption)}</small>`}</td>`
    })
    return `<tr><td class="label">${escapeHtml(row.label)}</td>${cells.join('')}</tr>`
  })
  return `<div class="wide"><table class="sheet">${head}${rows.join('')}</table></div>`
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function charts(task: TaskRecord): string {
  const traced = task.runs.map((run, color) => ({ run, color })).filter(({ run }) => run.trace.length > 1)
  if (traced.length === 0) return ''
  const curves = (value: (point: TracePoint) => number) =>
    traced.map(({ run, color }) => ({ name: run.method, color: color % 6, values: run.trace.map(value) }))
  const { sigma = 0, measured } = task
  const unit = (sigma || 1) * Math.sqrt(measured)
  const input = meanScore(task.input.scores, 'psnr')
  const all: Chart[] = [
    {
      title: `Residual of x̂₀: ‖y − A x̂₀‖ / ${sigma > 0 ? '(σ_y √m)' : '√m'}, log scale`,
      curves: curves((point) => mean(point.residual) / unit),
      log: true,
      ...(sigma > 0 ? { level: { value: 1, name: 'noise level' } } : {}),
    },
  ]
  if (input !== undefined) {
    all.push({
      title: 'PSNR of x̂₀ in dB',
      curves: curves((point) => mean(point.psnr ?? [])),
      level: { value: input, name: 'input' },
    })
  }
  const key = traced
    .map(({ run, color }) => `<span class="key c${color % 6}"></span><span>${escapeHtml(run.method)}</span>`)
    .join('')
  const figures = all.map(
    (chart) => `<figure><figcaption>${escapeHtml(chart.title)}</figcaption>${drawChart(chart)}</figure>`,
  )
  return `<div class="charts"><h3>Step by step, mean over the samples</h3><p>${key}</p>${figures.join('')}</div>`
}

function strips(pictures: TaskPictures, img: Img): string {
  if (pictures.strips.length === 0) return ''
  const rows = pictures.strips.map(({ method, steps }) => {
    const cells = steps.map(
      ({ i, picture }) => `<td>${img(picture, `${method}, step ${i + 1}`)}<small>step ${i + 1}</small></td>`,
    )
    return `<tr><td class="label">${escapeHtml(method)}</td>${cells.join('')}</tr>`
  })
  return `<h3>The denoised guess x̂₀ of the first sample on its way</h3><div class="wide"><table class="sheet strip">${rows.join('')}</table></div>`
}

const optionsOf = (runs: readonly MethodRecord[]) =>
  runs.map(
    (run) =>
      `${run.method}: ${
        Object.entries(run.options)
          .map(([name, value]) => `${name} = ${value}`)
          .join(', ') || 'defaults'
      }`,
  )

/** What the scores that need the truth are, where it is known. */
const comparison = (tasks: readonly TaskSummary[]): string =>
  metricsShown(tasks).some(({ metric: { info } }) => info.name === 'psnr')
    ? 'PSNR and SSIM compare with the truth (higher is better; range [−1, 1], results clipped to it). '
    : ''

/** The priors of a run, each once. */
const priorsInWords = ({ prior, tasks }: RunRecord): string => {
  const all = [prior, ...tasks.map((task) => task.prior ?? prior)]
  const words = all.map(({ name, shape, schedule }) => `${name} [${shape.join(', ')}], ${schedule}`)
  const once = [...new Set(words)]
  return `prior${once.length > 1 ? 's' : ''} ${once.join('; ')}`
}

/**
 * The report of a run as HTML: command, numbers, contact sheets, curves.
 * @param pictures - One entry per task of the record.
 * @param address - What a picture is shown by: with data URIs the report is one file that needs no other.
 */
export function drawReport(
  record: RunRecord,
  pictures: readonly TaskPictures[],
  address: PictureAddress,
): string {
  const { machine } = record
  const img: Img = (picture, alt) => `<img src="${address(picture)}" alt="${escapeHtml(alt)}">`
  const summaries = summarise(record)
  const tasks = summaries.map(({ task, remarks, residuals }, i) => {
    const shown = pictures[i]
    return `<h2>${escapeHtml(task.title)} <small>${escapeHtml(task.operator)}, ${escapeHtml(noiseInWords(task))}, ${task.measured} numbers measured</small></h2>
${remarkList([...residuals, ...remarks])}<div class="task">${shown === undefined ? '' : sheet(shown.panel, img)}
${charts(task)}</div>${shown === undefined ? '' : strips(shown, img)}
<p class="quiet">${optionsOf(task.runs).map(escapeHtml).join(' · ')}</p>`
  })
  const notes = record.notes.map((note) => `<p class="quiet">${escapeHtml(note)}</p>`).join('')
  return htmlPage(
    `tweedie ${record.command}`,
    `<h1>tweedie ${escapeHtml(record.command)}</h1>
<p class="quiet">${escapeHtml(record.started)} · ${record.seconds.toFixed(1)} s · ${escapeHtml(priorsInWords(record))} · seed ${record.seed}</p>
<pre>${escapeHtml(commandLine(record.argv))}</pre>
${notes}
${summary(summaries)}
<p class="quiet">${comparison(summaries)}Misfit is ‖y − A x‖ / (σ_y √m): the truth has about 1, more means the measurement is
not met, much less means the noise was fitted too; χ² is its square times m, and expected is where that of the truth, and
of samples of the posterior, is in 95 of 100 measurements. NFE counts calls of the denoiser, VJP those of them that were also differentiated through; a batch counts as
one. MiB is the most that tensors took at once. Numbers are means over the samples.</p>
${tasks.join('\n')}
<details><summary>Versions and machine</summary><pre>${escapeHtml(
      `tweedie ${machine.tweedie}, Node ${machine.node}, ${machine.platform}, ${machine.cpu} (${machine.cores} cores), device ${machine.device}`,
    )}</pre></details>`,
  )
}
