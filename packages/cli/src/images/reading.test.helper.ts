import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../testing.test.helper.ts'
import { readPicture } from './read.ts'

/** Reads bytes by way of a file. */
export async function reading(bytes: Uint8Array) {
  using folder = temporaryFolder()
  const path = join(folder.path, 'picture')
  writeFileSync(path, bytes)
  return await readPicture(path)
}

/** A file of the collection that Pillow made. */
export function pillow(name: string): Buffer {
  const path = join(import.meta.dirname, '../../../../tests/fixtures/pictures/pictures.json')
  return Buffer.from(JSON.parse(readFileSync(path, 'utf8'))[name].file, 'base64')
}
