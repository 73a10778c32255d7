import { OptionError } from '@tweedie/tensor'

/** A value of an operator's option: a number, a height and width (or row and column), or a word. */
export type OptionValue = number | readonly [number, number] | string

/** One option of a registered operator. */
export interface OperatorOption {
  readonly summary: string
  /** What fits, in words. */
  readonly range: string
  /** What holds where it is left out: a value, or words where it depends on the image or on other options. */
  readonly default: OptionValue
  /** The value that text from a command line stands for; undefined where it does not fit. */
  parse(text: string): OptionValue | undefined
  accepts(value: OptionValue): boolean
}

/** JavaScript's own reading of a decimal number; not '' and no hexadecimals. */
const parseNumber = (text: string): number | undefined =>
  /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined

const parsePair = (text: string): readonly [number, number] | undefined => {
  const parts = /^(\d+)[x×](\d+)$/.exec(text)
  return parts === null ? undefined : [Number(parts[1]), Number(parts[2])]
}

/** A number for which `fits` holds. */
export const numberOption = (
  summary: string,
  range: string,
  fallback: OptionValue,
  fits: (value: number) => boolean,
): OperatorOption => ({
  summary,
  range,
  default: fallback,
  parse: parseNumber,
  accepts: (value) => typeof value === 'number' && fits(value),
})

/** Two whole numbers `14x10`; one number stands for two alike where `square` is set. */
export const pairOption = (
  summary: string,
  range: string,
  fallback: OptionValue,
  square: boolean,
): OperatorOption => {
  const whole = (value: number) => Number.isInteger(value) && value >= 0
  return {
    summary,
    range,
    default: fallback,
    parse: (text) => parsePair(text) ?? (square ? parseNumber(text) : undefined),
    accepts: (value) =>
      typeof value === 'number' ? square && whole(value) : typeof value === 'object' && value.every(whole),
  }
}

/** One of some words; the first holds where it is left out. */
export const choiceOption = (summary: string, choices: readonly string[]): OperatorOption => ({
  summary,
  range: choices.join(' | '),
  default: choices[0]!,
  parse: (text) => text,
  accepts: (value) => typeof value === 'string' && choices.includes(value),
})

/**
 * Checks the options given for an operator.
 * @throws {OptionError} for an option that it does not have (naming those it has) or a value out of range.
 */
export function checkOptions(
  operator: string,
  known: Readonly<Record<string, OperatorOption>>,
  given: Readonly<Record<string, OptionValue>>,
): void {
  for (const [key, value] of Object.entries(given)) {
    const option = knownOption(operator, known, key)
    if (!option.accepts(value)) {
      const shown = typeof value === 'object' ? value.join('x') : value
      throw new OptionError('operator', `'${operator}' takes ${key} = ${option.range}, got ${shown}`)
    }
  }
}

/** @throws {OptionError} where there is no such option. */
export function knownOption(
  operator: string,
  known: Readonly<Record<string, OperatorOption>>,
  key: string,
): OperatorOption {
  const option = Object.hasOwn(known, key) ? known[key] : undefined
  if (option !== undefined) return option
  const names = Object.keys(known)
  throw new OptionError(
    'operator',
    `'${operator}' has no option '${key}'; it has ${names.length === 0 ? 'none' : names.join(', ')}`,
  )
}
