import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { findChromium } from '../browser.ts'
import type { StudioPage } from './open.ts'
import { openStudio } from './open.ts'

/**
 * A page of the Studio that the tests of a file share: opened before them at `#…`, and closed after them. Gives a function that
 * hands it to a test, or skips the test where there is no Chromium.
 */
export function sharedPage(hash: string): (context: { skip(note?: string): never }) => StudioPage {
  let studio: StudioPage | undefined
  beforeAll(async () => {
    if (findChromium() !== undefined)
      studio = await openStudio({ skip: () => expect.unreachable() } as never, hash)
  })
  afterAll(() => studio?.[Symbol.asyncDispose]())
  return (context) => studio ?? context.skip('no Chromium found (install it, or set CHROMIUM)')
}

/** An empty folder under out/, which is gone after the tests of the file. */
export function scratchFolder(name: string): string {
  const out = resolve(import.meta.dirname, '../../out')
  mkdirSync(out, { recursive: true })
  const folder = mkdtempSync(join(out, `${name}-`))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Opens a state in the page that is there; it follows in a moment, and then its run. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await page.evaluate('new Promise((done) => setTimeout(done, 100))')
}
