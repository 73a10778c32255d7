import { OptionError } from '@tweedie/tensor'
import { spacings } from '../schedules/respace.ts'
import type { Checkpoint, RunOptions } from '../types.ts'

/** One option of a method, as data: for checks, tables and the command line. */
export interface OptionSpec {
  /** `number`, `integer`, `choice` (a string out of `choices`), or `object` for what no flag can hold. */
  readonly kind: 'number' | 'integer' | 'choice' | 'object'
  readonly doc: string
  /** Absent where the value is worked out from the problem, as `doc` then says. */
  readonly default?: number | string
  /** Least and largest values allowed, both included. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
}

/** Specs of all the options of a method, by name. */
export type OptionSpecs<Options> = { readonly [K in keyof Options]-?: OptionSpec }

/** Options with every default filled in. */
export type Filled<Options, Specs> = {
  [K in keyof Options]-?: K extends keyof Specs
    ? Specs[K] extends { readonly default: number | string }
      ? NonNullable<Options[K]>
      : Options[K] | undefined
    : never
}

/** The specs of {@link RunOptions} with a method's own number of steps. */
export const runOptionSpecs = <N extends number>(steps: N) =>
  ({
    steps: { kind: 'integer', default: steps, min: 1, doc: 'number of steps' },
    seed: { kind: 'integer', default: 0, min: 0, doc: 'seed of all randomness' },
    firstSample: { kind: 'integer', default: 0, min: 0, doc: "number of the batch's first sample" },
    resume: { kind: 'object', doc: 'state and index of the step to continue from' },
  }) as const satisfies OptionSpecs<{
    steps: number
    seed: number
    firstSample: number
    resume: Checkpoint
  }>

/** Whose grids the spacings are, in one line; `respace` has the formulas. */
const spacingDoc =
  'leading, trailing, linspace as diffusers; ddim, ddim-quadratic as DDIM and DDRM; ' +
  'guided, guided-ddim as guided-diffusion and DPS; quadratic; karras as EDM'

/** The spec of the layout of the times, with a method's own default. */
export const spacingSpec = <S extends (typeof spacings)[number]>(spacing: S) =>
  ({
    kind: 'choice',
    default: spacing,
    choices: spacings,
    doc: `grid of the times: ${spacingDoc}`,
  }) as const satisfies OptionSpec

/**
 * The given options with defaults filled in, checked against their specs.
 * @throws {OptionError} for an unknown option or a value outside its range, naming both.
 */
export function fillOptions<Options extends RunOptions, Specs extends OptionSpecs<Options>>(
  method: string,
  specs: Specs,
  given: Options = {} as Options,
): Filled<Options, Specs> {
  const filled: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries<OptionSpec>(specs))
    if ('default' in spec) filled[name] = spec.default
  for (const [name, value] of Object.entries(given)) {
    const spec = (specs as Record<string, OptionSpec>)[name]
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
  { kind, min = -Infinity, max = Infinity, choices }: OptionSpec,
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
