// Folders of models, written for a test file and removed after it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { afterAll } from 'vitest'
import type { Params } from '../params.ts'

export const root = mkdtempSync(join(tmpdir(), 'tweedie-model-'))
afterAll(() => rmSync(root, { recursive: true }))

let folders = 0
/** A fresh folder with files: texts as they are, anything else as JSON. */
export function folderOf(files: Readonly<Record<string, unknown>> = {}): string {
  const folder = join(root, `${folders++}`)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  mkdirSync(folder, { recursive: true })
  return folder
}

export const host = { device: 'reference' }
/** The numbers of each tensor, by its name. */
export const numbers = (loaded: Params) =>
  Object.entries(loaded).map(([name, x]) => [name, x.dataSync()] as const)
/** The same tensors under other names. */
export const renamed = (tensors: Params, rename: (name: string) => string): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [rename(name), x]))
