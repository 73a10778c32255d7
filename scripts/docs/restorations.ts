// Restorations of held-out pictures, of the results of `tweedie bench images` that lie in docs/restorations: docs/restorations.md.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ImageResults, ImageRow, ImageTable } from '@tweedie/calibration'
import { imageColumns, imageHeading, imageNotes, imageTables, parseImageResults } from '@tweedie/calibration'
import { methods } from '@tweedie/solvers'
import { table } from './frame.ts'
import { root, write } from './measured.ts'
import { intervalsSvg } from './plot.ts'

const folder = 'docs/restorations'

const intro = `# Restorations of held-out pictures

Written by \`npm run docs -- --restorations\` from the results in \`${folder}\`. The command beside each table makes them anew, and goes
on where it was interrupted; \`--methods all\`, other operators, priors, your own method or operator go the same way.

All methods restore the same measurements. A figure is a mean over all pictures of all seeds with its 95 % interval; a seed is other
pictures, other noise and another run of the method. A misfit of 1 is the noise; χ² is ‖y − A(x)‖²/σ_y², beside the range that the noise
alone gives it: too small has fitted the noise, too large has missed the measurement. *behind* is the PSNR less that of the best
method, picture by picture, and *p* the chance of a difference as large, were its sign of each picture a coin's: pictures differ by far more
than methods do, so that intervals overlap where the pairs leave no doubt. NFE are evaluations of the prior in a run, VJP how many of them
were gone back through, seconds those of a run on all pictures of a seed, on a machine that had other work. PSNR favours means: a
sample of the posterior is √2 as far from the truth as their mean, and no worse for it ([calibration.md](calibration.md) judges samples).

`

const linked = ({ method }: ImageRow): string =>
  methods.names.includes(method) ? `[${method}](methods/${method}.md)` : method

function tableOf(one: ImageTable, truth: string, seeds: number): string {
  const columns = imageColumns(linked)
  const rows = one.rows.map((row) => columns.map(({ value }) => value(row)))
  const lines = table(
    columns.map(({ title }) => title),
    rows,
    (column) => columns[column]?.right === true,
  )
  const notes = imageNotes(one, seeds).map((note) => `- ${note}.`)
  return [
    `### ${imageHeading(one, truth, seeds)}`,
    lines,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
  ].join('\n\n')
}

/** The PSNR of each method on each task. */
const figure = (alt: string, tables: readonly ImageTable[]): string =>
  intervalsSvg(
    alt,
    tables.map(({ operator, rows }) => ({
      title: operator,
      xLabel: 'PSNR (dB)',
      rows: rows.flatMap(({ method, scores: { psnr } }) =>
        psnr === undefined ? [] : [{ name: method, ...psnr, median: psnr.value }],
      ),
    })),
  )

function part(name: string, { command, date, machine, truth, cells }: ImageResults): string {
  const tables = imageTables(cells)
  const seeds = new Set(cells.map(({ seed }) => seed)).size
  const seconds = cells.reduce((sum, cell) => sum + ('seconds' in cell ? cell.seconds : 0), 0)
  const alt = `PSNR of each method on ${truth}`
  write(`docs/images/restorations-${name}.svg`, figure(alt, tables))
  const operators = new Set(cells.map(({ operator }) => operator))
  const settings = new Map<string, Set<string>>()
  for (const { words, operator } of cells)
    settings.set(words, (settings.get(words) ?? new Set()).add(operator))
  const where = (on: ReadonlySet<string>) => (on.size < operators.size ? ` for ${[...on].join(' and ')}` : '')
  return `## ${truth[0]?.toUpperCase()}${truth.slice(1)}

\`\`\`
npx ${command}
\`\`\`

${date.slice(0, 10)}, ${Math.round(seconds / 60)} min for all cells, one after the other, on ${machine['cpu']} (${machine['platform']}, Node ${machine['node']}, tweedie ${machine['tweedie']}).

![${alt}](images/restorations-${name}.svg)

${tables.map((one) => tableOf(one, truth, seeds)).join('\n\n')}

Settings: ${[...settings].map(([text, on]) => `\`${text}\`${where(on)}`).join(', ')}.
`
}

/** Writes the page, with a figure for each file of results. */
export function drawRestorations(): void {
  const files = readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.json'))
    .sort()
  const parts = files.map((file) => {
    const path = `${folder}/${file}`
    return part(file.replace(/\.json$/, ''), parseImageResults(readFileSync(join(root, path), 'utf8'), path))
  })
  write('docs/restorations.md', `${intro}${parts.join('\n')}`)
}
