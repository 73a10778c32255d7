import type { Cost, Distance, SampleSummary } from '@tweedie/calibration'
import type { Column, Paper } from '../../terminal/table.ts'
import { formatTable } from '../../terminal/table.ts'

/** What came of `tweedie posterior`. */
export interface PosteriorReport {
  readonly method: string
  readonly samples: number
  readonly dimension: number
  readonly seed: number
  readonly file: string
  readonly summary: SampleSummary
  /** log p(y), where it is known. */
  readonly evidence: number | undefined
  /** Why the posterior is not known, where it is not. */
  readonly unknown: string | undefined
  readonly notes: readonly string[]
  readonly cost: Cost
  /** Estimates of log p(y), one a sample. */
  readonly logEvidence: readonly number[] | undefined
}

/** Coordinates and modes that a table has at most. */
const mostRows = 12

const number = (value: number | undefined): string => (value === undefined ? '' : value.toPrecision(4))

interface Row {
  readonly name: string
  readonly cells: readonly (number | undefined)[]
}

const table = (first: string, titles: readonly string[], rows: readonly Row[], paper: Paper): string => {
  const columns: readonly Column<Row>[] = [
    { title: first, value: ({ name }) => name },
    ...titles.map((title, i) => ({ title, right: true, value: ({ cells }: Row) => number(cells[i]) })),
  ]
  const shown = rows.slice(0, mostRows)
  const more = rows.length > shown.length ? `… and ${rows.length - shown.length} more; --json has all\n` : ''
  return `${formatTable(shown, columns, paper)}${more}`
}

function moments({ samples, exact }: SampleSummary, paper: Paper): string {
  const rows = Array.from(samples.mean, (mean, i) => ({
    name: `x[${i}]`,
    cells: [mean, samples.std[i], ...(exact ? [exact.mean[i], exact.std[i]] : [])],
  }))
  const titles = ['mean', 'std', ...(exact ? ['exact mean', 'exact std'] : [])]
  return table('coordinate', titles, rows, paper)
}

const modes = ({ modes = [] }: SampleSummary, paper: Paper): string =>
  modes.length === 0
    ? ''
    : `\n${table(
        'mode',
        ['share of samples', 'probability'],
        modes.map(({ share, weight }, k) => ({ name: String(k), cells: [share, weight] })),
        paper,
      )}`

function distances({ distances, judged }: SampleSummary, samples: number, paper: Paper): string {
  if (distances.length === 0) return ''
  const columns: readonly Column<Distance>[] = [
    { title: 'against exact', value: ({ metric }) => metric.name },
    { title: 'samples', right: true, value: ({ value }) => number(value) },
    { title: 'floor', right: true, value: ({ floor }) => number(floor.mean) },
    { title: 'of sets', right: true, value: ({ floor }) => `${number(floor.low)} … ${number(floor.high)}` },
    { title: '', least: 24, value: ({ metric }) => metric.title },
  ]
  const some = judged < samples ? `, of the first ${judged} samples` : ''
  return `\n${formatTable(distances, columns, paper)}The floor is what as many exact draws have${some}: the mean of five sets, and their least and largest.\n`
}

function evidence({ evidence: exact, logEvidence = [] }: PosteriorReport): string {
  if (exact === undefined) return ''
  const mean = logEvidence.reduce((sum, value) => sum + value, 0) / logEvidence.length
  const estimates = logEvidence.length === 0 ? '' : `; the method's estimates have a mean of ${number(mean)}`
  return `log p(y) = ${number(exact)}${estimates}.\n`
}

/** What came of it, for the terminal. */
export function printSamples(report: PosteriorReport, paper: Paper): string {
  const { method, samples, dimension, summary, unknown, notes, cost, file } = report
  const calls = cost.nfe === 0 ? '' : `, ${cost.nfe} evaluations of the prior for a batch`
  const why = unknown === undefined ? '' : `There is nothing exact to compare with: ${unknown}.\n`
  return `${moments(summary, paper)}${modes(summary, paper)}${distances(summary, samples, paper)}${evidence(report)}${why}${notes.map((note) => `Note: ${note}.\n`).join('')}Wrote ${samples} samples of ${dimension} numbers by ${method} to ${file} (${cost.seconds.toFixed(1)} s${calls})\n`
}
