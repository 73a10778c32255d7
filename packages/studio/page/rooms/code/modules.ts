/** Packages that an edited method may import by name. */
export const packages = ['@tweedie/tensor', '@tweedie/autograd', '@tweedie/solvers'] as const

/**
 * The module that a text at `path` in `packages/solvers/src` means: a package, or `solvers/FILE`; undefined for what there
 * cannot be.
 */
export function resolved(path: string, asked: string): string | undefined {
  if (packages.some((name) => name === asked)) return asked
  if (!/^\.\.?\//.test(asked)) return undefined
  const folders = path.split('/').slice(0, -1)
  for (const part of asked.split('/')) {
    if (part === '.') continue
    if (part !== '..') folders.push(part)
    else if (folders.pop() === undefined) return undefined
  }
  return `solvers/${folders.join('/')}`
}

/** A module of the page as data. */
export type Module = Readonly<Record<string, unknown>>

/** What an edit asks for is not there. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
  readonly line: number
  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** A module of a register, with the names that are asked of it. @throws {MissingError} */
export function moduleIn(
  register: Readonly<Record<string, Module>>,
  name: string,
  line: number,
  names: readonly string[],
): Module {
  const found = Object.hasOwn(register, name) ? register[name] : undefined
  if (found === undefined) throw new MissingError(`there is no file '${name}'`, line)
  const missing = names.find((one) => !(one in found))
  if (missing !== undefined) throw new MissingError(`'${name}' exports no '${missing}'`, line)
  return found
}
