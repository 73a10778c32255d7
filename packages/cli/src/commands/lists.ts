import type { AnyMethod, Catalog, Described, Need } from '@tweedie/solvers'
import { methods, needRules, operators, samplers, schedules, takesNonlinear } from '@tweedie/solvers'
import { Command } from 'commander'
import type { Io } from '../io.ts'
import { catalogData, catalogTable, optionData, optionTable } from '../terminal/catalog.ts'
import { formatTable } from '../terminal/table.ts'

interface Options {
  readonly json?: boolean
}

const print = (io: Io, options: Options, data: unknown, text: () => string) =>
  io.out(options.json === true ? `${JSON.stringify(data, null, 2)}\n` : text())

/** A command that prints a catalog, or one entry of it, with all options. */
const listCommand =
  <E extends Described & { readonly info: { readonly summary: string } }>(
    name: string,
    catalog: Catalog<E>,
    description: string,
    find: (io: Io, name: string) => E | Promise<E> = (_, name) => catalog.find(name),
  ) =>
  (io: Io): Command =>
    new Command(name)
      .description(description)
      .argument('[name]', 'show this one only')
      .option('--json', 'print JSON')
      .action(async (only: string | undefined, options: Options) => {
        const shown = only === undefined ? [...catalog] : [await find(io, only)]
        print(io, options, catalogData(shown), () => catalogTable(catalog.kind, shown, io))
      })

/** The commands that print a catalog, by what they print. */
export const listCommands = [
  listCommand(
    'operators',
    operators,
    'The measurements that --operator takes, with their options.',
    async (io, name) => {
      const { resolveOperatorKind } = await import('../resolve.ts')
      return resolveOperatorKind(io, name, 'operators')
    },
  ),
  listCommand('samplers', samplers, 'The samplers, with their options.'),
  listCommand('schedules', schedules, 'The noise schedules of priors, with their options.'),
]

/** The noise that a method can use, in words. */
const noiseWords = (needs: readonly Need[]): string =>
  needs.includes('sigma')
    ? 'gaussian noise'
    : needs.includes('likelihood')
      ? 'noise of a known likelihood'
      : 'any noise'

/** A method as plain data. */
const methodData = ({ info }: AnyMethod) => ({
  name: info.name,
  title: info.title,
  family: info.family,
  paper: info.paper,
  needs: info.needs.map((need) => needRules[need].words),
  supports: ['linear', ...(takesNonlinear(info.needs) ? ['nonlinear'] : []), noiseWords(info.needs)],
  options: optionData(info),
})

export function methodsCommand(io: Io): Command {
  return new Command('methods')
    .description('The methods: family, paper, what they need and what they support.')
    .argument('[name]', 'show the options of this one, by its name or the path of your module')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, options: Options) => {
      const { resolveMethod } = await import('../resolve.ts')
      const one = name === undefined ? undefined : await resolveMethod(io, name, 'methods')
      const rows = (one === undefined ? [...methods] : [one]).map(methodData)
      print(io, options, rows, () => {
        const table = formatTable(
          rows,
          [
            { title: 'method', value: (row) => row.name, tint: (_, c) => c.bold },
            { title: 'title', least: 16, value: (row) => row.title },
            { title: 'family', value: (row) => row.family },
            {
              title: 'paper',
              least: 16,
              value: ({ paper }) => (paper === undefined ? '–' : `arXiv ${paper.arxiv}, ${paper.algorithm}`),
            },
            { title: 'needs', least: 18, value: (row) => row.needs.join(', ') || '–' },
            { title: 'supports', least: 18, value: (row) => row.supports.join(', ') || '–' },
          ],
          io,
        )
        return one === undefined
          ? `${table}\n\`tweedie methods NAME\` shows the options of one.\n`
          : `${table}\n${optionTable(one.info, io)}`
      })
    })
}

export function priorsCommand(io: Io): Command {
  return new Command('priors')
    .description('The priors that --prior takes.')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const { listPriors } = await import('@tweedie/runs/node')
      const rows = await listPriors({ added: io.priors ?? {} })
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
