import type { MethodInfo, MethodOptionSpec, OptionSpec } from '@tweedie/solvers'
import { methods, operators } from '@tweedie/solvers'
import { Command } from 'commander'
import type { Io } from '../io.ts'
import { formatTable } from '../terminal/table.ts'

const listOptions = (options: Readonly<Record<string, MethodOptionSpec>>) =>
  Object.entries(options)
    .filter(([, spec]) => spec.kind !== 'object')
    .map(([name, spec]) => ({ name, ...spec }))

const inWords: Readonly<Record<string, string>> = {
  denoiserVjp: 'denoiser gradient',
  operatorVjp: 'operator gradient',
  svd: 'SVD',
  pinv: 'pseudo-inverse',
  sigma: 'σ_y',
}

/** The methods as plain data. */
export const listMethods = () =>
  Object.entries<MethodInfo>(methods).map(([name, { title, family, paper, needs, supports, options }]) => ({
    name,
    title,
    family,
    paper,
    needs: Object.entries(needs)
      .filter(([, needed]) => needed)
      .map(([need]) => inWords[need] ?? need),
    supports: [
      ...(supports.linear ? ['linear'] : []),
      ...(supports.nonlinear ? ['nonlinear'] : []),
      ...supports.noise.map((noise) => `${noise} noise`),
    ],
    options: listOptions(options),
  }))

/** The operators as plain data. */
export const listOperators = () =>
  [...operators].map(({ info: { name, summary, example, positional, options } }) => ({
    name,
    summary,
    example,
    positional,
    options: Object.entries<OptionSpec<unknown>>(options)
      .filter(([, { control }]) => control.kind !== 'object')
      .map(([key, spec]) => ({
        name: key,
        summary: spec.doc,
        range: spec.range,
        default: spec.default ?? spec.otherwise,
      })),
  }))

interface Options {
  readonly json?: boolean
}

const print = (io: Io, options: Options, data: unknown, text: () => string) =>
  io.out(options.json === true ? `${JSON.stringify(data, null, 2)}\n` : text())

/** The values that an option of a method takes. */
function valuesOf(option: { kind: string; min?: number; max?: number; choices?: readonly string[] }): string {
  if (option.choices !== undefined) return option.choices.join(' | ')
  const from =
    option.min === undefined ? '' : ` ${option.min} …${option.max === undefined ? '' : ` ${option.max}`}`
  return `${option.kind}${from}`
}

export function methodsCommand(io: Io): Command {
  return new Command('methods')
    .description('The methods: family, paper, what they need and what they support.')
    .argument('[name]', 'show the options of this one')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, options: Options) => {
      const { resolveMethod } = await import('../resolve.ts')
      if (name !== undefined) await resolveMethod(name, 'methods')
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
            { title: 'values', least: 12, value: valuesOf },
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
      const all = listOperators()
      const rows = all.flatMap((operator) => [
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
        all,
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
