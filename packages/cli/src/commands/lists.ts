import { Command } from 'commander'
import type { Io } from '../io.ts'
import { formatTable } from '../table.ts'

interface Options {
  readonly json?: boolean
}

const print = (io: Io, options: Options, data: unknown, text: () => string) =>
  io.out(options.json === true ? `${JSON.stringify(data, null, 2)}\n` : text())

export function methodsCommand(io: Io): Command {
  return new Command('methods')
    .description('The methods: family, paper, what they need and what they support.')
    .argument('[name]', 'show the options of this one')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, options: Options) => {
      const { findMethods, listMethods } = await import('../catalog.ts')
      if (name !== undefined) findMethods([name], 'methods')
      const rows = listMethods().filter((row) => name === undefined || row.name === name)
      print(io, options, rows, () => {
        const table = formatTable(
          rows,
          [
            { title: 'method', value: (row) => row.name, tint: (_, c) => c.bold },
            { title: 'title', least: 16, value: (row) => row.title },
            { title: 'family', value: (row) => row.family },
            { title: 'paper', least: 16, value: (row) => `arXiv ${row.paper.arxiv}, ${row.paper.algorithm}` },
            { title: 'needs', least: 18, value: (row) => row.needs.join(', ') || '–' },
            { title: 'supports', least: 18, value: (row) => row.supports.join(', ') || '–' },
          ],
          io,
        )
        if (name === undefined) return `${table}\n\`tweedie methods NAME\` shows the options of one.\n`
        const settings = formatTable(
          rows.flatMap((row) => row.options),
          [
            { title: 'option', value: (option) => option.name, tint: (_, c) => c.bold },
            { title: 'default', value: (option) => String(option.default ?? '–') },
            { title: 'values', least: 12, value: (option) => option.range },
            { title: 'what', least: 28, value: (option) => option.doc },
          ],
          io,
        )
        return `${table}\n${settings}`
      })
    })
}

export function operatorsCommand(io: Io): Command {
  return new Command('operators')
    .description('The measurements that --operator takes, with their options.')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const { listOperators } = await import('../catalog.ts')
      const operators = listOperators()
      const rows = operators.flatMap((operator) => [
        { name: operator.name, what: operator.summary, range: '', fallback: operator.example, head: true },
        ...operator.options.map((option) => ({
          name: `  ${option.name}${option.name === operator.positional ? ' *' : ''}`,
          what: option.summary,
          range: option.range,
          fallback: String(option.default),
          head: false,
        })),
      ])
      print(
        io,
        options,
        operators,
        () =>
          `${formatTable(
            rows,
            [
              { title: 'operator', value: (row) => row.name, tint: (row, c) => (row.head ? c.bold : String) },
              { title: 'what', least: 24, value: (row) => row.what },
              { title: 'values', least: 14, value: (row) => row.range },
              { title: 'default, or example', value: (row) => row.fallback },
            ],
            io,
          )}\n* may be given without its name, as in sr:4\n`,
      )
    })
}

export function priorsCommand(io: Io): Command {
  return new Command('priors')
    .description('The priors that --prior takes.')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const { listPriors } = await import('../priors.ts')
      const rows = await listPriors(io)
      print(io, options, rows, () =>
        formatTable(
          rows,
          [
            { title: 'prior', value: (row) => row.name, tint: (_, c) => c.bold },
            { title: 'shape', value: (row) => `[${row.shape.join(', ')}]` },
            { title: 'what', least: 20, value: (row) => row.title },
            { title: 'parameters', right: true, value: (row) => row.parameters?.toLocaleString('en') ?? '–' },
          ],
          io,
        ),
      )
    })
}
