import type { OptionSpec, Settings, Specs } from '@tweedie/solvers'
import { findOption } from '@tweedie/solvers'
import type { Key } from '@tweedie/tensor'
import { OptionError, uniform } from '@tweedie/tensor'

/** What values of an option are tried. */
export type Range =
  | {
      readonly kind: 'number' | 'integer'
      readonly low: number
      readonly high: number
      readonly log: boolean
    }
  | { readonly kind: 'choice'; readonly choices: readonly unknown[] }

/** The options that are searched over, by name. */
export type Space = Readonly<Record<string, Range>>

/** Options of a run, not of a method. */
const ofRuns = ['steps', 'seed', 'firstSample', 'resume', 'spacing']

/** A range that spans more than this is gone through on a log scale. */
const wide = 20

/** How far below and above its default an option without limits is tried. */
const reach = 30

const asLog = (low: number, high: number): boolean => low > 0 && high / low > wide

const between = (kind: 'number' | 'integer', low: number, high: number): Range => ({
  ...{ kind, low, high },
  log: asLog(low, high),
})

function numeric(spec: OptionSpec<unknown>, kind: 'number' | 'integer', min: number, max: number): Range {
  if (Number.isFinite(min) && Number.isFinite(max)) return between(kind, min, max)
  const standard = typeof spec.default === 'number' ? Math.abs(spec.default) : 0
  const centre = standard > 0 ? standard : undefined
  const low = Math.max(min, centre === undefined ? 1e-3 : centre / reach)
  const high = Math.min(max, centre === undefined ? 100 : centre * reach)
  if (kind === 'number') return between(kind, low, high)
  return between(kind, Math.max(1, Math.round(low)), Math.max(1, Math.round(high)))
}

/**
 * What is tried of an option: all between its limits; where it has none, a factor of 30 about its default, or 0.001 … 100 where
 * there is none; on a log scale where the range is positive and wide. All words of a choice. Nothing of what is no number, choice
 * or flag.
 * @example
 * ```ts
 * import { rangeOf } from '@tweedie/calibration'
 * import { number } from '@tweedie/solvers'
 * rangeOf(number('η', { default: 1, min: 0, max: 1 })) // => { kind: 'number', low: 0, high: 1, log: false }
 * rangeOf(number('λ', { default: 3, above: 0 })) // => { kind: 'number', low: 0.1, high: 90, log: true }
 * ```
 */
export function rangeOf(spec: OptionSpec<unknown>): Range | undefined {
  const { control } = spec
  if (control.kind === 'choice') return { kind: 'choice', choices: control.choices }
  if (control.kind === 'flag') return { kind: 'choice', choices: [false, true] }
  if (control.kind !== 'number' && control.kind !== 'integer') return undefined
  return numeric(spec, control.kind, control.min ?? -Infinity, control.max ?? Infinity)
}

/** What is asked of a space. */
export interface AskedSpace {
  /** Names of options; numbers, choices and flags of the method's own where left out, not integers, which change its cost. */
  readonly options?: readonly string[] | undefined
  /** Ranges in place of those of the specs. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>> | undefined
}

/**
 * The options of a method that are searched over, and the values that are tried.
 * @param fixed - Those that are given; they are not searched over.
 * @throws {OptionError} for an option that the method does not have or that cannot be searched, and where nothing is left.
 */
export function spaceOf(method: string, specs: Specs, fixed: Settings, asked: AskedSpace = {}): Space {
  const { options, ranges = {} } = asked
  const isOwn = (name: string) => !ofRuns.includes(name) && specs[name]?.control.kind !== 'integer'
  const names = options ?? Object.keys(specs).filter((name) => isOwn(name) || Object.hasOwn(ranges, name))
  const chosen = [...new Set([...names, ...Object.keys(ranges)])].flatMap((name) => {
    const spec = findOption(method, specs, name)
    const given = Object.hasOwn(ranges, name) ? ranges[name] : undefined
    const range = rangeOf(spec)
    const named = options?.includes(name) === true || given !== undefined
    if (named && Object.hasOwn(fixed, name)) throw new OptionError(name, 'is given, so it is not tuned')
    if (Object.hasOwn(fixed, name)) return []
    if (range === undefined) {
      if (!named) return []
      throw new OptionError(name, 'cannot be tuned: it is no number, choice or flag')
    }
    if (given === undefined) return [[name, range] as const]
    const [low, high] = given
    if (range.kind === 'choice') throw new OptionError(name, 'is a choice: it has no range of numbers')
    if (!spec.accepts(low) || !spec.accepts(high) || low >= high)
      throw new OptionError(name, `${low} … ${high} is no range of it; it must be ${spec.range}`)
    return [[name, between(range.kind, low, high)] as const]
  })
  if (chosen.length > 0) return Object.fromEntries(chosen)
  throw new OptionError(
    'options',
    `${method} has none that can be tuned; it has ${Object.keys(specs).join(', ')}`,
  )
}

function valueAt(range: Range, u: number): unknown {
  if (range.kind === 'choice') return range.choices[Math.floor(u * range.choices.length)]
  const { low, high, log } = range
  const value = log ? low * (high / low) ** u : low + (high - low) * u
  // Four digits: what is printed is what was run.
  return range.kind === 'integer' ? Math.round(value) : Number(value.toPrecision(4))
}

/** Draws before a value that the option does not accept ends the search, as an excluded limit. */
const tries = 20

/** Settings drawn from a space, each option by its name: uniformly, on a log scale where the range says so. */
export function drawSettings(specs: Specs, space: Space, key: Key): Settings {
  return Object.fromEntries(
    Object.entries(space).map(([name, range]) => {
      using drawn = uniform(key.fold(name), [tries], { dtype: 'float64', device: 'reference' })
      const values = Array.from(drawn.dataSync(), (u) => valueAt(range, Number(u)))
      const value = values.find((one) => specs[name]?.accepts(one))
      if (value === undefined)
        throw new OptionError(name, `none of ${tries} values drawn is ${specs[name]?.range}`)
      return [name, value]
    }),
  )
}
