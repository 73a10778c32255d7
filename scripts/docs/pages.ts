// Reads, renews and checks the pages of docs/methods.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { methods } from '@tweedie/solvers'
import { faultsOf, framed, frameOf, indexOf } from './frame.ts'
import { readMeasured, root, write } from './measured.ts'
import { surveyPage } from './survey.ts'

/** Where the pages are, from the project's folder. */
export const folder = 'docs/methods'

/** A page as it is and as it should be. */
export interface Page {
  /** From the project's folder. */
  readonly path: string
  readonly is: string | undefined
  /** With its frame renewed; undefined where it has no place for one. */
  readonly should: string | undefined
  /** What is wrong beside the frame. */
  readonly faults: readonly string[]
}

const read = (path: string): string | undefined =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined

/** The picture of a method's run. */
export const pictureOf = (name: string): string => `docs/images/methods/${name}.png`

/** All pages that there must be: one a method, the list of them, and the survey's. */
export function pages(): Page[] {
  const measured = readMeasured()
  const ofMethods = [...methods].map((method): Page => {
    const { name } = method.info
    const path = `${folder}/${name}.md`
    const is = read(path)
    const picture = existsSync(join(root, pictureOf(name)))
    return {
      path,
      is,
      should: is === undefined ? undefined : framed(is, frameOf(method, { measured, picture })),
      faults: is === undefined ? ['there is no such page'] : faultsOf(is),
    }
  })
  const written = (path: string, should: string): Page => ({ path, is: read(path), should, faults: [] })
  return [
    ...ofMethods,
    written(`${folder}/README.md`, indexOf(methods, measured)),
    written('docs/survey.md', surveyPage(methods, measured)),
  ]
}

/** Pages in the folder that are of no method. */
export const strays = (): string[] => {
  const known = new Set(pages().map(({ path }) => path))
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
    .filter((path) => !known.has(path))
}

/** Renews the frames; what is wrong beside them, a line each. */
export function renew(): string[] {
  return pages().flatMap(({ path, is, should, faults }) => {
    if (should !== undefined && should !== is) write(path, should)
    return faults.map((fault) => `${path}: ${fault}`)
  })
}
