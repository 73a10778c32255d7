import { methodFacts, operatorsThatFit } from '@tweedie/runs'
import type { AnyMethod, Preset } from '@tweedie/solvers'
import { costWords, formatSpec, methods, operators, presetsOf } from '@tweedie/solvers'
import { Command } from 'commander'
import wrapAnsi from 'wrap-ansi'
import type { Io } from '../io.ts'
import { optionData, optionTable } from '../terminal/catalog.ts'
import type { Paper } from '../terminal/table.ts'
import { formatTable } from '../terminal/table.ts'
import type { ListOptions } from './lists.ts'
import { print } from './lists.ts'

/** A method as plain data. */
const dataOf = ({ info }: AnyMethod) => ({
  name: info.name,
  title: info.title,
  family: info.family,
  paper: info.paper,
  limits: info.limits,
  ...methodFacts(info),
  presets: presetsOf({ info }),
  options: optionData(info),
})

type Row = ReturnType<typeof dataOf>

const yes = (is: boolean) => (is ? 'yes' : 'no')

const table = (rows: readonly Row[], paper: Paper): string =>
  formatTable(
    rows,
    [
      { title: 'method', value: (row) => row.name, tint: (_, c) => c.bold },
      { title: 'title', least: 14, value: (row) => row.title },
      { title: 'family', value: (row) => row.family },
      { title: 'cost', value: (row) => row.cost },
      { title: 'needs', least: 12, value: (row) => row.needs.join(', ') || '–' },
      { title: 'noise', least: 8, value: (row) => row.noise },
      { title: 'nonlinear', value: (row) => yes(row.nonlinear) },
      { title: 'blind', value: (row) => yes(row.blind) },
    ],
    paper,
  )

/** Lines no longer than the paper is wide. */
const wrapped = (text: string, { columns }: Paper): string =>
  columns === undefined ? text : wrapAnsi(text, columns, { hard: true })

/** What the letters of the table mean. */
const legend = (paper: Paper): string => {
  const letters = Object.values(costWords).map(({ letter, words }) => `${letter} ${words}`)
  return wrapped(
    `Cost of a step: S one call of the denoiser; ${letters.join('; ')}. Blind: finds something of the operator as well.`,
    paper,
  )
}

const presetTable = (presets: readonly Preset[], paper: Paper): string =>
  formatTable(
    presets,
    [
      { title: 'preset', value: ({ name }) => name, tint: (_, c) => c.bold },
      { title: 'operator', least: 10, value: ({ operator }) => operator ?? '–' },
      { title: 'noise', least: 8, value: ({ noise }) => noise ?? '–' },
      { title: 'settings', least: 14, value: ({ settings }) => formatSpec('', settings).slice(1) },
    ],
    paper,
  )

/** Where the numbers of presets come from. */
const provenance = (presets: readonly Preset[], paper: Paper): string =>
  presets.map(({ name, from }) => `${wrapped(`${name}: ${from}`, paper)}\n`).join('')

/** All there is to say of one method. */
function page(method: AnyMethod, row: Row, paper: Paper): string {
  const { name, paper: source, limits, presets } = row
  const fits = operatorsThatFit(method.info, operators)
  const words = [
    ...(source === undefined
      ? []
      : [
          `Paper: ${source.authors}, ${source.arxiv === undefined ? source.url : `arXiv ${source.arxiv}`}, ${source.algorithm}.`,
        ]),
    `Operators: ${fits.length === operators.names.length ? 'all' : fits.join(', ') || 'none of ours'}.`,
    `Noise: ${row.noise}.`,
    ...(limits === undefined ? [] : [`Limits: ${limits}`]),
  ]
  const [first] = presets
  const given =
    first === undefined
      ? ''
      : `\n${presetTable(presets, paper)}\n${provenance(presets, paper)}\n${wrapped(`Take one by --preset ${name}/${first.name}; what --method, --set and --steps say goes before it.`, paper)}\n`
  return `${words.map((line) => wrapped(line, paper)).join('\n')}\n\n${optionTable(method.info, paper)}${given}`
}

export function methodsCommand(io: Io): Command {
  return new Command('methods')
    .description('The methods: family, paper, cost, what they need and which noise and operators they take.')
    .argument('[name]', 'show all of this one, by its name or the path of your module')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, options: ListOptions) => {
      const { resolveMethod } = await import('../resolve.ts')
      const one = name === undefined ? undefined : (await resolveMethod(io, name, 'methods')).entry
      const rows = (one === undefined ? [...methods] : [one]).map(dataOf)
      print(io, options, rows, () => {
        const head = `${table(rows, io)}\n${legend(io)}\n`
        const [row] = rows
        return one === undefined || row === undefined
          ? `${head}${wrapped('`tweedie methods NAME` shows the options, presets and limits of one.', io)}\n`
          : `${head}\n${page(one, row, io)}`
      })
    })
}
