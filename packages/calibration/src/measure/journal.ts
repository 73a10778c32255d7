import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { Cell } from './cell.ts'
import { parseCell } from './results.ts'

/** Cells that are kept while a run goes on. */
export interface Journal {
  /** Of an earlier run that did not come to its end. */
  readonly cells: readonly Cell[]
  add(cell: Cell): Promise<void>
  /** When the results are written: it is no longer needed. */
  remove(): Promise<void>
}

/** Where the journal of a file of results lies. */
export const journalOf = (file: string): string => `${file}.cells.jsonl`

/**
 * Opens the journal beside a file of results: a line of JSON a cell, added as it is finished, so that a run that is killed loses
 * the cells at work and no other. A line that was broken off is dropped.
 * @param file - Of the results, absolute.
 */
export async function openJournal(file: string): Promise<Journal> {
  const path = journalOf(file)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const cells = text.split('\n').flatMap((line) => parseCell(line) ?? [])
  if (text !== '') {
    const draft = `${path}.part`
    await writeFile(draft, cells.map(lineOf).join(''))
    await rename(draft, path)
  }
  return {
    cells,
    add: (cell) => appendFile(path, lineOf(cell)),
    remove: () => rm(path, { force: true }),
  }
}

const lineOf = (cell: Cell): string => `${JSON.stringify(cell)}\n`
