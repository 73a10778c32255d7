import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium, launchChromium } from './browser.ts'

// The report as a person sees it: on a phone and on a desk, every number is on the page and in sight.

const bin = resolve(import.meta.dirname, '../packages/cli/bin/tweedie.js')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tweedie-report-'))
  if (findChromium() === undefined) return
  const argv = [bin, ...'demo --pictures digits --count 2 --steps 2 --out demo'.split(' ')]
  expect(spawnSync(process.execPath, argv, { cwd: folder, timeout: 150_000 }).status).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.for([360, 390, 768, 1280])('at %i pixels', async (width, { skip }) => {
  const executablePath = findChromium() ?? skip('no Chromium found (install it, or set CHROMIUM)')
  const page = await launchChromium(executablePath, { viewport: { width, height: 800 } })
  try {
    await page.goto(pathToFileURL(join(folder, 'demo', 'report.html')).href)
    const cells = await page.$$eval('.numbers td:not(:empty)', (all) =>
      all.map((cell) => {
        const { left, right, width, height } = cell.getBoundingClientRect()
        const title = cell.ownerDocument.defaultView?.getComputedStyle(cell, '::before').content
        return { text: cell.textContent, left, right, area: width * height, title }
      }),
    )
    expect(cells).toHaveLength(3 * (4 + 3 * 8 + 1)) // input: name, PSNR, SSIM, misfit; a method: all but VJP; DPS: VJP
    for (const { left, right, area } of cells) {
      expect(left).toBeGreaterThanOrEqual(0)
      expect(right).toBeLessThanOrEqual(width)
      expect(area).toBeGreaterThan(0)
    }
    // On a phone the head of the table is gone, so that each number says what it is.
    const named = cells.filter(({ title }) => title?.includes('PSNR (dB)'))
    expect(named).toHaveLength(width < 640 ? 12 : 0)
    const overflow = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
    expect(overflow).toBe(false)
  } finally {
    await page.context().browser()?.close()
  }
})
