import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'
import type { DataOptions, ReadDataOptions } from './data-set.ts'
import { readDataSet } from './data-set.ts'
import { openPicture } from './picture.test.helper.ts'
import type { Samples } from './pictures.ts'

/** A data set in a temporary folder, which is emptied before each test of a file, and what is read of it. */
export function dataFolder() {
  const base = mkdtempSync(join(tmpdir(), 'tweedie-data-set-'))
  const set = join(base, 'set')
  const said: string[] = []
  afterAll(() => rmSync(base, { recursive: true }))
  beforeEach(() => {
    rmSync(set, { recursive: true, force: true })
    said.splice(0)
  })
  return {
    base,
    set,
    said,
    put: (name: string, bytes: Uint8Array | string): string => {
      const path = join(set, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes)
      return path
    },
    /** Reads it; what is to be known of it is kept in `said`. */
    read: async (options: Partial<DataOptions> = {}, wanted: Partial<ReadDataOptions> = {}) => {
      const found = await readDataSet(
        { path: set, ...options },
        { shape: [1, 2, 2], labels: false, openPicture, ...wanted },
      )
      said.push(...found.notes)
      return found
    },
    pixelsOf: (images: Samples, from: number, to: number) => Array.from(images.pixels.subarray(from, to)),
  }
}
