import type { AnyMethod, Catalog, Metric, Need, NoiseEntry } from '@tweedie/solvers'
import {
  methods,
  metrics,
  needRules,
  noises,
  operators,
  samplers,
  schedules,
  takesNonlinear,
} from '@tweedie/solvers'
import { Command } from 'commander'
import type { Io } from '../io.ts'
import type { Summarised } from '../terminal/catalog.ts'
import { catalogData, catalogTable, optionData, optionTable } from '../terminal/catalog.ts'
import { formatTable } from '../terminal/table.ts'

interface Options {
  readonly json?: boolean
}

const print = (io: Io, options: Options, data: unknown, text: () => string) =>
  io.out(options.json === true ? `${JSON.stringify(data, null, 2)}\n` : text())

/** A command that prints a catalog, or one entry of it, with all options. */
const listCommand =
  <E extends Summarised>(
    name: string,
    catalog: Catalog<E>,
    description: string,
    facts?: (entry: E) => string,
    find: (io: Io, name: string) => E | Promise<E> = (_, name) => catalog.find(name),
  ) =>
  (io: Io): Command =>
    new Command(name)
      .description(description)
      .argument('[name]', 'show this one only')
      .option('--json', 'print JSON')
      .action(async (only: string | undefined, options: Options) => {
        const shown = only === undefined ? [...catalog] : [await find(io, only)]
        print(io, options, catalogData(shown), () => catalogTable(catalog.kind, shown, io, facts))
      })

/** What methods can ask of a noise, and it has. */
function noiseFacts(entry: NoiseEntry): string {
  const { sigma, likelihood } = entry.make()
  const has = [...(sigma === undefined ? [] : ['σ_y']), ...(likelihood === undefined ? [] : ['likelihood'])]
  return has.length === 0 ? 'to sample only' : `has ${has.join(' and ')}`
}

const metricFacts = ({ info: { unit, better, target } }: Metric): string => {
  const best = target === undefined ? `${better} is better` : `${target} is best`
  return unit === '' ? best : `${unit}, ${best}`
}

/** The commands that print a catalog, by what they print. */
export const listCommands = [
  listCommand(
    'operators',
    operators,
    'The measurements that --operator takes, with their options.',
    undefined,
    async (io, name) => {
      const { resolveOperatorKind } = await import('../resolve.ts')
      return resolveOperatorKind(io, name, 'operators')
    },
  ),
  listCommand('noises', noises, 'The laws of noise that --noise takes, with their options.', noiseFacts),
  listCommand('metrics', metrics, 'The scores of restorations.', metricFacts),
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

const source = ({ arxiv, url }: NonNullable<AnyMethod['info']['paper']>): string =>
  arxiv === undefined ? (url ?? '–') : `arXiv ${arxiv}`

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
      const one = name === undefined ? undefined : (await resolveMethod(io, name, 'methods')).entry
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
              value: ({ paper }) => (paper === undefined ? '–' : `${source(paper)}, ${paper.algorithm}`),
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
