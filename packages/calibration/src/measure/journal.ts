import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { Cell } from './cell.ts'
import { parseCell } from './results.ts'

/** Parts of a result that are kept while a long run goes on. */
export interface PartsJournal<T> {
  /** Of an earlier run that did not come to its end. */
  readonly parts: readonly T[]
  add(part: T): Promise<void>
  /** When the result is written: it is no longer needed. */
  remove(): Promise<void>
}

/** Cells that are kept while a run goes on. */
export interface Journal extends Omit<PartsJournal<Cell>, 'parts'> {
  /** Of an earlier run that did not come to its end. */
  readonly cells: readonly Cell[]
}

const lineOf = (part: unknown): string => `${JSON.stringify(part)}\n`

/**
 * Opens a journal: a line of JSON a part, added as it is finished, so that a run that is killed loses what was at work and no
 * more. A line that was broken off is dropped.
 * @param path - Of the journal, absolute.
 * @param parse - What a line holds; undefined where it is broken.
 */
export async function openPartsJournal<T>(
  path: string,
  parse: (line: string) => T | undefined,
): Promise<PartsJournal<T>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const parts = text.split('\n').flatMap((line) => parse(line) ?? [])
  if (text !== '') {
    const draft = `${path}.part`
    await writeFile(draft, parts.map(lineOf).join(''))
    await rename(draft, path)
  }
  return {
    parts,
    add: (part) => appendFile(path, lineOf(part)),
    remove: () => rm(path, { force: true }),
  }
}

/** Where the journal of a file of results lies. */
export const journalOf = (file: string): string => `${file}.cells.jsonl`

/**
 * The journal of cells beside a file of results.
 * @param file - Of the results, absolute.
 */
export async function openJournal(file: string): Promise<Journal> {
  const { parts: cells, add, remove } = await openPartsJournal(journalOf(file), parseCell)
  return { cells, add, remove }
}
