// The generated part of the pages of docs/methods: pure functions from what methods say of themselves, and from what
// was measured of them last, to Markdown.
import type { MethodFacts } from '@tweedie/runs'
import { methodFacts } from '@tweedie/runs'
import type { AnyMethod, MethodInfo, OptionSpec } from '@tweedie/solvers'
import { costOf, costWords, formatSpec, formatValue, presetsOf } from '@tweedie/solvers'
import type { Distances, Measured } from './measured.ts'

/** What a cell of a Markdown table may hold. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** A table in Markdown. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  isRight: (column: number) => boolean = () => false,
): string =>
  [head, head.map((_, i) => (isRight(i) ? '--:' : '---')), ...rows]
    .map((row, r) => `| ${row.map((text) => (r === 1 ? text : cell(text))).join(' | ')} |`)
    .join('\n')

const code = (text: string): string => `\`${text}\``

/** Options that every run has and that say nothing of a method. */
const common = new Set(['seed', 'firstSample', 'resume'])

const standard = ({ default: value, otherwise }: OptionSpec<unknown>): string =>
  value === undefined ? (otherwise ?? '–') : code(formatValue(value))

const optionRows = ({ options }: MethodInfo): string[][] =>
  Object.entries(options)
    .filter(([name, { control }]) => !common.has(name) && control.kind !== 'object')
    .map(([name, spec]) => [code(name), standard(spec), spec.range, spec.doc])

const paperOf = ({ paper }: MethodInfo): string =>
  paper === undefined
    ? '–'
    : `${paper.authors}, ${
        paper.arxiv === undefined
          ? `[${paper.url}](https://${paper.url})`
          : `[arXiv ${paper.arxiv}](https://arxiv.org/abs/${paper.arxiv})`
      }, ${paper.algorithm}`

/** A cost class with what its letters mean, such as `S+D: a decomposition …`. */
function costInWords(info: MethodInfo, facts: MethodFacts): string {
  const words = costOf(info).map((one) => costWords[one].words)
  return `${facts.cost}: one call of the denoiser${words.map((each) => `; ${each}`).join('')}`
}

/** Three digits. */
const short = (value: number): string => String(Number(value.toPrecision(3)))

/** The cells of a method's row in the table of distances. */
export const distanceCells = (row: Distances, problems: readonly string[]): string[] =>
  problems.flatMap((problem) => {
    const found = row[problem]
    return found === undefined || typeof found === 'string'
      ? ['–', '–', '–']
      : [short(found.sliced), short(found.mean), short(found.covariance)]
  })

/** The heading of that table. */
export const distanceHead = (problems: readonly string[]): string[] =>
  problems.flatMap((problem) => [`${problem}: SW`, 'mean', 'covariance'])

/** The problems of the table. */
export const distanceProblems = ({ distances }: Measured): string[] => Object.keys(distances['exact'] ?? {})

function distanceTable(name: string, measured: Measured): string {
  const problems = distanceProblems(measured)
  const [row, exact] = [measured.distances[name], measured.distances['exact']]
  if (row === undefined || exact === undefined) return ''
  const rows = [
    [code(measured.runs[name] ?? name), ...distanceCells(row, problems)],
    ['exact draws', ...distanceCells(exact, problems)],
  ]
  const why = Object.entries(row).flatMap(([problem, found]) =>
    typeof found === 'string' ? [`${problem}: ${found}.`] : [],
  )
  return `**Distance from the exact posterior**, on the problems of [exact.md](../exact.md):

${table(['', ...distanceHead(problems)], rows, (i) => i > 0)}
${why.length === 0 ? '' : `\n${why.join(' ')}\n`}`
}

/** What a frame is made of beside the method. */
export interface FrameSource {
  readonly measured: Measured
  /** Whether there is a picture of its run. */
  readonly picture: boolean
}

/** What stands between the markers of a method's page. */
export function frameOf({ info }: AnyMethod, { measured, picture }: FrameSource): string {
  const facts = methodFacts(info)
  const { name, title, limits } = info
  const presets = presetsOf({ info })
  const rows = [
    ['name', `${code(name)}; from TypeScript ${code(camel(name))}`],
    ['paper', paperOf(info)],
    ['family', info.family],
    ['cost of a step', costInWords(info, facts)],
    ['needs', facts.needs.join(', ') || 'nothing'],
    ['operators that are not linear', facts.nonlinear ? 'yes' : 'no'],
    ['noise', facts.noise],
    ['blind', facts.blind ? 'yes' : 'no'],
    ...(limits === undefined ? [] : [['limits', limits]]),
  ]
  const parts = [
    table(['', ''], rows),
    ...(picture
      ? [
          `![${title} on a held-out digit: truth, measurement, the denoised guess on its way, the restoration](../images/methods/${name}.png)`,
        ]
      : []),
    `**Options**\n\n${table(['option', 'default', 'values', 'what'], optionRows(info))}`,
    ...(presets.length === 0
      ? []
      : [
          `**Presets**, such as ${code(`tweedie restore IMG.png --operator … --preset ${name}/${presets[0]?.name}`)}\n\n${table(
            ['preset', 'operator', 'noise', 'settings', 'from'],
            presets.map((preset) => [
              code(preset.name),
              preset.operator === undefined ? '–' : code(preset.operator),
              preset.noise === undefined ? '–' : code(preset.noise),
              code(formatSpec('', preset.settings).slice(1)),
              preset.from,
            ]),
          )}`,
        ]),
    ...[distanceTable(name, measured)].filter((part) => part !== '').map((part) => part.trimEnd()),
  ]
  return `\n${parts.join('\n\n')}\n`
}

/** `red-diff` as a name of the package. */
const camel = (name: string): string =>
  name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const open = '<!-- facts -->'
const close = '<!-- /facts -->'

/** A page with its frame renewed; undefined where it has no markers. */
export function framed(page: string, frame: string): string | undefined {
  const [start, end] = [page.indexOf(open), page.indexOf(close)]
  return start < 0 || end < start
    ? undefined
    : `${page.slice(0, start + open.length)}\n${frame}\n${page.slice(end)}`
}

/** The headings of a page, in this order, after its title. */
export const headings = [
  'What it approximates',
  'The update',
  'Cost',
  'When it fails',
  'Where its defaults come from',
] as const

/** What is wrong with the body of a page, in words. */
export function faultsOf(page: string): string[] {
  const lines = page.replace(/^```[\s\S]*?^```$/gm, '').split('\n')
  const found = lines.flatMap((line) => /^#+ .*/.exec(line)?.[0] ?? [])
  const wanted = headings.map((heading) => `## ${heading}`)
  const [title = '', ...rest] = found
  return [
    ...(/^# \S/.test(title) && lines[0] === title ? [] : ['it does not begin with a title']),
    ...(rest.join('\n') === wanted.join('\n') ? [] : [`its headings are not ${wanted.join(', ')}`]),
    ...(framed(page, '') === undefined ? [`${open} and ${close} are not there`] : []),
    ...wanted.flatMap((heading) => {
      const body = page.split(`${heading}\n`)[1]?.split('\n## ')[0]?.trim() ?? ''
      return body === '' ? [`there is nothing under '${heading}'`] : []
    }),
  ]
}

/** The page that lists all methods. */
export function indexOf(methods: Iterable<AnyMethod>, measured: Measured): string {
  const all = [...methods]
  const rows = all.map(({ info }) => {
    const facts = methodFacts(info)
    return [
      `[${info.name}](${info.name}.md)`,
      info.title,
      info.family,
      facts.cost,
      facts.needs.join(', ') || '–',
      facts.noise,
      facts.nonlinear ? 'yes' : 'no',
      facts.blind ? 'yes' : 'no',
      String(presetsOf({ info }).length),
    ]
  })
  const letters = Object.values(costWords).map(({ letter, words }) => `**${letter}** ${words}`)
  const problems = distanceProblems(measured)
  const near = all.flatMap(({ info }) => {
    const row = measured.distances[info.name]
    return row === undefined ? [] : [[`[${info.name}](${info.name}.md)`, ...distanceCells(row, problems)]]
  })
  const exact = measured.distances['exact']
  return `# Methods

Written by \`npm run docs\` from what the methods say of themselves; \`tweedie methods\` prints the same. Conventions, signs and
units are in [conventions.md](../conventions.md).

${table(['method', 'title', 'family', 'cost', 'needs', 'noise', 'nonlinear', 'blind', 'presets'], rows, (i) => i === 8)}

Cost of a step: **S** one call of the denoiser; ${letters.join('; ')}. Blind: finds something of the operator as well.
${
  exact === undefined
    ? ''
    : `
Distance from the exact posterior, smaller is nearer; [exact.md](../exact.md) has the problems, the options and what the
columns mean.

${table(['method', ...distanceHead(problems)], [['exact draws', ...distanceCells(exact, problems)], ...near], (i) => i > 0)}
`
}`
}
