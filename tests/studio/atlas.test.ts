import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCli } from '@tweedie/cli'
import { parseNpy } from '@tweedie/unet'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { seriousViolations, showTheme } from './accessible.ts'
import type { StudioPage } from './open.ts'
import { scratchFolder, sharedPage } from './shared-page.ts'

const scratch = scratchFolder('atlas')

/** Few particles and steps: what is tested does not depend on how many there are. */
const plane = 'on=plane&particles=100&x=steps~2,3,4&y=scale~0.1,0.4'
const digits = 'n=1&x=steps~1,2&y=scale~1.2'

const textOf = async (page: Page, name: string) => (await page.textContent(`[data-test=${name}]`)) ?? ''
const filled = (page: Page) => page.waitForSelector('[data-test=full]', { state: 'attached' })
const printOf = async (page: Page, name: string) => {
  await page.waitForFunction(
    (wanted) => /^[0-9a-f]{64}$/.test(document.querySelector(`[data-test=${wanted}]`)?.textContent ?? ''),
    name,
  )
  return textOf(page, name)
}
/** The address once it has what is wanted. */
const hashOf = async (page: Page, wanted: string): Promise<string> => {
  await page.waitForFunction((part) => location.hash.includes(part), wanted)
  return page.evaluate('location.hash')
}
const saved = async (page: Page, button: string): Promise<Buffer> => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)])
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
/** SHA-256 of the samples that `tweedie run` makes of a file, and what it says. */
const performed = async (name: string, file: Buffer): Promise<{ print: string; said: string }> => {
  writeFileSync(join(scratch, `${name}.json`), file)
  const said: string[] = []
  const code = await runCli(['run', `${name}.json`, '--out', `${name}.npy`], {
    cwd: scratch,
    out: (text) => said.push(text),
    err: (text) => said.push(text),
    terminal: undefined,
    color: false,
    signal: new AbortController().signal,
  })
  expect([code, said.join('')]).toEqual([0, expect.any(String)])
  const bytes = readFileSync(join(scratch, `${name}.npy`))
  const values = Float32Array.from(parseNpy(bytes, name).values())
  return { print: createHash('sha256').update(values).digest('hex'), said: said.join('') }
}

const opened = sharedPage(`#atlas?${plane}`)

describe('the atlas in a browser', () => {
  /** Opens a state in the page that is there. */
  const go = async ({ page }: StudioPage, hash: string) => {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
    await page.waitForSelector(`[data-test=${hash.slice(1).split('?')[0]}]`)
  }

  test('a map is filled, with a number in every cell, and tells of the best', async (context) => {
    const { page } = opened(context)
    await filled(page)
    expect(await textOf(page, 'progress')).toMatch(/6 of 6/)
    const values = await page.locator('.cell .value').allTextContents()
    expect(values.length).toBe(6)
    for (const value of values) expect(value).toMatch(/^\d\.\d{3}$/)
    const least = values.toSorted()[0] ?? ''
    expect(await textOf(page, 'cell')).toContain(`Distance${least}`)
    await page.click('label:has-text("Variance ratio")')
    await hashOf(page, 'distance=spread')
    expect((await page.locator('.cell .value').allTextContents())[0]).toMatch(/^\d\.\d\d$/)
  })

  test('arrows go from cell to cell; a cell opens its run, which has the same bits; and back', async (context) => {
    const { page } = opened(context)
    await page.locator('[data-place="0,0"]').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    expect(await page.evaluate('document.activeElement.dataset.place')).toBe('1,1')
    expect(await textOf(page, 'cell')).toMatch(/dps:scale=0\.4,steps=3/)
    const print = await printOf(page, 'fingerprint-cell')
    const before = await page.evaluate('location.hash')
    await page.click('[data-place="1,1"]')
    await page.waitForSelector('[data-test=plane][data-settled=true]')
    expect(await page.evaluate('location.hash')).toMatch(/^#plane\?a=dps:scale=0\.4,steps=3&b=none&n=100$/)
    expect(await printOf(page, 'fingerprint-a')).toBe(print)
    await page.goBack()
    await filled(page) // cells that were run are not run again
    expect(await page.evaluate('location.hash')).toBe(before)
  })

  test('run.json of a cell and of the rooms gives the same bits in Node', async (context) => {
    const { page } = opened(context)
    await page.locator('[data-place="2,0"]').focus()
    const print = await printOf(page, 'fingerprint-cell')
    const cell = await performed('cell', await saved(page, '[data-test=cell] >> text="Save run.json"'))
    expect([cell.print, cell.said]).toEqual([
      print,
      expect.stringMatching(/same samples as in the page, bit for bit/),
    ])

    await go(opened(context), '#plane?n=100&a=tds:steps=4&b=dps:steps=6&seed=5&prior=ring')
    for (const side of ['a', 'b']) {
      await page.waitForSelector('[data-test=plane][data-settled=true]')
      const here = await printOf(page, `fingerprint-${side}`)
      await page.click(`[data-test=export-${side}] summary`)
      const file = await saved(page, `[data-test=export-${side}] >> text="Save run.json"`)
      expect((await performed(`plane-${side}`, file)).print).toBe(here)
    }

    await go(opened(context), '#digits?n=2&a=dps:steps=2,scale=1.2&b=none&seed=4&digit=3')
    await page.waitForSelector('[data-test=digits][data-settled=true]')
    const here = await printOf(page, 'fingerprint-a')
    await page.click('[data-test=export-a] summary')
    const file = await saved(page, '[data-test=export-a] >> text="Save run.json"')
    expect((await performed('digits', file)).print).toBe(here)
  })

  test('a map of digits is filled coarse to fine; it is stopped, and goes on; words that do not fit are in their cell', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `#atlas?${digits}`)
    await filled(page)
    const [value = ''] = await page.locator('.cell .value').allTextContents()
    expect(Number(value)).toBeGreaterThan(2) // dB
    await page.evaluate(`location.hash = '#atlas?n=1&x=steps~60,61,62&y=scale~1.2,-1'`)
    await page.click('[data-test=progress] >> text="Stop"')
    await page.waitForSelector('[data-test=progress] >> text="Go on"')
    const done = await textOf(page, 'progress')
    await page.evaluate('new Promise((done) => setTimeout(done, 700))')
    expect(await textOf(page, 'progress')).toBe(done)
    expect(done).toMatch(/^[0-5] of 6/)
    await page.fill('[aria-label="Values of steps"]', '1, 2')
    await page.press('[aria-label="Values of steps"]', 'Tab')
    await hashOf(page, 'x=steps~1,2')
    await page.click('[data-test=progress] >> text="Go on"')
    await filled(page)
    await page.locator('[data-place="0,1"]').focus()
    expect(await textOf(page, 'cell')).toMatch(/scale.*must be a number of at least 0, got '-1'/)
    expect(await page.textContent('[data-place="0,1"]')).toBe('✗')
  })

  test('calibration grows, is stopped, and goes on where it was', async (context) => {
    const { page } = opened(context)
    await go(opened(context), '#atlas?view=calibration&methods=ddnm:steps=3;tmpd:steps=3;fog&prior=pair')
    const cases = async () => Number(await page.getAttribute('[data-test=cases]', 'data-cases'))
    await page.waitForFunction(
      () => Number(document.querySelector('[data-test=cases]')?.getAttribute('data-cases')) >= 3,
    )
    await page.click('[data-test=cases] >> text="Stop"')
    await page.evaluate('new Promise((done) => setTimeout(done, 500))')
    const stood = await cases()
    expect(stood).toBeGreaterThanOrEqual(3)
    const rows = await page.locator('[data-test=calibration-table] tbody tr').allTextContents()
    expect(rows[0]).toMatch(/^\s*exact draws\d\.\d{3} ± /)
    expect(rows[1]).toMatch(/ddnm:steps=3.*\d, 0/)
    expect(rows[3]).toMatch(/fog.*–/)
    expect(await textOf(page, 'entrants')).toMatch(/fog.*'fog'/)
    expect(await page.locator('[data-test=scatter] circle').count()).toBe(2)
    await page.click('[data-test=cases] >> text="Go on"')
    await page.waitForFunction(
      (before) => Number(document.querySelector('[data-test=cases]')?.getAttribute('data-cases')) > before,
      stood,
    )
    await page.click('[data-test=cases] >> text="Stop"')
  })

  test('every known failure opens as it is said, without a note', async (context) => {
    const { page } = opened(context)
    await go(opened(context), '#atlas?view=failures')
    expect(await page.locator('[data-failure]').count()).toBeGreaterThanOrEqual(12)
    await page.click('[data-failure=dps-few-steps]')
    await page.waitForSelector('[data-test=plane][data-settled=true]')
    await page.waitForSelector('[data-test=numbers-a]')
    expect(await textOf(page, 'numbers-a')).toMatch(/41 %\s*of 90 %/)
    expect(await page.locator('[data-test=notes]').count()).toBe(0)
  })

  test('an address of another version opens, with a note; leaving frees the tensors', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `#atlas?${plane}&fog=1&x=steps`)
    expect(await textOf(page, 'notes')).toMatch(/knows no 'fog'.*'x' cannot be 'steps'/)
    await page.click('text=All right')
    await go(opened(context), `#atlas?${digits}`)
    await filled(page)
    const tensors = async () => Number(await page.getAttribute('[data-test=memory]', 'data-tensors'))
    const looks = { timeout: 30_000 } // of the footer, once a second
    await expect.poll(tensors, looks).toBeGreaterThan(150) // the prior has 184
    await go(opened(context), '#plane?n=100&a=dps:steps=2&b=none')
    await page.waitForSelector('[data-test=plane][data-settled=true]')
    await expect.poll(tensors, looks).toBeLessThan(50)
    await go(opened(context), `#atlas?${digits}&seed=1`) // the prior is there again
    await filled(page)
    expect(await page.locator('.cell.failed').count()).toBe(0)
  })

  test.for(['light', 'dark'] as const)(
    'no serious violation of accessibility in the %s theme, and it fits 390 pixels',
    async (theme, context) => {
      const { page } = opened(context)
      await showTheme(page, theme)
      for (const state of [plane, 'view=calibration&methods=ddnm:steps=2&prior=pair', 'view=failures']) {
        await go(opened(context), `#atlas?${state}`)
        if (state === plane) await filled(page)
        if (state.includes('calibration')) await page.waitForSelector('[data-test=scatter]')
        expect(await seriousViolations(page)).toEqual([])
        await page.setViewportSize({ width: 390, height: 844 })
        await page.evaluate('new Promise((done) => setTimeout(done, 100))')
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
        await page.setViewportSize({ width: 1280, height: 860 })
      }
    },
  )

  test('nothing was asked of another host, and the console has no error', (context) => {
    const { problems, strangers } = opened(context)
    expect(strangers).toEqual([])
    expect(problems).toEqual([])
  })
})
