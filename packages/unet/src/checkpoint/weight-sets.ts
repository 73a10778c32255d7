import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import type { ParamSource, PlainSource, WantedWeights } from '../param-source.ts'
import type { Checkpoint } from './checkpoint.ts'
import { inTorchOrder, listed } from './parameter-lists.ts'

/** A set of weights in a file, and where each parameter of it lies. */
interface WeightSet {
  /** What stands before its names, up to a dot; '' for names as they are. */
  readonly prefix: string
  /** Names in the file by the names of the network; left out where `prefix` is all that differs. */
  readonly names?: () => ReadonlyMap<string, string>
  /** What else is particular about its names, in words. */
  readonly how?: string
}

/** Parts of keys that say that a set is the moving average of another. */
const averaged = /(^|[._])(ema|averaged?|shadow(_params)?|swa)([._\d]|$)/i
/** Of two under one such key, that which is being trained. */
const online = /(^|[._])online(_model)?\./i
const isAverage = ({ prefix }: WeightSet) => averaged.test(prefix) && !online.test(prefix)

/** What optimisers call what they keep of each parameter. */
const moment = /(^|\.)state\.\d+\.\w+$/

const keyOf = ({ prefix }: WeightSet) => (prefix === '' ? '.' : prefix.replace(/\.$/, ''))

const list = (sets: readonly WeightSet[]) => {
  const shown = sets.slice(0, 8).map((set) => show(keyOf(set)) + (isAverage(set) ? ' (EMA)' : ''))
  return shown.join(', ') + (sets.length > 8 ? ` and ${sets.length - 8} more` : '')
}

/**
 * The weights of a network among all that a training saves: under a key or none, a moving average (EMA) before what it
 * averages, with names, with names that have lost their dots (Lightning's `LitEma`), or as a list in the order of the
 * parameters. `wanted.key` chooses another.
 * @param inOrder - Whether the file has its names in the order of PyTorch, as torch's own have.
 * @throws {FileFormatError} for an optimiser's file, for a key that is not there, and where several sets are left to choose
 *   from; with the keys that there are.
 */
export function chooseWeights(
  source: ParamSource,
  wanted: WantedWeights,
  { inOrder = false }: { readonly inOrder?: boolean } = {},
): PlainSource {
  const { key, path } = wanted
  const names = source.entries.map(({ name }) => name)
  if (names.length > 0 && names.every((name) => moment.test(name)))
    throw new FileFormatError(
      path,
      `is the file of an optimiser: it holds moments such as ${show(names.find((name) => !/\.step$/.test(name)) ?? '')}, not weights; take the file of the model beside it`,
    )
  const sets = setsOf(source, names, wanted, inOrder)
  const chosen = key === undefined ? unasked(sets, path) : asked(sets, key, path)
  if (chosen === undefined) return { source, notes: [] }
  const others = sets.filter((set) => set !== chosen)
  const plain =
    chosen.names === undefined ? stripped(source, names, chosen, others) : renamed(source, chosen.names())
  return {
    source: plain,
    notes: [noteOf(chosen, others, names, wanted)].filter((note) => note !== ''),
  }
}

/** A file with its weights to choose from. */
export const choosing = <File extends Pick<Checkpoint, 'format'>>(
  file: File,
): File & Pick<ParamSource, 'choose'> => {
  const inOrder = file.format === 'torch'
  return { ...file, choose: (source, wanted) => chooseWeights(source, wanted, { inOrder }) }
}

/** All sets of weights: those with names, those without dots, lists. */
function setsOf(
  source: ParamSource,
  names: readonly string[],
  wanted: WantedWeights,
  inOrder: boolean,
): WeightSet[] {
  const { landmark, spec, path } = wanted
  const named = names
    .filter((name) => name === landmark || name.endsWith(`.${landmark}`))
    .map((name): WeightSet => ({ prefix: name.slice(0, name.length - landmark.length) }))
  const shapes = new Map(source.entries.map(({ name, shape }) => [name, shape]))
  const first = named.find((set) => !isAverage(set))
  const all = new Set(names)
  let known: readonly (readonly [name: string, shape: readonly number[]])[] | undefined
  const order = () => (known ??= ordered())
  /** Names in the order of PyTorch: of a set beside it, or of the network. */
  const ordered = (): readonly (readonly [name: string, shape: readonly number[]])[] =>
    first === undefined || !inOrder
      ? inTorchOrder(Object.keys(spec ?? {})).map((name) => [name, spec?.[name] ?? []])
      : names
          .filter((name) => name.startsWith(first.prefix))
          .map((name) => [name.slice(first.prefix.length), shapes.get(name) ?? []])
  const dotless = landmark.replaceAll('.', '')
  const joined = names
    .filter((name) => dotless !== landmark && name.endsWith(dotless) && averaged.test(name))
    .map((name): WeightSet => {
      const prefix = name.slice(0, -dotless.length)
      return {
        prefix,
        how: ', whose names have lost their dots',
        names: () =>
          new Map(
            order()
              .map(([name]) => [name, prefix + name.replaceAll('.', '')] as const)
              .filter(([, stored]) => all.has(stored)),
          ),
      }
    })
  const lists = listed(names)
    .filter(({ prefix, count }) => averaged.test(prefix) || (named.length === 0 && count === order().length))
    .map(
      ({ prefix, count }): WeightSet => ({
        prefix,
        how: ', a list in the order in which PyTorch gives the parameters',
        names: () => matched(prefix, count, order(), shapes, path),
      }),
    )
  return [...named, ...joined, ...lists]
}

/** Names that modules give to what is no parameter. */
const buffer = /(^|\.)(running_mean|running_var|num_batches_tracked)$/

/** The members of a list by the names of the parameters in their order. */
function matched(
  prefix: string,
  count: number,
  order: readonly (readonly [name: string, shape: readonly number[]])[],
  shapes: ReadonlyMap<string, readonly number[]>,
  path: string,
): ReadonlyMap<string, string> {
  const parameters = order.filter(([name]) => !buffer.test(name))
  if (parameters.length !== count)
    throw new FileFormatError(
      path,
      `the list under ${show(prefix)} has ${count} tensors, the network ${parameters.length} parameters`,
    )
  return new Map(
    parameters.map(([name, shape], i) => {
      const stored = `${prefix}${i}`
      const found = shapes.get(stored) ?? []
      if (found.join() !== shape.join())
        throw new FileFormatError(
          path,
          `number ${i} of the list under ${show(prefix)} is [${found.join(', ')}], but ${show(name)}, which is number ${i} of the network's parameters, is [${shape.join(', ')}]`,
        )
      return [name, stored]
    }),
  )
}

/** The set of a key. */
function asked(sets: readonly WeightSet[], key: string, path: string): WeightSet {
  const exact = sets.filter((set) => keyOf(set) === key)
  const within = sets.filter(({ prefix }) => prefix.startsWith(`${key}.`))
  const averages = within.filter(isAverage)
  const anywhere = sets.filter(({ prefix }) => prefix.includes(`.${key}.`))
  const found = [exact, within, averages, within.length === 0 ? anywhere : []].find(
    ({ length }) => length === 1,
  )?.[0]
  if (found !== undefined) return found
  throw new FileFormatError(
    path,
    within.length > 1
      ? `there are ${within.length} sets of weights under the key ${show(key)}: ${list(within)}`
      : `there are no weights of this network under the key ${show(key)}; ${sets.length === 0 ? 'there are none at all' : `there are ${list(sets)}`}`,
  )
}

/** The set that is meant where nobody says it; undefined where there is none. */
function unasked(sets: readonly WeightSet[], path: string): WeightSet | undefined {
  const averages = sets.filter(isAverage)
  const plain = sets.find(({ prefix }) => prefix === '')
  if (averages.length <= 1) {
    const only = averages[0] ?? plain ?? (sets.length <= 1 ? sets[0] : undefined)
    if (only !== undefined || sets.length === 0) return only
  }
  throw new FileFormatError(
    path,
    `holds ${sets.length} sets of weights, under ${list(sets)}; give the key of the one that is meant`,
  )
}

/** The set of names behind a prefix; of those as they are, what no other set has. */
function stripped(
  source: ParamSource,
  names: readonly string[],
  { prefix }: WeightSet,
  others: readonly WeightSet[],
): ParamSource {
  const foreign = (name: string) => prefix === '' && others.some((set) => name.startsWith(set.prefix))
  if (prefix === '' && !names.some(foreign)) return source
  const kept = source.entries.filter(({ name }) => name.startsWith(prefix) && !foreign(name))
  return {
    entries: kept.map((entry) => ({ ...entry, name: entry.name.slice(prefix.length) })),
    values: (name, into) => source.values(prefix + name, into),
  }
}

function renamed(source: ParamSource, names: ReadonlyMap<string, string>): ParamSource {
  const entries = new Map(source.entries.map((entry) => [entry.name, entry]))
  return {
    entries: [...names].flatMap(([name, stored]) => {
      const entry = entries.get(stored)
      return entry === undefined ? [] : [{ ...entry, name }]
    }),
    values: (name, into) => source.values(names.get(name) ?? name, into),
  }
}

/** What was chosen, in a sentence; '' where there was nothing to choose. */
function noteOf(
  chosen: WeightSet,
  others: readonly WeightSet[],
  names: readonly string[],
  { path, key }: WantedWeights,
): string {
  const left = names.filter((name) => !name.startsWith(chosen.prefix))
  const beside =
    left.length === 0 ? '' : `; ${left.length} others, such as ${show(left[0] ?? '')}, are left out`
  const { how = '' } = chosen
  if (key === undefined && isAverage(chosen) && others.length > 0)
    return `${path}: the weights under the key ${show(keyOf(chosen))} are taken${how}: the moving average (EMA); there are also ${list(others)}`
  if (others.length > 0 || how !== '')
    return `${path}: the weights under the key ${show(keyOf(chosen))} are taken${how}${others.length > 0 ? `; there are also ${list(others)}` : ''}`
  if (chosen.prefix === '') return ''
  return `${path}: the names begin with ${show(chosen.prefix)}, which is taken off${beside}`
}
