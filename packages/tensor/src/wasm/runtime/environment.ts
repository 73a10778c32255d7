import { OptionError } from '../../errors.ts'

/** An environment variable of Node, where it is set to something. */
export function environment(name: string): string | undefined {
  const value = globalThis.process?.env?.[name]
  return value === '' ? undefined : value
}

/**
 * A variable that is a switch, 1 for on and 0 for off, where it is set.
 * @throws {OptionError} for any other value.
 */
export function environmentSwitch(name: string): boolean | undefined {
  const value = environment(name)
  if (value === undefined) return undefined
  if (value !== '0' && value !== '1') throw new OptionError(name, `must be 0 or 1, got '${value}'`)
  return value === '1'
}
