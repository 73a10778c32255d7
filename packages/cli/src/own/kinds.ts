import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AnyMethod, OperatorKind, Prior } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { Io } from '../io.ts'
import { absolute } from '../write.ts'
import type { OwnModule } from './module.ts'
import { importOwn } from './module.ts'

/** A value that a module of the user's brought, and the file it came from. */
export interface Own<T> {
  readonly value: T
  readonly record: { readonly file: string; readonly bytes: number; readonly sha256: string }
}

const has = <K extends string>(value: unknown, ...names: readonly K[]): value is Readonly<Record<K, unknown>> =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && names.every((name) => name in value)

const isMethod = (value: unknown): value is AnyMethod =>
  typeof value === 'function' && has(value, 'info') && has(value.info, 'name', 'options', 'needs', 'evaluations')

const isOperator = (value: unknown): value is OperatorKind =>
  typeof value === 'function' && has(value, 'info') && has(value.info, 'name', 'options', 'summary')

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

async function load(io: Io, module: OwnModule, option: string): Promise<Own<unknown>> {
  const path = absolute(io.cwd, module.file)
  const value = await importOwn(path, module, option)
  const bytes = await readFile(path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { value, record: { file: module.file, bytes: bytes.length, sha256 } }
}

/** What a value is in a word or two, for messages. */
function described(value: unknown): string {
  const kind = Object.entries(kinds).find(([, { is }]) => is(value))?.[0]
  return kind === undefined ? (value === null ? 'null' : typeof value) : `a kind of ${kind}`
}

const refuse = (module: OwnModule, kind: OwnKind, value: unknown, option: string) =>
  new OptionError(option, `the default export of '${module.file}' is ${described(value)}, not ${kinds[kind].wanted}`)

/**
 * The method that a module exports by default.
 * @throws {OptionError | FileFormatError} where it cannot be loaded, or exports something else.
 */
export async function ownMethod(io: Io, module: OwnModule, option: string): Promise<Own<AnyMethod>> {
  const { value, record } = await load(io, module, option)
  if (!isMethod(value)) throw refuse(module, 'method', value, option)
  return { value, record }
}

/**
 * The kind of operator that a module exports by default.
 * @throws {OptionError | FileFormatError} where it cannot be loaded, or exports something else.
 */
export async function ownOperator(io: Io, module: OwnModule, option: string): Promise<Own<OperatorKind>> {
  const { value, record } = await load(io, module, option)
  if (!isOperator(value)) throw refuse(module, 'operator', value, option)
  return { value, record }
}

/**
 * The prior that a module exports by default, or that its default export, a function, returns.
 * @throws {OptionError | FileFormatError} where it cannot be loaded, or exports something else.
 */
export async function ownPrior(io: Io, module: OwnModule, option: string): Promise<Own<Prior>> {
  const { value, record } = await load(io, module, option)
  const made: unknown = typeof value === 'function' && !has(value, 'info') ? await value() : value
  if (!isPrior(made)) throw refuse(module, 'prior', made, option)
  return { value: made, record }
}

/**
 * What a module exports by default, whichever kind it is.
 * @throws {OptionError | FileFormatError} where it cannot be loaded, or exports none of the kinds.
 */
export async function ownAny(
  io: Io,
  module: OwnModule,
  option: string,
): Promise<
  | { readonly kind: 'method'; readonly value: AnyMethod }
  | { readonly kind: 'operator'; readonly value: OperatorKind }
  | { readonly kind: 'prior'; readonly value: Prior }
> {
  const { value } = await load(io, module, option)
  if (isMethod(value)) return { kind: 'method', value }
  if (isOperator(value)) return { kind: 'operator', value }
  const made: unknown = typeof value === 'function' && !has(value, 'info') ? await value() : value
  if (isPrior(made)) return { kind: 'prior', value: made }
  throw new OptionError(
    option,
    `the default export of '${module.file}' is ${described(made)}; a method, an operator or a prior is wanted`,
  )
}
