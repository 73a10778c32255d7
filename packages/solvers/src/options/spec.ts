/** What a form or a table needs to know of the values of an option. */
export type Control =
  | { readonly kind: 'number' | 'integer'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'pair' | 'interval' | 'flag' | 'text' | 'object' | 'array' }

/**
 * One option of a method, an operator, a noise, a schedule, a sampler or a metric. Said once: what a caller may
 * give, the check, the command line, the tables and the controls of a page all come from it.
 */
export interface OptionSpec<T> {
  /** What it does, with its unit. */
  readonly doc: string
  /** What fits, in words that follow "must be". */
  readonly range: string
  /** What holds where it is left out. */
  readonly default?: T
  /** Where there is no `default`: what then holds, in words. */
  readonly otherwise?: string
  readonly control: Control
  /** The value that a text stands for, in range or not, where its `control` does not say how to read one: `readText`. */
  parse?(text: string): T | undefined
  accepts(value: unknown): value is T
}

/** Values of options by name, checked, without defaults. */
export type Settings = Readonly<Record<string, unknown>>

/** The options of something, by name. */
export type Specs = Readonly<Record<string, OptionSpec<unknown>>>

/** The type of an option's values. */
export type ValueOf<O> = O extends OptionSpec<infer T> ? T : never

/** What a caller may give. */
export type Given<S extends Specs> = { readonly [K in keyof S]?: ValueOf<S[K]> | undefined }

/** The same with every default in; an option without one may be undefined. */
export type Filled<S extends Specs> = {
  readonly [K in keyof S]: S[K] extends { readonly default: unknown }
    ? ValueOf<S[K]>
    : ValueOf<S[K]> | undefined
}

/** An option that always has a value. */
export type Settled<T> = OptionSpec<T> & { readonly default: T }

/** Limits of a number. `min` and `max` are included, `above` and `below` are not. */
export interface Limits {
  readonly min?: number
  readonly max?: number
  readonly above?: number
  readonly below?: number
  readonly otherwise?: string
}

function inWords(kind: string, { min, max, above, below }: Limits): string {
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`
  const low = min !== undefined ? `of at least ${min}` : above !== undefined ? `above ${above}` : undefined
  const high = max !== undefined ? `of at most ${max}` : below !== undefined ? `below ${below}` : undefined
  return [kind, [low, high].filter((part) => part !== undefined).join(' and ')].join(' ').trim()
}

function numeric(
  doc: string,
  kind: 'number' | 'integer',
  limits: Limits & { default?: number; odd?: boolean },
): OptionSpec<number> {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity, odd = false } = limits
  const named = kind === 'number' ? 'a number' : odd ? 'an odd integer' : 'an integer'
  const inside = (v: number) => v >= min && v <= max && v > above && v < below
  const whole = (v: number) => Number.isSafeInteger(v) && (!odd || v % 2 !== 0)
  return {
    doc,
    range: inWords(named, limits),
    ...(limits.default === undefined ? {} : { default: limits.default }),
    ...(limits.otherwise === undefined ? {} : { otherwise: limits.otherwise }),
    control: {
      kind,
      ...(limits.min === undefined ? {} : { min }),
      ...(limits.max === undefined ? {} : { max }),
    },
    accepts: (v): v is number =>
      typeof v === 'number' && Number.isFinite(v) && inside(v) && (kind === 'number' || whole(v)),
  }
}

/**
 * A finite number.
 * @example
 * ```ts
 * import { number } from '@tweedie/solvers'
 * const eta = number('η of the step', { default: 1, min: 0, max: 1 })
 * eta.range // => 'a number from 0 to 1'
 * eta.accepts(0.85) // => true
 * eta.accepts(2) // => false
 * ```
 */
export function number(doc: string, limits: Limits & { default: number }): Settled<number>
export function number(doc: string, limits?: Limits): OptionSpec<number>
export function number(doc: string, limits: Limits & { default?: number } = {}): OptionSpec<number> {
  return numeric(doc, 'number', limits)
}

/**
 * An integer up to 2⁵³ − 1; an odd one where `odd` is set.
 * @example
 * ```ts
 * import { integer } from '@tweedie/solvers'
 * const size = integer('taps', { default: 9, min: 1, odd: true })
 * size.range // => 'an odd integer of at least 1'
 * size.accepts(8) // => false
 * ```
 */
export function integer(doc: string, limits: Limits & { default: number; odd?: boolean }): Settled<number>
export function integer(doc: string, limits?: Limits & { odd?: boolean }): OptionSpec<number>
export function integer(
  doc: string,
  limits: Limits & { default?: number; odd?: boolean } = {},
): OptionSpec<number> {
  return numeric(doc, 'integer', limits)
}

/**
 * One of some words; `standard` holds where it is left out, or else the first.
 * @example
 * ```ts
 * import { choice } from '@tweedie/solvers'
 * const order = choice('of the solver', ['euler', 'heun'], 'heun')
 * order.default // => 'heun'
 * order.range // => 'euler | heun'
 * ```
 */
export function choice<const W extends string>(
  doc: string,
  words: readonly [W, ...W[]],
  standard: NoInfer<W> = words[0],
): Settled<W> {
  const isWord = (value: unknown): value is W => words.some((word) => word === value)
  return {
    doc,
    range: words.join(' | '),
    default: standard,
    control: { kind: 'choice', choices: words },
    accepts: isWord,
  }
}

/**
 * Yes or no; `no` where it is left out.
 * @example
 * ```ts
 * import { flag } from '@tweedie/solvers'
 * flag('clip x̂₀').default // => false
 * ```
 */
export const flag = (doc: string): Settled<boolean> => ({
  doc,
  range: 'true | false',
  default: false,
  control: { kind: 'flag' },
  accepts: (value) => typeof value === 'boolean',
})

/**
 * A text, such as the name of a file.
 * @example
 * ```ts
 * import { text } from '@tweedie/solvers'
 * text('kernel', 'a file').accepts('') // => false
 * ```
 */
export const text = (doc: string, range: string, otherwise?: string): OptionSpec<string> => ({
  doc,
  range,
  ...(otherwise === undefined ? {} : { otherwise }),
  control: { kind: 'text' },
  accepts: (value): value is string => typeof value === 'string' && value !== '',
})

/** Height and width, or row and column, in pixels: two integers from `min`, written `14x10`. */
export type Pair = readonly [number, number]

const areIntegers = (value: unknown, min: number): value is Pair =>
  Array.isArray(value) && value.length === 2 && value.every((v) => Number.isSafeInteger(v) && v >= min)

/**
 * Two integers, such as a place: `0x3`.
 * @example
 * ```ts
 * import { pair } from '@tweedie/solvers'
 * pair('corner', { otherwise: 'centred' }).accepts([0, 3]) // => true
 * ```
 */
export const pair = (
  doc: string,
  { min = 0, otherwise }: { min?: number; otherwise: string },
): OptionSpec<Pair> => ({
  doc,
  range: `two integers of at least ${min}, such as 14x10`,
  otherwise,
  control: { kind: 'pair' },
  accepts: (value): value is Pair => areIntegers(value, min),
})

/**
 * The sides of a rectangle: one integer for a square, or two as in {@link pair}.
 * @example
 * ```ts
 * import { sides } from '@tweedie/solvers'
 * const box = sides('hidden box', { otherwise: 'half' })
 * box.accepts(14) // => true
 * box.accepts([14, 10]) // => true
 * ```
 */
export const sides = (
  doc: string,
  { min = 1, otherwise }: { min?: number; otherwise: string },
): OptionSpec<number | Pair> => ({
  doc,
  range: `an integer of at least ${min}, or two such as 14x10`,
  otherwise,
  control: { kind: 'pair' },
  accepts: (value): value is number | Pair =>
    areIntegers(value, min) || (typeof value === 'number' && Number.isSafeInteger(value) && value >= min),
})

/**
 * Two finite numbers [low, high] with low < high, written `-1..1`.
 * @example
 * ```ts
 * import { interval } from '@tweedie/solvers'
 * interval('range', 'none').accepts([-1, 0.5]) // => true
 * ```
 */
export const interval = (doc: string, otherwise: string): OptionSpec<Pair> => ({
  doc,
  range: '[low, high] with low < high, as text low..high',
  otherwise,
  control: { kind: 'interval' },
  accepts: (value): value is Pair =>
    Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1],
})

/**
 * Something that only a program can give, such as a kernel or a checkpoint. No text stands for it.
 * @example
 * ```ts
 * import { object } from '@tweedie/solvers'
 * const since = object('start', 'a Date', (value) => value instanceof Date)
 * since.accepts('2024') // => false
 * ```
 */
export const object = <T>(
  doc: string,
  range: string,
  accepts: (value: unknown) => value is T,
  otherwise = 'none',
): OptionSpec<T> => ({ doc, range, otherwise, control: { kind: 'object' }, accepts })

/**
 * Numbers by element, such as a mask: a program gives them, a command line the name of a file, which it reads: a picture,
 * with values [C, H, W] in [0, 1], or an array (npy). No text stands for them here.
 * @example
 * ```ts
 * import { array } from '@tweedie/solvers'
 * const isList = (value: unknown): value is readonly number[] => Array.isArray(value)
 * const gains = array('gain of each pixel', 'H·W numbers', isList, '1 each')
 * gains.accepts([1, 2]) // => true
 * ```
 */
export const array = <T>(
  doc: string,
  range: string,
  accepts: (value: unknown) => value is T,
  otherwise = 'none',
): OptionSpec<T> => ({ doc, range, otherwise, control: { kind: 'array' }, accepts })
