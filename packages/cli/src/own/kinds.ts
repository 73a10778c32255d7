import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { InputRecord } from '@tweedie/runs'
import type { AnyMethod, OperatorEntry, Prior } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { absolute } from '../files/write.ts'
import type { Io } from '../io.ts'
import type { OwnModule } from './module.ts'
import { importOwn, ownModule } from './module.ts'

const has = <K extends string>(
  value: unknown,
  ...names: readonly K[]
): value is Readonly<Record<K, unknown>> =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  names.every((name) => name in value)

const isMethod = (value: unknown): value is AnyMethod =>
  typeof value === 'function' &&
  has(value, 'info', 'run') &&
  has(value.info, 'name', 'options', 'needs', 'evaluations')

const isOperator = (value: unknown): value is OperatorEntry =>
  typeof value === 'function' && has(value, 'info', 'make') && has(value.info, 'name', 'options', 'summary')

const isPrior = (value: unknown): value is Prior =>
  has(value, 'name', 'shape', 'schedule', 'denoise') &&
  typeof value.denoise === 'function' &&
  Array.isArray(value.shape) &&
  has(value.schedule, 'alpha', 'sigma', 'clean', 'noisiest', 'timeOfNoiseLevel')

/** What is wanted of a module, and what makes it. */
const kinds = {
  method: { is: isMethod, wanted: 'a method, which defineMethod makes' },
  operator: { is: isOperator, wanted: 'an operator, which defineLinear or defineOperator makes' },
  prior: { is: isPrior, wanted: 'a prior (name, shape, schedule, denoise), or a function that returns one' },
} as const

/** The kinds of module that a user may bring. */
export type OwnKind = keyof typeof kinds

const load = (io: Pick<Io, 'cwd'>, module: OwnModule, option: string) =>
  importOwn(absolute(io.cwd, module.file), module, option)

/** What a value is in a word or two, for messages. */
function described(value: unknown): string {
  const kind = Object.entries(kinds).find(([, { is }]) => is(value))?.[0]
  return kind === undefined ? (value === null ? 'null' : typeof value) : `a kind of ${kind}`
}

const refuse = (module: OwnModule, kind: OwnKind, value: unknown) =>
  new OptionError(
    kind,
    `the default export of '${module.file}' is ${described(value)}, not ${kinds[kind].wanted}`,
  )

/** A prior, or what a function that is no method or operator returns. */
const made = (value: unknown): unknown =>
  typeof value === 'function' && !has(value, 'info') ? value() : value

/**
 * The method that a module exports by default.
 * @throws {OptionError | FileFormatError} naming its kind, where it cannot be loaded or exports something else.
 */
export async function ownMethod(io: Pick<Io, 'cwd'>, module: OwnModule): Promise<AnyMethod> {
  const value = await load(io, module, 'method')
  if (isMethod(value)) return value
  throw refuse(module, 'method', value)
}

/**
 * The kind of operator that a module exports by default.
 * @throws {OptionError | FileFormatError} naming its kind, where it cannot be loaded or exports something else.
 */
export async function ownOperator(io: Io, module: OwnModule): Promise<OperatorEntry> {
  const value = await load(io, module, 'operator')
  if (isOperator(value)) return value
  throw refuse(module, 'operator', value)
}

/**
 * The prior that a module exports by default, or that its default export, a function, returns.
 * @throws {OptionError | FileFormatError} naming its kind, where it cannot be loaded or exports something else.
 */
export async function ownPrior(io: Io, module: OwnModule): Promise<Prior> {
  const value = await made(await load(io, module, 'prior'))
  if (isPrior(value)) return value
  throw refuse(module, 'prior', value)
}

/** Something of the user's, and what it is. */
export type OwnThing =
  | { readonly kind: 'method'; readonly value: AnyMethod }
  | { readonly kind: 'operator'; readonly value: OperatorEntry }
  | { readonly kind: 'prior'; readonly value: Prior }

/**
 * What a module exports by default, whichever kind it is.
 * @throws {OptionError | FileFormatError} where it cannot be loaded, or exports none of the kinds.
 */
export async function ownAny(io: Io, module: OwnModule, option: string): Promise<OwnThing> {
  const value = await load(io, module, option)
  if (isMethod(value)) return { kind: 'method', value }
  if (isOperator(value)) return { kind: 'operator', value }
  const prior = await made(value)
  if (isPrior(prior)) return { kind: 'prior', value: prior }
  throw new OptionError(
    option,
    `the default export of '${module.file}' is ${described(prior)}; a method, an operator or a prior is wanted`,
  )
}

/** The modules among some texts of a command line, as the inputs of a run. */
export async function ownInputs(io: Io, texts: readonly string[]): Promise<InputRecord[]> {
  const files = new Set(texts.flatMap((text) => ownModule(text)?.file ?? []))
  return Promise.all(
    Array.from(files, async (file) => {
      const bytes = await readFile(absolute(io.cwd, file))
      return { file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    }),
  )
}
