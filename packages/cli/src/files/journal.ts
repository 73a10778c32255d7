import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'

/** Parts of a result that are kept while a long run goes on. */
export interface Journal<T> {
  /** Of an earlier run that did not come to its end. */
  readonly parts: readonly T[]
  add(part: T): Promise<void>
  /** When the result is written: it is no longer needed. */
  remove(): Promise<void>
}

const lineOf = (part: unknown): string => `${JSON.stringify(part)}\n`

/**
 * Opens the journal beside a file of results: a line of JSON a part, added as it is finished, so that a run that is killed loses
 * what was at work and no more. A line that was broken off is dropped.
 * @param file - Of the results, absolute.
 * @param parse - What a line holds; undefined where it is broken.
 */
export async function openPartsJournal<T>(
  file: string,
  parse: (line: string) => T | undefined,
): Promise<Journal<T>> {
  const path = `${file}.parts.jsonl`
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const parts = text.split('\n').flatMap((line) => parse(line) ?? [])
  if (text !== '') {
    await writeFile(`${path}.part`, parts.map(lineOf).join(''))
    await rename(`${path}.part`, path)
  }
  return {
    parts,
    add: (part) => appendFile(path, lineOf(part)),
    remove: () => rm(path, { force: true }),
  }
}
