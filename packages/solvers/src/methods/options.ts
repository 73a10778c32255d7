import { OptionError } from '@tweedie/tensor'
import { spacings } from '../schedules/respace.ts'
import type { Checkpoint, RunOptions } from '../types.ts'

/** What an option of a method may be, as data. */
export interface OptionLimits {
  /** `number`, `integer`, `choice` (a string out of `choices`), or `object` for what no flag can hold. */
  readonly kind: 'number' | 'integer' | 'choice' | 'object'
  /** Absent where the value is worked out from the problem. */
  readonly default?: number | string
  /** Least and largest values allowed, both included. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
}

/** One option of a method, for tables and the command line. */
export interface OptionSpec extends OptionLimits {
  /** What it does, and what it is where it has no `default`. */
  readonly doc: string
}

/** Limits of all the options of a method, by name; docs may stand beside them. */
export type OptionSpecs<Options> = { readonly [K in keyof Options]-?: OptionLimits | OptionSpec }

/** Options with every default filled in. */
export type Filled<Options, Specs> = {
  [K in keyof Options]-?: K extends keyof Specs
    ? Specs[K] extends { readonly default: number | string }
      ? NonNullable<Options[K]>
      : Options[K] | undefined
    : never
}

/** The limits of {@link RunOptions} with a method's own number of steps. */
export const runOptionSpecs = <N extends number>(steps: N) =>
  ({
    steps: { kind: 'integer', default: steps, min: 1 },
    seed: { kind: 'integer', default: 0, min: 0 },
    firstSample: { kind: 'integer', default: 0, min: 0 },
    resume: { kind: 'object' },
  }) as const satisfies OptionSpecs<{
    steps: number
    seed: number
    firstSample: number
    resume: Checkpoint
  }>

/** The limits of the layout of the times, with a method's own default. */
export const spacingSpec = <S extends (typeof spacings)[number]>(spacing: S) =>
  ({ kind: 'choice', default: spacing, choices: spacings }) as const satisfies OptionLimits

/** What the options do that all methods have. */
const commonDocs = {
  steps: 'number of steps',
  seed: 'seed of all randomness',
  firstSample: "number of the batch's first sample",
  resume: 'state and index of the step to continue from',
  spacing:
    'grid of the times: leading, trailing, linspace as diffusers; ddim, ddim-quadratic as DDIM and DDRM; ' +
    'guided, guided-ddim as guided-diffusion and DPS; quadratic; karras as EDM', // `respace` has the formulas
}

/** Limits and docs of a method's options in one: the docs, which are for tables, stay out of runs and their bundles. */
export const documented = <Limits extends Readonly<Record<string, OptionLimits>>>(
  limits: Limits,
  docs: Readonly<Record<Exclude<keyof Limits, keyof typeof commonDocs>, string>>,
): { readonly [K in keyof Limits]: Limits[K] & OptionSpec } => {
  const all: Readonly<Record<string, string>> = { ...commonDocs, ...docs }
  const entries = Object.entries(limits).map(([name, option]) => [name, { ...option, doc: all[name] }])
  return Object.fromEntries(entries)
}

/**
 * The given options with defaults filled in, checked against their limits.
 * @throws {OptionError} for an unknown option or a value outside its range, naming both.
 */
export function fillOptions<Options extends RunOptions, Specs extends OptionSpecs<Options>>(
  method: string,
  specs: Specs,
  given: Options = {} as Options,
): Filled<Options, Specs> {
  const filled: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries<OptionLimits>(specs))
    if ('default' in spec) filled[name] = spec.default
  for (const [name, value] of Object.entries(given)) {
    const spec = (specs as Record<string, OptionLimits>)[name]
    if (spec === undefined) {
      throw new OptionError(name, `is no option of ${method}; it has ${Object.keys(specs).join(', ')}`)
    }
    if (value === undefined) continue
    check(name, spec, value)
    filled[name] = value
  }
  return filled as Filled<Options, Specs>
}

function check(
  name: string,
  { kind, min = -Infinity, max = Infinity, choices }: OptionLimits,
  value: unknown,
): void {
  if (kind === 'choice' && !choices!.includes(value as string)) {
    throw new OptionError(name, `must be one of ${choices!.join(', ')}, got ${String(value)}`)
  }
  if (kind !== 'number' && kind !== 'integer') return
  const fits = typeof value === 'number' && value >= min && value <= max
  if (!fits || (kind === 'integer' && !Number.isInteger(value))) {
    const range =
      max === Infinity ? (min === -Infinity ? '' : ` of at least ${min}`) : ` from ${min} to ${max}`
    const article = kind === 'integer' ? 'an integer' : 'a number'
    throw new OptionError(name, `must be ${article}${range}, got ${String(value)}`)
  }
}
