import { InvalidArgumentError, Option } from 'commander'
import { deviceNames } from '../device.ts'

/** Parsers of option values for commander; their message ends the line that names the option. */

const range = (min: number, max: number) =>
  max === Number.MAX_SAFE_INTEGER || max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`

/** A whole number in a range. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number ${range(min, max)}.`)
  }
}

/** A number in a range. */
export function number(min: number, max: number = Infinity): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isFinite(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a number ${range(min, max)}.`)
  }
}

/** `--noise`: σ_y, or a law of the noise with its options, such as poisson:peak=30, which is looked up later. */
export const noise = (text: string): number | string => (/^\s*[a-z]/i.test(text) ? text : number(0)(text))

/** A comma-separated list of names, without repeats. */
export function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('It must be names separated by commas.')
  return [...new Set(names)]
}

/** Settings `name=value` of a method, gathered over repeats of the option; the method checks the values. */
export function setting(text: string, former: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([A-Za-z]\w*)=(.+)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must look like eta=0.85.')
  return { ...former, [name]: value }
}

/** `--device`, the same for every command that computes. */
export const deviceOption = (): Option =>
  new Option('--device <name>', 'where to compute').choices(deviceNames).default(deviceNames[0])
