import { siteFiles } from '@tweedie/studio'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { findChromium } from '../browser.ts'
import { sharedPage } from './shared-page.ts'

/** States of rooms that are soon run; other rooms open as they are. */
const small: Readonly<Record<string, string>> = {
  plane: 'n=100&a=dps:steps=3&b=none',
  digits: 'n=1&a=diffpir:steps=2&b=none',
  code: 'method=dps:steps=3&n=100',
  gradient: 'steps=3&step=2',
}

const opened = sharedPage(`#plane?${small['plane']}`)
let rooms: readonly string[] = []
beforeAll(async () => {
  if (findChromium() === undefined) return
  rooms = await opened({ skip: () => expect.unreachable() })
    .page.locator('nav a')
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).hash.slice(1)))
})
const settle = (page: Page, room: string) => page.waitForSelector(`[data-test=${room}][data-settled=true]`)
const go = (page: Page, room: string, query = small[room] ?? '') =>
  page.evaluate(`location.hash = '#${room}?${query}'`)
const wait = (page: Page, ms: number) => page.evaluate(`new Promise((done) => setTimeout(done, ${ms}))`)
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '')

/** Runs what states of a room ask for, one after the other, without leaving the page in between. */
const runAll = (page: Page, room: string, queries: readonly string[]) =>
  page.evaluate(
    async ([room, queries]) => {
      const box = document.querySelector<HTMLElement>(`[data-test=${room}]`)
      for (const query of queries)
        await new Promise<void>((done) => {
          const watcher = new MutationObserver(() => {
            if (box?.dataset['settled'] !== 'true') return
            watcher.disconnect()
            done()
          })
          if (box !== null) watcher.observe(box, { attributeFilter: ['data-settled'] })
          location.hash = `#${room}?${query}`
        })
    },
    [room, queries] as const,
  )

/** What tensors hold and what the engine has from the browser, when the footer has looked. */
async function memory(page: Page): Promise<{ tensors: number; bytes: number; reserved: number }> {
  await wait(page, 1500)
  const read = async (name: string) => Number(await page.getAttribute('[data-test=memory]', `data-${name}`))
  return { tensors: await read('tensors'), bytes: await read('bytes'), reserved: await read('reserved') }
}

describe('the manners of every room', () => {
  test('the tour goes through all rooms by keys, and can be left', async (context) => {
    const { page } = opened(context)
    await page.setViewportSize({ width: 390, height: 844 })
    await page.locator('text=Take the tour').press('Enter')
    for (const [k, room] of rooms.entries()) {
      await page.waitForSelector(`main h1`)
      for (let step = 1; step <= 5; step++) {
        await page.waitForSelector(`.tour >> text="${step} of 5"`)
        await page.waitForSelector('.toured') // a room shows some things when they have come
        expect(await page.locator('.toured').count(), `${room}, step ${step} points at something`).toBe(1)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
        if (step < 5) await page.keyboard.press('ArrowRight')
      }
      await page.keyboard.press('ArrowLeft')
      await page.waitForSelector('.tour >> text="4 of 5"')
      await page.keyboard.press('ArrowRight')
      const onward = page.locator('.tour .button').last()
      expect(await onward.textContent()).toMatch(k + 1 < rooms.length ? /^On to \w+$/ : /^Done$/)
      expect(await page.evaluate('location.hash')).toMatch(new RegExp(`^#${room}`))
      if (k + 1 < rooms.length) await onward.press('Enter')
    }
    await page.keyboard.press('Escape')
    await page.waitForSelector('.tour', { state: 'detached' })
    expect(await focused(page)).toBe('Take the tour')
    expect(await page.locator('.toured').count()).toBe(0)
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('the address has the state, however the page was opened, and who changes it is not overruled', async (context) => {
    const { page, url } = opened(context)
    await page.goto(url)
    await page.waitForFunction(() => location.hash === '#plane')
    await page.evaluate(async (query) => {
      const time = document.querySelector<HTMLInputElement>('.scrubber input[type=range]')
      if (time === null) throw new Error('no line of time')
      time.value = '500'
      time.dispatchEvent(new Event('input', { bubbles: true }))
      // Somebody changes the address while it is due to be written, and the page hears of that late.
      history.replaceState(null, '', `#plane?${query}&seed=12`)
      await new Promise((resolve) => setTimeout(resolve, 1000))
      dispatchEvent(new HashChangeEvent('hashchange'))
    }, small['plane'])
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('[aria-label="Seed, as a number"]')?.value === '12',
    )
    expect(await page.evaluate('location.hash')).toMatch(/seed=12/)
  })

  test('an address of another version opens every room with a note', async (context) => {
    const { page } = opened(context)
    for (const room of rooms) {
      await go(page, room, `${small[room] ?? ''}&fog=1`)
      await page.waitForFunction(() =>
        /knows no 'fog'/.test(document.querySelector('[data-test=notes]')?.textContent ?? ''),
      )
      await page.click('text=All right')
    }
  })

  test('an address of a room that is not there opens the first, with a note', async (context) => {
    const { page } = opened(context)
    await page.evaluate(`location.hash = '#nowhere?${small['plane']}'`)
    await settle(page, 'plane')
    expect(await page.textContent('[data-test=notes]')).toContain("there is no room 'nowhere'")
    await page.click('text=All right')
    expect(await page.locator('[data-test=notes]').count()).toBe(0)
  })

  test('what is painted follows the theme', async (context) => {
    const { page } = opened(context)
    await go(page, 'plane')
    await settle(page, 'plane')
    const painted = () =>
      page.evaluate(() => document.querySelector<HTMLCanvasElement>('.stage canvas')?.toDataURL())
    const before = await painted()
    await page.click('[aria-label="Show the dark theme"]')
    const dark = await painted()
    expect(dark).not.toBe(before)
    await page.click('[aria-label="Show the light theme"]')
    expect(await painted()).toBe(before)
  })

  test('who has asked for less motion sees results only', async (context) => {
    const { url } = opened(context)
    const page = await opened(context).page.context().browser()?.newPage({ reducedMotion: 'reduce' })
    if (page === undefined) throw new Error('the browser is gone')
    await page.goto(`${url}#plane?${small['plane']}`)
    await settle(page, 'plane')
    await page.evaluate(() => {
      const said = new Set<string>()
      Object.assign(globalThis, { said })
      new MutationObserver(() => said.add(document.querySelector('output')?.textContent ?? '')).observe(
        document.body,
        { subtree: true, childList: true, characterData: true },
      )
    })
    await runAll(page, 'plane', ['n=400&a=dps:steps=60&b=none'])
    const said = (await page.evaluate('[...said]')) as string[]
    expect(said.filter((text) => / of 60/.test(text))).toEqual(['step 60 of 60, the result'])
    await page.close()
    await opened(context).page.bringToFront() // timers of pages behind others are slow
  })

  test.for([
    ['plane', 'n=100&a=dps:steps=1&b=tds:steps=1'],
    ['digits', 'n=1&a=dps:steps=1&b=diffpir:steps=1'],
  ] as const)(
    '200 runs in %s leave the memory of the worker where it was',
    async ([room, query], context) => {
      const { page } = opened(context)
      const seeds = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, k) => `${query}&seed=${from + k}`)
      await go(page, room, query)
      await settle(page, room)
      await runAll(page, room, seeds(1, 6)) // what is kept is there now
      const before = await memory(page)
      await runAll(page, room, seeds(6, 106))
      const after = await memory(page)
      for (const what of ['tensors', 'bytes', 'reserved'] as const)
        expect([what, after[what] <= before[what] || [before, after]]).toEqual([what, true])
    },
  )

  test('all files of the page are under 3 MB as they are, the prior of digits with them', async (context) => {
    const files = siteFiles(inject('studio') ?? context.skip('the page was not built'))
    expect([...files.keys()]).toContain('priors/unet/digits/model.safetensors.planes')
    let bytes = 0
    // The prior of photographs is fetched where somebody chooses them (ADR 32).
    for (const [path, read] of files)
      if (!path.startsWith('priors/unet/photos/')) bytes += (await read()).length
    expect(bytes).toBeLessThan(3e6)
  })

  test('the engine is fetched once, and before the scripts of the page ask for it', async (context) => {
    const { url } = opened(context)
    const page = await opened(context).page.context().browser()?.newPage()
    if (page === undefined) throw new Error('the browser is gone')
    await page.goto(`${url}#plane?${small['plane']}`)
    await settle(page, 'plane')
    const fetched = await page.evaluate(() =>
      (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
        .filter(({ name }) => /engine-[^/]*\.deflate$/.test(name))
        .map(({ initiatorType }) => initiatorType),
    )
    expect(fetched).toEqual(['link'])
    await page.close()
  })

  test('nothing was asked of another host, and the console has no error', (context) => {
    const { problems, strangers } = opened(context)
    expect(strangers).toEqual([])
    expect(problems).toEqual([])
  })
})
