// What tuning by the error of the mean does to calibration: a scale of guidance is swept on validation cases, and the best by
// several metrics are judged on test cases. Written to docs/tuning.md, between its marks.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Cell, PosedProblem, Row, SampleMetric } from '@tweedie/calibration'
import {
  exactDraws,
  measureCell,
  methodRow,
  mixturePosterior,
  poseOnce,
  sampleMetrics,
  short,
  validationSeed,
} from '@tweedie/calibration'
import type { AnyMethod, Settings } from '@tweedie/solvers'
import { diffpir, dps, gaussianNoise, gaussianPrior, matrixOperator } from '@tweedie/solvers'
import { fromData, normal, randomKey } from '@tweedie/tensor'
import { table } from './frame.ts'
import { root, write } from './measured.ts'

const host = { dtype: 'float64', device: 'reference' } as const

/** Points of a signal. */
const d = 32
const sigma = 0.3
const identity = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => Number(i === j)))

/** A Gaussian random walk of 32 points, steps of variance ¼, seen in white noise: as the Lévy-process benchmark's first. */
const walk: PosedProblem = {
  name: 'walk',
  title: 'a random walk in noise',
  pose: (seed): Case => {
    const key = randomKey(seed).fold('walk')
    const covariance = identity.map((row, i) => row.map((_, j) => 0.25 * (1 + Math.min(i, j))))
    const prior = gaussianPrior({ mean: new Array<number>(d).fill(0), covariance })
    using drawn = prior.law.sample([key.fold('truth')], host)
    using noise = normal(key.fold('noise'), [d], host)
    const truth = Float64Array.from(drawn.dataSync(), Number)
    const y = Array.from(noise.dataSync(), (z, i) => (truth[i] ?? 0) + sigma * Number(z))
    return {
      prior,
      problem: {
        operator: matrixOperator(fromData(identity.flat(), [d, d], host)),
        noise: gaussianNoise(sigma),
        y: fromData(y, [1, d], { dtype: 'float64' }),
      },
      truth,
      posterior: mixturePosterior(prior.law.posterior(identity, y, sigma)),
    }
  },
}

interface Sweep {
  readonly method: AnyMethod
  readonly option: string
  readonly values: readonly number[]
  readonly others: Settings
}

const sweeps: readonly Sweep[] = [
  {
    method: dps,
    option: 'scale',
    values: [0.05, 0.1, 0.13, 0.16, 0.18, 0.2, 0.22, 0.25, 0.3, 0.5],
    others: { steps: 100 },
  },
  {
    method: diffpir,
    option: 'lambda',
    values: [0.03, 0.1, 0.3, 0.5, 0.7, 1, 1.75, 3, 10],
    others: { steps: 100, spacing: 'linspace' },
  },
]

/** By what settings are chosen. */
const chosenBy = ['gap-db-pooled', 'mean-error', 'crps', 'energy-score', 'marginal90']
/** What is told of them. */
const shown = ['gap-db-pooled', 'crps', 'marginal90', 'rank-spread', 'variance-ratio']
const [validation, test, samples] = [12, 30, 50]

const metricOf = (name: string): SampleMetric => {
  const found = sampleMetrics.find(({ info }) => info.name === name)
  if (found === undefined) throw new Error(`there is no metric ${name}`)
  return found
}
const metrics = [...new Set([...chosenBy, ...shown])].map(metricOf)

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

/** Cells of rows on cases: a list for each row. */
async function measured(
  rows: readonly Row[],
  seeds: readonly number[],
): Promise<readonly (readonly Cell[])[]> {
  const cells = rows.map((): Cell[] => [])
  for (const seed of seeds) {
    using once = poseOnce(walk.pose(seed), seed)
    for (const [i, row] of rows.entries())
      cells[i]?.push(
        await measureCell(row, once, { suite: 'walk', version: 1, problem: 'walk', samples, metrics }),
      )
    console.log(`seed ${seed}: ${rows.length} rows`)
  }
  return cells
}

/** The value of a metric over cells, less its target where it has one: smaller is better. */
function badness(cells: readonly Cell[], name: string): number {
  const { value } = over(cells, name)
  const { target, better } = metricOf(name).info
  return target !== undefined ? Math.abs(value - target) : better === 'lower' ? value : -value
}

const over = (cells: readonly Cell[], name: string) =>
  metricOf(name).over(cells.flatMap((cell) => ('metrics' in cell ? [cell.metrics[name] ?? []] : [])))

const cellOf = (cells: readonly Cell[], name: string): string => {
  const { value, low, high } = over(cells, name)
  return Number.isFinite(high - low) ? `${short(value)} ± ${short((high - low) / 2)}` : short(value)
}

async function section({ method, option, values, others }: Sweep): Promise<string> {
  const rows = values.map((value) => methodRow(method, { ...others, [option]: value }))
  const swept = await measured(rows, range(validationSeed, validation))
  const best = chosenBy.map((name) => {
    const each = swept.map((cells) => badness(cells, name))
    return { name, i: each.indexOf(Math.min(...each)) }
  })
  const distinct = [...new Set(best.map(({ i }) => i))].sort((a, b) => a - b)
  const rowAt = (i: number): Row => rows[i] ?? exactDraws
  const judged = await measured([...distinct.map(rowAt), exactDraws], range(0, test))
  const lines = [...distinct, -1].map((i, k) => {
    const by = best.filter((one) => one.i === i).map(({ name }) => name)
    const cells = judged[k] ?? []
    return [
      i < 0 ? 'exact draws' : `${option} = ${values[i]}`,
      by.join(', '),
      ...shown.map((name) => cellOf(cells, name)),
    ]
  })
  const sweep = values.map((value, i) => [
    String(value),
    ...shown.map((name) => short(over(swept[i] ?? [], name).value)),
  ])
  const right = (i: number) => i > 0
  return `### ${method.info.title}

\`${rowAt(0).words.replace(`${option}=${values[0]}`, `${option}=…`)}\`, ${option} swept on ${validation} validation cases:

${table([option, ...shown], sweep, right)}

The best of them, by each metric, on ${test} test cases:

${table(['setting', 'the best by', ...shown], lines, (i) => i > 1)}
`
}

const [begin, end] = ['<!-- measured -->', '<!-- /measured -->']

/** Measures, and renews what stands between the marks of the page. */
export async function measureTuning(): Promise<void> {
  const parts: string[] = []
  for (const sweep of sweeps) parts.push(await section(sweep))
  const page = readFileSync(join(root, 'docs/tuning.md'), 'utf8')
  const [before = '', rest = ''] = page.split(begin)
  const after = rest.split(end)[1] ?? ''
  write('docs/tuning.md', `${before}${begin}\n\n${parts.join('\n')}\n${end}${after}`)
}
