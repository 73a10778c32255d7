import type { Described, Info, OptionSpec } from '@tweedie/solvers'
import type { Column, Paper } from './table.ts'
import { formatTable } from './table.ts'

/** An option with its name, as tables and `--json` show it. */
interface NamedOption {
  readonly name: string
  readonly spec: OptionSpec<unknown>
}

/** The options that a text can give. */
const optionsOf = ({ options }: Info): NamedOption[] =>
  Object.entries(options)
    .filter(([, { control }]) => control.kind !== 'object')
    .map(([name, spec]) => ({ name, spec }))

/** What holds where an option is left out, in words. */
const standard = ({ default: value, otherwise }: OptionSpec<unknown>): string =>
  String(value ?? otherwise ?? '–')

/** The options of an entry as plain data. */
export const optionData = (info: Info) =>
  optionsOf(info).map(({ name, spec: { control, default: value, otherwise, doc, range } }) => ({
    name,
    ...control,
    default: value,
    otherwise,
    doc,
    range,
  }))

/** A table of the options of one entry. */
export const optionTable = (info: Info, paper: Paper): string =>
  formatTable(
    optionsOf(info),
    [
      { title: 'option', value: ({ name }) => name, tint: (_, c) => c.bold },
      { title: 'default', least: 7, value: ({ spec }) => standard(spec) },
      { title: 'values', least: 12, value: ({ spec }) => spec.range },
      { title: 'what', least: 28, value: ({ spec }) => spec.doc },
    ],
    paper,
  )

/** An entry of a catalog that says in a line what it is. */
export type Summarised = Described & {
  readonly info: { readonly summary: string } | { readonly title: string }
}

const summaryOf = ({ info }: Summarised): string => ('summary' in info ? info.summary : info.title)

/** Entries of a catalog as plain data. */
export const catalogData = (entries: readonly Summarised[]) =>
  entries.map(({ info }) => ({
    ...info,
    options: optionData(info).map(({ doc, default: value, otherwise, ...rest }) => ({
      ...rest,
      summary: doc,
      default: value ?? otherwise,
    })),
  }))

/** A line of {@link catalogTable}: an entry, or under it one of its options. */
interface Line {
  readonly name: string
  readonly what: string
  readonly values: string
  readonly standard: string
  readonly isEntry: boolean
}

function linesOf<E extends Summarised>(entry: E, facts: (entry: E) => string): Line[] {
  const { info } = entry
  const { name, example = '', positional } = info
  return [
    { name, what: summaryOf(entry), values: facts(entry), standard: example, isEntry: true },
    ...optionsOf(info).map(({ name, spec }) => ({
      name: `  ${name}${name === positional ? ' *' : ''}`,
      what: spec.doc,
      values: spec.range,
      standard: standard(spec),
      isEntry: false,
    })),
  ]
}

/** An entry with a bare value, such as `sr:4`, where it takes one. */
function bareExample({ info: { name, options, positional } }: Summarised): string[] {
  const standard = positional === undefined ? undefined : options[positional]?.default
  return standard === undefined ? [] : [`${name}:${standard}`]
}

/**
 * A table of any catalog: each entry, and under it its options.
 * @param kind - What the entries are.
 * @param facts - More to say of an entry, in a few words.
 */
export function catalogTable<E extends Summarised>(
  kind: string,
  entries: readonly E[],
  paper: Paper,
  facts: (entry: E) => string = () => '',
): string {
  const columns: readonly Column<Line>[] = [
    {
      title: kind,
      value: ({ name }) => name,
      tint: ({ isEntry }, c) => (isEntry ? c.bold : String),
    },
    { title: 'what', least: 24, value: ({ what }) => what },
    { title: 'values', least: 14, value: ({ values }) => values },
    { title: 'default, or example', value: (line) => line.standard },
  ]
  const table = formatTable(
    entries.flatMap((entry) => linesOf(entry, facts)),
    columns,
    paper,
  )
  const [bare] = entries.flatMap(bareExample)
  return bare === undefined ? table : `${table}\n* needs no name, as in ${bare}\n`
}
