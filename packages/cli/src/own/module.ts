import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { FileFormatError, OptionError } from '@tweedie/tensor'

/** A module of the user's, as a command line names it. */
export interface OwnModule {
  /** Path as it was given. */
  readonly file: string
  /** What follows the path and a colon, such as `gain=2`. */
  readonly settings: string | undefined
}

/**
 * The module that a text names, such as `./mine.ts` or `cameras/hdr.ts:gain=2`; undefined where it names none: nothing
 * that ships with tweedie has a name that ends like a file of code.
 */
export function ownModule(text: string): OwnModule | undefined {
  const [, file, settings] = /^(.+?\.[cm]?[jt]s)(?::(.*))?$/s.exec(text.trim()) ?? []
  return file === undefined ? undefined : { file, settings }
}

/** URLs of the modules that were loaded: an error that comes from one of them is not ours. */
const loaded = new Set<string>()

/** Whether an error was thrown by a module of the user's. */
export const isOwnError = ({ stack = '' }: Error): boolean => [...loaded].some((url) => stack.includes(url))

/** The packages that a module imports from the command that runs it. */
const ours = /^@tweedie\/(tensor|autograd|unet|solvers|runs|calibration)($|\/)/

/** Where a package of ours is. Autograd is found from `solvers`: the command itself does without it. */
const urlOf = (specifier: string, solvers: string): string =>
  specifier.startsWith('@tweedie/autograd')
    ? pathToFileURL(createRequire(solvers).resolve(specifier)).href
    : import.meta.resolve(specifier)

/** A line that only an ES module can have. */
const moduleSyntax = /^\s*(import\s*["'{*\w]|export\b)/m

/** The format that a module's package.json does not give it, and that its text has: ES module. */
function meantFormat(url: string, format: string | null | undefined): string | undefined {
  const [, kind] = /^file:(?!.*\/node_modules\/).*\.([jt])s$/.exec(url) ?? []
  if (kind === undefined || format?.startsWith('module')) return undefined
  if (!moduleSyntax.test(readFileSync(fileURLToPath(url), 'utf8'))) return undefined
  return kind === 't' ? 'module-typescript' : 'module'
}

/**
 * Has every module, imported or required, get the `@tweedie` packages of the command that runs, wherever it lies: a
 * second copy of the engine would have tensors of its own, and a file outside a project finds none. A `.ts` or `.js`
 * file with `import` or `export` is an ES module, whatever the package.json above it says.
 */
function registerOurHooks(): void {
  const solvers = import.meta.resolve('@tweedie/solvers')
  const homes = [import.meta.url, solvers]
  registerHooks({
    resolve: (specifier, context, next) =>
      ours.test(specifier) && !homes.includes(context.parentURL ?? '')
        ? { url: urlOf(specifier, solvers), shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      next(url, { ...context, format: meantFormat(url, context.format) ?? context.format }),
  })
}

/**
 * What a module exports by default.
 * @param path - Absolute.
 * @param option - The option of the command line that names it.
 * @throws {OptionError} where it is not there, or exports nothing by default.
 * @throws {FileFormatError} where it cannot be loaded, with what stands in the way.
 */
export async function importOwn(path: string, { file }: OwnModule, option: string): Promise<unknown> {
  await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new OptionError(option, `there is no file '${file}'`)
    throw error
  })
  const { href } = pathToFileURL(path)
  if (loaded.size === 0) registerOurHooks()
  loaded.add(href)
  let module: { readonly default?: unknown }
  try {
    module = await import(/* @vite-ignore */ href)
  } catch (error) {
    throw new FileFormatError(file, `cannot be loaded: ${whyNot(error, href)}`)
  }
  if (module.default !== undefined) return module.default
  const names = Object.keys(module).join(', ')
  throw new OptionError(
    option,
    `'${file}' has no default export${names === '' ? '' : `; it exports ${names}`}: write \`export default …\``,
  )
}

/** What went wrong while a module was loaded, and where in it. */
function whyNot(error: unknown, href: string): string {
  if (!(error instanceof Error)) return String(error)
  const [first = ''] = error.message.split('\n')
  const stack = error.stack ?? ''
  const at = stack.indexOf(`${href}:`)
  const place = at < 0 ? undefined : /^:(\d+)/.exec(stack.slice(at + href.length))?.[1]
  const path = /^(?:file:\/\/)?\S+:(\d+)$/.exec(stack.split('\n')[0] ?? '')?.[1]
  const line = place ?? path
  return `${error.name}: ${first}${line === undefined ? '' : ` (line ${line})`}`
}
