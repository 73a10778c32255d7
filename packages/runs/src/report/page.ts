import type { Picture } from '../images/picture.ts'
import { dataUri, encodePicture } from '../images/png.ts'
import type { Panel } from '../images/sheet.ts'
import { fixed } from '../table.ts'
import type { Chart } from './curves.ts'
import { drawChart } from './curves.ts'
import { escapeHtml, htmlPage, htmlTable } from './html.ts'
import type { MethodRecord, RunRecord, TaskRecord, TracePoint } from './record.ts'
import { commandLine, meanScore } from './record.ts'
import { verdict } from './verdict.ts'

/** The pictures of one task: the contact sheet, and how x̂₀ of the first sample came about. */
export interface TaskPictures {
  readonly panel: Panel
  /** Per method, the denoised guess at a few steps from first to last. */
  readonly strips: readonly {
    readonly method: string
    readonly steps: readonly { i: number; picture: Picture }[]
  }[]
}

const img = (picture: Picture, alt: string) =>
  `<img src="${dataUri(encodePicture(picture))}" alt="${escapeHtml(alt)}">`

const signed = (value: number | undefined) =>
  value === undefined
    ? '–'
    : `<span class="${value > 0 ? 'good' : 'bad'}">${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(2)}</span>`

/** The numbers of every task and method. */
function summary(record: RunRecord): string {
  const groups = record.tasks.map((task) => ({
    heading: `${escapeHtml(task.title)} <small>${escapeHtml(task.operator)}, σ_y = ${task.sigma}</small>`,
    rows: [
      [
        `input (${task.input.from})`,
        fixed(meanScore(task.input.scores, 'psnr'), 2),
        '',
        fixed(meanScore(task.input.scores, 'ssim'), 3),
        fixed(meanScore(task.input.scores, 'misfit'), 2),
        '',
        '',
        '',
      ],
      ...task.runs.map((run) => [
        `<b>${escapeHtml(run.method)}</b>`,
        fixed(meanScore(run.scores, 'psnr'), 2),
        signed(verdict(task, run).gain),
        fixed(meanScore(run.scores, 'ssim'), 3),
        fixed(meanScore(run.scores, 'misfit'), 2),
        String(run.nfe),
        run.vjps === 0 ? '' : String(run.vjps),
        run.seconds.toFixed(1),
      ]),
      ...task.runs.flatMap(({ method, mean: score }) =>
        score === undefined
          ? []
          : [
              [
                `${escapeHtml(method)}, mean of the samples`,
                fixed(score.psnr, 2),
                '',
                fixed(score.ssim, 3),
                fixed(score.misfit, 2),
                '',
                '',
                '',
              ],
            ],
      ),
    ],
  }))
  return htmlTable(
    ['method', 'PSNR (dB)', 'against input', 'SSIM', 'misfit', 'NFE', 'VJP', 'seconds'],
    groups,
  )
}

function remarks(task: TaskRecord): string {
  const said = task.runs.flatMap((run) => {
    const { gain, why } = verdict(task, run)
    if (why === undefined) return []
    const loses = gain !== undefined && gain <= 0 ? ' does not beat the input' : ''
    return [`<li><b>${escapeHtml(run.method)}</b>${loses}: ${escapeHtml(why)}.</li>`]
  })
  return said.length === 0 ? '' : `<ul>${said.join('')}</ul>`
}

function sheet(panel: Panel): string {
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
  const unit = (task.sigma || 1) * Math.sqrt(task.measured)
  const input = meanScore(task.input.scores, 'psnr')
  const all: Chart[] = [
    {
      title: `Residual of x̂₀: ‖y − A x̂₀‖ / ${task.sigma > 0 ? '(σ_y √m)' : '√m'}, log scale`,
      curves: curves((point) => mean(point.residual) / unit),
      log: true,
      ...(task.sigma > 0 ? { level: { value: 1, name: 'noise level' } } : {}),
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

function strips(pictures: TaskPictures): string {
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

/** The report of a run: command, numbers, contact sheets, curves; one file that needs no other. */
export function drawReport(record: RunRecord, pictures: readonly TaskPictures[]): string {
  const { machine, prior } = record
  const tasks = record.tasks.map((task, i) => {
    const shown = pictures[i]
    return `<h2>${escapeHtml(task.title)} <small>${escapeHtml(task.operator)}, σ_y = ${task.sigma}, ${task.measured} numbers measured</small></h2>
${remarks(task)}<div class="task">${shown === undefined ? '' : sheet(shown.panel)}
${charts(task)}</div>${shown === undefined ? '' : strips(shown)}
<p class="quiet">${optionsOf(task.runs).map(escapeHtml).join(' · ')}</p>`
  })
  const notes = record.notes.map((note) => `<p class="quiet">${escapeHtml(note)}</p>`).join('')
  return htmlPage(
    `tweedie ${record.command}`,
    `<h1>tweedie ${escapeHtml(record.command)}</h1>
<p class="quiet">${escapeHtml(record.started)} · ${record.seconds.toFixed(1)} s · prior ${escapeHtml(prior.name)} [${prior.shape.join(', ')}], ${escapeHtml(prior.schedule)} · seed ${record.seed}</p>
<pre>${escapeHtml(commandLine(record.argv))}</pre>
${notes}
${summary(record)}
<p class="quiet">PSNR and SSIM compare with the truth (higher is better; range [−1, 1], results clipped to it). Misfit is
‖y − A x‖ / (σ_y √m): the truth has about 1, more means the measurement is not met, much less means the noise was
fitted too. NFE counts calls of the denoiser, VJP those of them that were also differentiated through; a batch counts as
one. Numbers are means over the samples.</p>
${tasks.join('\n')}
<details><summary>Versions and machine</summary><pre>${escapeHtml(
      `tweedie ${machine.tweedie}, Node ${machine.node}, ${machine.platform}, ${machine.cpu} (${machine.cores} cores), device ${machine.device}`,
    )}</pre></details>`,
  )
}
