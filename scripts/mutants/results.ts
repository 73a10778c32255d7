import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What became of an edit. */
export interface Result {
  /** `hung`: the tests did not end in time, which counts as killed; `broken`: the edit itself does not run. */
  readonly verdict: 'killed' | 'survived' | 'hung' | 'broken'
  /** The test file and test that noticed. */
  readonly file?: string
  readonly test?: string
  readonly seconds: number
  /** Digest of the edit and of its package's files, tests included. */
  readonly digest: string
}

/** All that is kept between runs. */
export interface Results {
  /** By name of the edit. */
  readonly edits: Record<string, Result>
  /** Seconds that the tests of an unedited package took, when they passed, by digest of its files. */
  readonly green: Record<string, number>
}

/** The results kept in a file; none where it is not there or is unreadable. */
export function loadResults(path: string): Results {
  try {
    const { edits, green } = JSON.parse(readFileSync(path, 'utf8')) as Results
    return { edits: { ...edits }, green: { ...green } }
  } catch {
    return { edits: {}, green: {} }
  }
}

export function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.part`, text)
  renameSync(`${path}.part`, path)
}
