// A page for each suite with known posteriors, of the results that lie in docs/calibration, and the list of them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProblemTable, Results, RowResults, SuiteResults } from '@tweedie/calibration'
import {
  chance,
  formatResults,
  pairsOf,
  parseResults,
  rounded,
  sampleMetrics,
  short,
  tableMarkdown,
  tablesOf,
} from '@tweedie/calibration'
import { allSuites as suites } from '@tweedie/calibration/node'
import { methods } from '@tweedie/solvers'
import { standingOf, standingText } from './coverage.ts'
import { table } from './frame.ts'
import { root, write } from './measured.ts'
import type { Panel } from './plot.ts'
import { intervalsSvg, plotSvg } from './plot.ts'

const folder = join(root, 'docs/calibration')

/** A run whose results lie there, rounded to what a repository needs. */
function read(file: string): Results {
  const path = join(folder, file)
  const results = rounded(parseResults(readFileSync(path, 'utf8'), `docs/calibration/${file}`))
  writeFileSync(path, formatResults(results))
  return results
}

/**
 * The first metric against evaluations of the prior, both logarithmic, the floor as a level. Told by name are those that none
 * undercuts with as few evaluations.
 */
function distanceAgainstCost({ problem, rows, metrics: [first] }: ProblemTable): Panel | undefined {
  if (first === undefined) return undefined
  const points = rows.flatMap(({ row, kind, metrics, cost }) => {
    const value = metrics[first.name]?.value
    return value === undefined || cost.nfe === 0
      ? []
      : [{ name: row, points: [[cost.nfe, value] as const], quiet: kind === 'reference' }]
  })
  const named = ({ points: [[nfe, value] = [0, 0]] }: (typeof points)[number]) =>
    points.every(({ points: [[n, v] = [0, 0]] }) => n > nfe || v >= value)
  const floor = rows.find(({ row }) => row === 'exact')?.metrics[first.name]?.value
  // Where all cost the same there is nothing to see.
  if (new Set(rows.map(({ cost }) => cost.nfe).filter((nfe) => nfe > 0)).size < 2) return undefined
  return {
    title: problem,
    series: points.map((point) => ({ ...point, named: named(point) })),
    xLabel: 'evaluations of the prior',
    yLabel: first.name,
    log: { x: true, y: true },
    labels: true,
    ...(floor !== undefined && { level: { value: floor, name: 'exact draws' } }),
  }
}

/** Ranks of the truth among the samples, of all coordinates and cases, each over their number: 0 … 1. */
function ranksOf({ cells }: RowResults): number[] {
  return cells.flatMap((cell) => {
    const [count = 0, ...ranks] = 'metrics' in cell ? (cell.metrics['sbc'] ?? []) : []
    return ranks.map((rank) => rank / count)
  })
}

/** The part of ranks below u, against u: the diagonal where samples are as spread as they should be. */
function calibrationCurves(results: SuiteResults, problem: string): Panel | undefined {
  const rows = results.rows.filter((row) => row.problem === problem && ranksOf(row).length >= 20)
  if (rows.length === 0) return undefined
  const grid = Array.from({ length: 41 }, (_, i) => i / 40)
  const [exact, ...others] = [...rows].sort((a, b) => Number(b.row === 'exact') - Number(a.row === 'exact'))
  return {
    title: `${problem}: ranks of the truth`,
    series: [...(exact ? [exact] : []), ...others.slice(0, 9)].map((row) => {
      const ranks = ranksOf(row)
      return {
        name: row.row,
        line: true,
        quiet: row.row === 'exact',
        points: grid.map((u) => [u, ranks.filter((rank) => rank <= u).length / ranks.length] as const),
      }
    }),
    xLabel: 'rank of the truth among the samples',
    yLabel: 'part of cases below',
    labels: true,
  }
}

/** A duration in words. */
const duration = (seconds: number): string =>
  seconds < 120
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`

/** The name of a row with a link to the page of its method. */
function linked(row: string): string {
  const [, name = row, rest = ''] = /^([\w-]+)(.*)$/.exec(row) ?? []
  return methods.names.includes(name) ? `[${name}](../methods/${name}.md)${rest}` : row
}

/** Rows that the suite sets against each other, of all runs of it: on the page that has the suite's own name. */
function pairsSection(name: string, of: readonly SuiteResults[]): string {
  const pairs = suites.find((suite) => suite.name === name)?.pairs ?? []
  const found = of.flatMap((results) => pairsOf(results, pairs))
  if (found.length === 0) return ''
  const rows = found
    .sort((a, b) => a.problem.localeCompare(b.problem, 'en', { numeric: true }))
    .map(({ problem, row, than, metric, samples, difference: { value, low, high, p, count } }) => [
      ...[problem, linked(row), linked(than), metric],
      ...[`${short(value)} [${short(low)}, ${short(high)}]`, chance(p), String(count), String(samples)],
    ])
  const head = ['problem', 'row', 'less that of', 'metric', 'difference', 'p', 'cases', 'samples']
  return `## Paired by seed

What the metric of one row is above that of another on the same measurements, with the 95 % interval of Student's t; p is the chance of a mean as
far from 0, were the sign of each difference a coin's.

${table(head, rows, (column) => column > 3)}

`
}

/** @param name - Of the page, and of the file of results. */
function pageOf(name: string, run: Results, results: SuiteResults, all: readonly SuiteResults[]): string {
  const suite = suites.find(({ name }) => name === results.suite)
  const tables = tablesOf(results, { suites })
  const figures: string[] = []
  const put = (figure: string, alt: string, svg: string) => {
    write(`docs/images/calibration-${name}-${figure}.svg`, svg)
    figures.push(`![${alt}](../images/calibration-${name}-${figure}.svg)`)
  }
  const draw = (name: string, alt: string, panels: readonly (Panel | undefined)[]) => {
    const there = panels.filter((panel) => panel !== undefined)
    if (there.length > 0) put(name, alt, plotSvg(alt, there))
  }
  const [first = ''] = results.metrics
  const shown = tables.map(({ problem, rows }) => ({
    title: problem,
    xLabel: first,
    rows: rows.flatMap(({ row, kind, metrics }) => {
      const told = metrics[first]
      return told === undefined ? [] : [{ name: row, ...told, quiet: kind === 'reference' }]
    }),
  }))
  const alt = `${first} of each row with its interval; the stroke is the median over cases`
  put(
    'rows',
    alt,
    intervalsSvg(
      alt,
      shown.filter(({ rows }) => rows.length > 0),
    ),
  )
  draw(
    'distance',
    `${first} of each method against evaluations of the prior`,
    tables.map(distanceAgainstCost),
  )
  draw(
    'ranks',
    'Ranks of the truth among the samples of each method',
    results.extent.problems.map((p) => calibrationCurves(results, p)),
  )
  const metrics = results.metrics.flatMap(
    (name) => sampleMetrics.find(({ info }) => info.name === name)?.info ?? [],
  )
  const settings = new Map(results.rows.map(({ words, problem }) => [words, problem]))
  return `# ${suite?.title ?? results.suite}

Written by \`npm run docs -- --calibration\` from \`docs/calibration/${name}.json\`, which

\`\`\`
npx ${run.command}
\`\`\`

wrote on ${run.date.slice(0, 10)}: ${duration(run.seconds)} for all cells, one after the other, on ${run.machine.cpu} (${run.machine.platform}, Node ${run.machine.node},
tweedie ${run.machine.tweedie}); seconds in the tables are of a machine that may have had other work.

${suite?.source ?? ''}. ${results.extent.seeds} cases of each problem, ${results.extent.samples} samples of each posterior unless a row says otherwise. A figure is a mean over
cases with 1.96 standard errors, or [low, high]; in parentheses the median over cases. References come first: exact draws, which no method can be
better than; the exact score with the same integrator; the prior without the measurement. Methods follow in the order of the first metric. NFE are evaluations of
the prior for a batch of all samples, VJP how many of them were gone back through, A applications of the operator.

${metrics.map(({ name, title, source }) => `- **${name}**: ${title} (${source}).`).join('\n')}

${figures.join('\n\n')}

${tables.map((one) => tableMarkdown(one, linked)).join('\n\n')}

${pairsSection(name, all)}## Settings

${[...settings.keys()].map((words) => `- \`${words}\``).join('\n')}
`
}

const intro = `# Methods against posteriors that are known

Written by \`npm run docs -- --calibration\`.

A restored picture may be sharp and wrong, and nobody can tell. Where the prior is simple enough the posterior is known: in closed form, or by a long
Markov chain that is checked. Then it can be measured how far the samples of a method are from it, whether they are as
spread as they should be, and whether they find every mode. Each suite is a set of such problems, most of them published, with its metrics.
Beside the methods stand exact draws (the floor of every metric, which depends on the number of samples), the exact score
integrated as the methods are (what steps alone cost), and the prior without the measurement.

\`\`\`
npx tweedie bench posterior --list                        suites, problems, metrics
npx tweedie bench posterior gmm --quick                   one of them, in minutes
npx tweedie bench posterior --quick --jobs 2              all of them, in 8 minutes
npx tweedie bench posterior gmm --methods dps,./mine.ts   methods of yours beside ours
npx tweedie bench posterior gmm --out gmm.json --jobs 2   all of it; an interrupted run goes on
npx tweedie bench posterior --out all.json --jobs 2       all of all: a night on two cores
npx tweedie bench posterior gmm --compare gmm.json        what changed, paired by seed
\`\`\`

The full run has every method on every problem of a suite (of the digits, those of 30 problems) and is meant for one night: what takes longer
than a limit on its first case is told as stopped, and not tried on the others. By the seconds of the tables below, each cell scaled to the full extent's
samples, dimensions and steps and cut at its limit, it takes 22 hours of one core, 11 of two: gmm 5.6, ksd 2.8, bipsda 2, levy 3.4, tilt 1.7, mgps 1.6,
calibration-1d 1.3, digits-gmm 3.8. It has not been run as a whole. \`--limit\`, \`--seeds\` and \`--samples\` ask for more.

`

const coverageIntro = `## Every method on every suite

On how many cases of a suite a method was measured, all problems together. *Stopped* is what had not come to its end when its time on one case was over, with
the seconds it was given, on a machine that had other work; *diverges* what gave numbers that are none; – is what does not fit, for a reason that stands on the suite's page.

`

/** Methods against suites. */
function coverage(runs: readonly SuiteResults[]): string {
  const names = suites.map(({ name }) => name)
  const rows = methods.names.toSorted().map((method) => [
    `[${method}](methods/${method}.md)`,
    ...names.map((name) =>
      standingText(
        standingOf(
          method,
          runs.filter(({ suite }) => suite === name),
        ),
      ),
    ),
  ])
  return `${coverageIntro}${table(['method', ...names], rows, (column) => column > 0)}\n`
}

/** Writes a page for each suite that has results, and the list. */
export function drawCalibration(only: readonly string[]): void {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : []
  const runs = files.sort().flatMap((file) => {
    const run = read(file)
    // More of a suite may lie in a file of another name: it has a page of that name.
    const page = file.replace(/\.json$/, '')
    return run.suites.map((results) => ({
      run,
      results,
      name: run.suites.length === 1 ? page : results.suite,
    }))
  })
  for (const { name, run, results } of runs)
    if (only.length === 0 || only.includes(name))
      write(
        `docs/calibration/${name}.md`,
        pageOf(
          name,
          run,
          results,
          runs.map((other) => other.results).filter(({ suite }) => suite === results.suite),
        ),
      )
  const rows = suites.flatMap(({ name, title, problems, metrics }) => {
    const what = [title, String(problems.length), metrics.join(', ')]
    const found = runs.filter(({ results }) => results.suite === name)
    if (found.length === 0) return [[name, ...what, 'not measured yet']]
    return found.map(({ name: page, results: { extent } }) => [
      `[${page}](calibration/${page}.md)`,
      ...what,
      `${extent.problems.length} problems, ${extent.seeds} cases × ${extent.samples} samples`,
    ])
  })
  write(
    'docs/calibration.md',
    `${intro}${table(['suite', 'what', 'problems', 'metrics', 'measured here'], rows, () => false)}\n\n${coverage(runs.map(({ results }) => results))}`,
  )
}
