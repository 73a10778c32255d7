import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A small edit of one file that makes it wrong; the tests of its package must notice. */
export interface Edit {
  /** Unique over all packages, in kebab case. */
  readonly name: string
  /** From the project's root, in `packages/NAME/…`. */
  readonly file: string
  /** Text as it stands in the file: once, unless `nth` says which of several. */
  readonly find: string
  readonly replace: string
  /** 0-based, where `find` stands more than once. */
  readonly nth?: number
  /** What is wrong with it, in one line. */
  readonly wrong: string
  /** Why no test can notice, where the edit changes no result; such edits are not run and not counted. */
  readonly equivalent?: string
  /** Test files to try first; the one beside the file where left out. */
  readonly tests?: readonly string[]
}

/** An edit's text is not (or not once) in its file: the file changed, and the table must follow. */
export class StaleEditError extends Error {
  override readonly name = 'StaleEditError'
}

export const packageOf = ({ file }: Edit): string => file.split('/')[1] ?? ''

/**
 * `source` with the edit made.
 * @throws {StaleEditError} naming the edit, where its text is not there, or not exactly once without `nth`.
 */
export function applyEdit(source: string, { name, file, find, replace, nth }: Edit): string {
  const places: number[] = []
  for (let at = source.indexOf(find); at >= 0; at = source.indexOf(find, at + find.length)) places.push(at)
  const at = nth === undefined ? (places.length === 1 ? places[0] : undefined) : places[nth]
  if (at === undefined || find === '' || find === replace) {
    const wanted = nth === undefined ? 'once' : `at least ${nth + 1} times`
    throw new StaleEditError(
      `the edit '${name}' does not apply: its text is ${places.length} times in ${file}, not ${wanted}: ${find}`,
    )
  }
  return source.slice(0, at) + replace + source.slice(at + find.length)
}

/** The edited text of the file of an edit under `root`. */
export const editedSource = (root: string, edit: Edit): string =>
  applyEdit(readFileSync(join(root, edit.file), 'utf8'), edit)

/** A short digest of texts. */
export function digestOf(...texts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex').slice(0, 16)
}
