import type { OperatorFacts } from '@tweedie/runs'
import { exampleOperator, operatorFacts, operatorWords } from '@tweedie/runs'
import type { Catalog, Metric, NoiseEntry, OperatorEntry } from '@tweedie/solvers'
import { metrics, noises, operators, samplers, schedules } from '@tweedie/solvers'
import { Command } from 'commander'
import type { Io } from '../io.ts'
import type { Summarised } from '../terminal/catalog.ts'
import { catalogData, catalogTable } from '../terminal/catalog.ts'
import { formatTable } from '../terminal/table.ts'

/** The options of every command that prints a list. */
export interface ListOptions {
  readonly json?: boolean
}

/** Prints data as JSON where it was asked for, otherwise text. */
export const print = (io: Io, options: ListOptions, data: unknown, text: () => string): void =>
  io.out(options.json === true ? `${JSON.stringify(data, null, 2)}\n` : text())

/** What a list says of its entries beside their options, and how one is found. */
interface Said<E> {
  /** In a few words. */
  readonly facts?: (entry: E) => string
  /** For `--json`. */
  readonly data?: (entry: E) => object
  readonly find?: (io: Io, name: string) => E | Promise<E>
}

/** A command that prints a catalog, or one entry of it, with all options. */
const listCommand =
  <E extends Summarised>(
    name: string,
    catalog: Catalog<E>,
    description: string,
    { facts, data = () => ({}), find = (_, name) => catalog.find(name) }: Said<E> = {},
  ) =>
  (io: Io): Command =>
    new Command(name)
      .description(description)
      .argument('[name]', 'show this one only')
      .option('--json', 'print JSON')
      .action(async (only: string | undefined, options: ListOptions) => {
        const shown = only === undefined ? [...catalog] : [await find(io, only)]
        const rows = catalogData(shown).map((row, i) => ({ ...row, ...data(shown[i]!) }))
        print(io, options, rows, () => catalogTable(catalog.kind, shown, io, facts))
      })

/** What methods can ask of a noise, and it has. */
function noiseFacts(entry: NoiseEntry): string {
  const { sigma, likelihood } = entry.make()
  const has = [...(sigma === undefined ? [] : ['σ_y']), ...(likelihood === undefined ? [] : ['likelihood'])]
  return has.length === 0 ? 'to sample only' : `has ${has.join(' and ')}`
}

/** What an operator has with the options of its example; where none can be made, only what its kind says. */
const factsOf = (entry: OperatorEntry): Partial<OperatorFacts> => {
  const operator = exampleOperator(entry)
  return operator === undefined ? { linear: entry.info.linear } : operatorFacts(operator)
}

const metricFacts = ({ info: { unit, better, target } }: Metric): string => {
  const best = target === undefined ? `${better} is better` : `${target} is best`
  return unit === '' ? best : `${unit}, ${best}`
}

/** The commands that print a catalog, by what they print. */
export const listCommands = [
  listCommand<OperatorEntry>(
    'operators',
    operators,
    'The measurements that --operator takes, with their options.',
    {
      facts: (entry) => operatorWords(factsOf(entry)),
      data: factsOf,
      find: async (io, name) => {
        const { resolveOperatorKind } = await import('../resolve.ts')
        return resolveOperatorKind(io, name, 'operators')
      },
    },
  ),
  listCommand('noises', noises, 'The laws of noise that --noise takes, with their options.', {
    facts: noiseFacts,
  }),
  listCommand('metrics', metrics, 'The scores of restorations.', { facts: metricFacts }),
  listCommand('samplers', samplers, 'The samplers, with their options.'),
  listCommand('schedules', schedules, 'The noise schedules of priors, with their options.'),
]

export function priorsCommand(io: Io): Command {
  return new Command('priors')
    .description('The priors that --prior takes.')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => {
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
