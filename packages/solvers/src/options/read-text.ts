import type { Control, OptionSpec, Pair } from './spec.ts'

/** JavaScript's own reading of a decimal number; not '' and no hexadecimals. */
const readNumber = (text: string): number | undefined =>
  /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text.trim()) ? Number(text) : undefined

const readPair = (text: string): Pair | number | undefined => {
  const [, first, second] = /^(\d+)[x×](\d+)$/.exec(text.trim()) ?? []
  return first === undefined ? readNumber(text) : [Number(first), Number(second)]
}

const readInterval = (text: string): Pair | undefined => {
  const [low, high, ...rest] = text.split('..').map(readNumber)
  return low === undefined || high === undefined || rest.length > 0 ? undefined : [low, high]
}

const itself = (text: string): string => text
const none = (): undefined => undefined

/** How texts are read, by the kind of value. Pages give values, not texts: so this is no part of the options. */
const readers: Readonly<Record<Control['kind'], (text: string) => unknown>> = {
  number: readNumber,
  integer: readNumber,
  choice: itself,
  text: itself,
  flag: (text) => ({ true: true, false: false })[text],
  pair: readPair,
  interval: readInterval,
  object: none,
  array: none,
}

/**
 * The value that a text stands for, which the option may accept or not; undefined where it stands for none.
 * @example
 * ```ts
 * import { interval, number, readText, sides } from '@tweedie/solvers'
 * readText(number('η of the step'), '0.85') // => 0.85
 * readText(sides('hidden box', { otherwise: 'half' }), '14x10') // => [14, 10]
 * readText(interval('range', 'none'), '-1..0.5') // => [-1, 0.5]
 * ```
 */
export const readText = (spec: OptionSpec<unknown>, text: string): unknown =>
  spec.parse === undefined ? readers[spec.control.kind](text) : spec.parse(text)
