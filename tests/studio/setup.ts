import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import type { TestProject } from 'vitest/node'
import { findChromium } from '../browser.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the Studio's page, built from the sources; undefined where there is no browser to open it. */
    studio: string | undefined
  }
}

const root = resolve(import.meta.dirname, '../..')

/** Before the tests of the Studio: builds its page, once for all of them. */
export default async function setup(project: TestProject): Promise<() => void> {
  mkdirSync(join(root, 'out'), { recursive: true })
  const folder = mkdtempSync(join(root, 'out', 'studio-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const found = findChromium() !== undefined
  if (found)
    await build({
      configFile: join(root, 'packages/studio/vite.config.ts'),
      logLevel: 'error',
      build: { outDir: folder },
    })
  project.provide('studio', found ? folder : undefined)
  return remove
}
