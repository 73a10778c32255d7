// What the metrics of posterior samples see: their floors, and their power against samples made slightly wrong. Written to
// docs/calibration-metrics.md; the numbers are kept in docs/calibration-metrics.json.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Change, MetricPower, PowerSize, TrialProblem } from '@tweedie/calibration'
import { metricPower, sampleMetrics } from '@tweedie/calibration'
import { table } from './frame.ts'
import { root, write } from './measured.ts'

const problems: readonly TrialProblem[] = ['gaussian', 'mixture']
const size: PowerSize = { samples: 500, cases: 16, exact: 60, repetitions: 30 }
const few: PowerSize = { samples: 50, cases: 16, exact: 60, repetitions: 0 }

/** What was measured of a problem. */
interface Found {
  readonly power: readonly MetricPower[]
  readonly few: readonly MetricPower[]
}

const file = 'docs/calibration-metrics.json'
const path = join(root, file)

/** Measures what is not there yet, or all. */
function measure(fresh: boolean): Partial<Record<TrialProblem, Found>> {
  const kept: Partial<Record<TrialProblem, Found>> =
    !fresh && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
  for (const problem of problems.filter((name) => kept[name] === undefined)) {
    let told = 0
    const tell = (done: number) => {
      if (done < told + 0.1) return
      told = done
      console.log(`${problem}: ${(100 * done).toFixed(0)} %`)
    }
    const found = {
      few: metricPower(problem, sampleMetrics, few),
      power: metricPower(problem, sampleMetrics, size, tell),
    }
    kept[problem] = found
    write(
      file,
      `${JSON.stringify(kept, (_, value) => (typeof value === 'number' ? +value.toPrecision(4) : value), 1)}\n`,
    )
  }
  return kept
}

const label = ({ name, paired }: MetricPower): string => (paired ? `${name}, less that of exact draws` : name)
const shown = (value: number): string =>
  Number.isFinite(value) ? (value === 0 ? '0' : value.toPrecision(2)) : ''
const floorOf = (found: MetricPower | undefined): string =>
  found === undefined ? '' : `${shown(found.floor.mean)} ± ${shown(found.floor.deviation)}`

const columns: readonly (readonly [Change, string])[] = [
  ['exact', 'exact draws'],
  ['wider', 'σ × 1.05'],
  ['narrower', 'σ × 0.95'],
  ['shifted', 'mean + 0.05 σ'],
  ['reweighted', 'weight ± 0.05'],
]
/** With one component no weight can be moved. */
const columnsOf = (problem: TrialProblem) => (problem === 'gaussian' ? columns.slice(0, 4) : columns)

const powerTable = (problem: TrialProblem, { power }: Found): string =>
  table(
    ['metric', ...columnsOf(problem).map(([, title]) => title)],
    power.map((found) => [
      label(found),
      ...columnsOf(problem).map(([change]) => found.power[change].toFixed(2)),
    ]),
    (i) => i > 0,
  )

const floorTable = (found: Partial<Record<TrialProblem, Found>>): string => {
  const of = (problem: TrialProblem, which: keyof Found, name: string) =>
    floorOf(found[problem]?.[which].find((row) => row.name === name && !row.paired))
  return table(
    ['metric', 'Gaussian, N = 50', 'N = 500', 'mixture, N = 50', 'N = 500'],
    sampleMetrics
      .map(({ info: { name } }) => [
        name,
        ...problems.flatMap((problem) => [of(problem, 'few', name), of(problem, 'power', name)]),
      ])
      .filter(([, ...floors]) => floors.some((text) => text !== '')),
    (i) => i > 0,
  )
}

const catalogTable = (): string =>
  table(
    ['metric', 'what', 'good', 'source'],
    sampleMetrics.map(({ info: { name, title, better, target, source } }) => [
      name,
      title,
      better === 'target' ? `near ${target ?? 'that of exact draws'}` : better,
      source,
    ]),
    () => false,
  )

/** Metrics that see a change in nine repetitions of ten or more. */
const seen = (change: Change, { power }: Found): string => {
  const names = power.filter((found) => found.power[change] >= 0.9).map((found) => `\`${found.name}\``)
  return names.length === 0 ? 'none' : [...new Set(names)].join(', ')
}

const words: Readonly<Record<TrialProblem, string>> = {
  gaussian: 'four correlated numbers, two combinations of them measured',
  mixture: 'three modes in the plane, one weak measurement that leaves them undecided',
}

const section = (problem: TrialProblem, found: Found): string => `### ${problem}: ${words[problem]}

${powerTable(problem, found)}

Seen in nine repetitions of ten or more:

${columnsOf(problem)
  .slice(1)
  .map(([change, title]) => `- ${title}: ${seen(change, found)}.`)
  .join('\n')}
`

/** Measures and writes the page. */
export function writeMetrics(fresh: boolean): void {
  const found = measure(fresh)
  write(
    'docs/calibration-metrics.md',
    `# Metrics of posterior samples

Written by \`npm run docs -- --metrics\`. Each metric is given N samples of a posterior that is known, the case (prior, measurement,
truth, posterior) and N exact draws. A problem has many cases; the figure of a table is the metric over all of them, with its
95 % interval.

${catalogTable()}

- Distances between sets (\`sw\`, \`max-sw\`, \`energy\`, \`mmd\`, \`cmd\`, \`occupancy\`, \`weights-error\`) compare with exact draws, which vary as
  well. \`energy\` and \`mmd\` are unbiased: exact draws have 0 on average, and single values may be below. \`energy\`, \`mmd\`, \`ksd\` and
  the second term of \`energy-score\` go over all pairs of 2,000 points at most.
- \`hpd90\`, \`marginal90\`, \`sbc\`, \`rank-spread\` and the scores (\`crps\`, \`energy-score\`, \`gap-db\`) compare with the truth. They mean what
  they say where the truth of a case is a draw of the prior; with one fixed truth coverage and ranks have no target.
- \`occupancy\` and \`sbc\` are p-values: uniform on 0 … 1 for exact draws (\`sbc\` at least that), near 0 where samples are wrong. Samples
  must be independent of each other.
- \`mean-error\` and \`variance-error\` are to the exact moments; arXiv 2503.03007 takes those of a second set of draws, so that its
  reference is √2 times ours.
- \`ksd\` needs no draws. The c of its kernel is \`ksdScale\` of the case, 1 where it has none.
- \`hpd90-softmax\` weights samples by their density again; exact draws are far from 0.9 by it. It is there to compare with figures
  that were made so.

## Floors

What exact draws have: mean ± standard deviation over ${size.exact} repetitions, each over ${size.cases} cases. Metrics of the evidence
need a method that estimates it.

${floorTable(found)}

## Power

Samples that are wrong by a little, ${size.samples} for each of ${size.cases} cases: wider or narrower by 5 % about the posterior mean, shifted
by 5 % of a standard deviation in every coordinate, 0.05 of the likeliest mode's weight given to the unlikeliest one. The threshold of
each metric is the 95 % point of ${size.exact} repetitions with exact draws; a number is the part of ${size.repetitions} repetitions beyond it (± 0.1;
0.05 for exact draws, up to chance).

${problems.flatMap((problem) => (found[problem] ? [section(problem, found[problem])] : [])).join('\n')}
To find a spread that is wrong by 5 %, look at \`variance-ratio\` and \`whitened\`, in the measured directions and out of them, and at
\`variance-error\`; distances between sets see it in a part of the repetitions. Coverage, ranks and scores at the truth see next to
nothing of it with ${size.cases} cases: they are there for samplers that are wrong by more, and where only the truth is known.
`,
  )
}
