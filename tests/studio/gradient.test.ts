import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { loadAxe, seriousViolations, showTheme } from './accessible.ts'
import type { StudioPage } from './open.ts'
import { goTo, sharedPage } from './shared-page.ts'

/** A short way to the step: what is tested does not depend on it. */
const small = 'steps=3&step=2'

const textOf = async (page: Page, name: string) => (await page.textContent(`[data-test=${name}]`)) ?? ''
/** Until the step is there, and the gradients through the sampler. */
const settle = (page: Page) => page.waitForSelector('[data-test=gradient][data-settled=true]')
const measured = (page: Page) =>
  page.waitForSelector('[data-test=gradient][data-measured=true] [data-test=chain][data-done="3"]')
/** The address once it has what is wanted. */
const hashOf = async (page: Page, wanted: string): Promise<string> => {
  await page.waitForFunction((part) => location.hash.includes(part), wanted)
  return page.evaluate('location.hash')
}
/** What is pointed at, once its title and its pictures are there. */
const shows = (page: Page, title: string) =>
  page.waitForFunction((wanted) => {
    const panel = document.querySelector('[data-test=tensor][data-fresh=true]')
    const pictures = panel?.querySelectorAll('canvas[aria-label*="rms"]').length
    return panel?.querySelector('h2')?.textContent?.startsWith(wanted) === true && pictures === 2
  }, title)
const item = (id: string) => `[data-item="${id}"]`

const opened = sharedPage(`#gradient?${small}`)

describe('the gradient in a browser', () => {
  /** Opens a state in the page that is there. */
  const go = async ({ page }: StudioPage, query: string) => {
    await goTo(page, `#gradient?${query}`)
    await settle(page)
  }

  test('runs at once, and says what the step costs', async (context) => {
    const { page } = opened(context)
    await settle(page)
    expect(await textOf(page, 'total')).toMatch(
      /takes [\d.]+ ms and leaves a tape of \d+ calls that keep 1\.32 MiB\. The way back takes [\d.]+ ms.*−ζ.*rounding/,
    )
    expect(Number(await textOf(page, 'residual'))).toBeGreaterThan(0)
    expect(await page.locator('.strip canvas').count()).toBe(6)
    // Blocks alone, and x_t: what is opened is opened by a click.
    expect(await page.locator('.item.block').count()).toBe(24)
    expect(await page.locator('.item.op').count()).toBe(0)
    await shows(page, 'xₜ')
  })

  test('a click opens a block into its calls; hovering and the keys show a tensor with its cotangent', async (context) => {
    const { page } = opened(context)
    await go(opened(context), small)
    await page.click(item('d0r0'))
    await hashOf(page, 'open=d0r0')
    expect(await page.getAttribute(item('d0r0'), 'aria-expanded')).toBe('true')
    const calls = page.locator('.item.op')
    expect(await calls.count()).toBe(4)
    expect((await calls.first().textContent())?.replaceAll(/\s/g, '')).toMatch(
      /^groupNormkeeps73\.5KiB1×24×28×28takes[\d.]+ms$/,
    )
    await calls.nth(1).hover()
    await shows(page, 'fusedConv2d')
    expect(await textOf(page, 'inputs')).toMatch(
      /made by down_blocks\.0\.resnets\.0\.conv1 from.*24 × 24 × 3 × 3: a constant, a leaf; kept for the way back/,
    )
    await page.focus(item('in'))
    await shows(page, 'convolution in')
    await page.keyboard.press('ArrowDown') // the name of the opened block
    await page.keyboard.press('ArrowDown') // its first call
    await shows(page, 'groupNorm')
    await page.keyboard.press('Enter')
    await hashOf(page, 'pick=op1')
    await page.click(item('d0r0'))
    expect(await calls.count()).toBe(0)
    expect(await page.locator('.item.block').count()).toBe(24)
  })

  test('the graph is made smaller and larger', async (context) => {
    const { page } = opened(context)
    const width = () => page.locator(item('in')).evaluate((one) => one.getBoundingClientRect().width)
    await go(opened(context), small)
    const before = await width()
    await page.click('[aria-label=Larger]')
    await hashOf(page, 'zoom=125')
    expect((await width()) / before).toBeCloseTo(1.25, 2)
    await page.click('text="Fit"')
    const fits = () => page.locator('.pane').evaluate((pane) => pane.scrollWidth <= pane.clientWidth)
    expect(await fits()).toBe(true)
  })

  test('tape, checkpoints, revolve: less memory, more evaluations, the same bits', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `${small}&slots=2`)
    await measured(page)
    const row = (kind: string) => page.locator(`tr[data-kind=${kind}] td`).allTextContents()
    const [tape, checkpoint, revolve] = [await row('tape'), await row('checkpoint'), await row('revolve')]
    expect(tape.slice(0, 3)).toEqual(['14.1 MiB', '11.8 MiB', '10 = n'])
    expect(checkpoint.slice(0, 3)).toEqual(['2.30 MiB', '30.6 KiB', '19 = 10 + 9'])
    expect(revolve[2]).toBe('30 = 10 + 20')
    for (const cells of [checkpoint, revolve]) expect(cells[4]).toBe('the same 784 numbers, bit for bit')
    for (const cells of [tape, checkpoint, revolve]) expect(cells[3]).toMatch(/^[\d.]+ m?s$/)
    const label = () => page.getAttribute('.schedule svg', 'aria-label')
    expect(await label()).toBe('checkpoint per step: 19 evaluations, 10 of them with a tape')
    await page.click('label:has(input[value=revolve])')
    await hashOf(page, 'strategy=revolve')
    expect(await label()).toBe('revolve, 2 slots: 30 evaluations, 10 of them with a tape')
    expect(await page.locator('.chart polyline.chosen.revolve').count()).toBe(2)
    await page.fill('[aria-label="Slots, as a number"]', '9')
    await page.keyboard.press('Tab')
    await page.waitForFunction(() =>
      /^19 = 10 \+ 9$/.test(
        document.querySelector('tr[data-kind=revolve] td:nth-of-type(3)')?.textContent ?? '',
      ),
    )
  })

  test('its address opens the same again; another version’s opens with a note; what does not fit says why', async (context) => {
    const { page, url } = opened(context)
    await go(
      opened(context),
      `${small}&seed=4&digit=14&operator=sr:factor=4&open=u2r1&pick=u2r1&strategy=tape&fog=1`,
    )
    expect(await textOf(page, 'notes')).toMatch(/knows no 'fog'/)
    await page.click('text=All right')
    await shows(page, 'up 3: residual 2')
    const seen = async (on: Page) => [
      await on.textContent('[data-test=residual]'),
      await on.locator('.item').evaluateAll((all) => all.map((one) => one.getAttribute('data-item'))),
      await on.locator('[data-test=tensor] canvas').evaluateAll((all) => all.map((one) => one.ariaLabel)),
    ]
    const before = await seen(page)
    const hash = await hashOf(page, 'open=u2r1')
    expect(hash).not.toContain('fog')
    const other = await page.context().browser()?.newPage()
    if (other === undefined) throw new Error('the browser is gone')
    other.setDefaultTimeout(150_000)
    await other.goto(`${url}${hash}`)
    await settle(other)
    await shows(other, 'up 3: residual 2')
    expect(await seen(other)).toEqual(before)
    await other.close()
    await go(opened(context), `${small}&operator=sr:factor=4,colour=3`)
    expect(await page.textContent('.gradient .note.bad')).toMatch(/colour/)
  })

  test('other steps leave the memory of the worker where it was, and leaving the room frees the network', async (context) => {
    const { page } = opened(context)
    const tensors = async () => Number(await page.getAttribute('[data-test=memory]', 'data-tensors'))
    const looks = { timeout: 30_000 } // of the footer, once a second
    await go(opened(context), small)
    await measured(page)
    await expect.poll(tensors, looks).toBeGreaterThan(150) // the prior has 184
    await page.evaluate('new Promise((done) => setTimeout(done, 1100))') // it looks once more
    const before = await tensors()
    await go(opened(context), 'steps=3&step=1&seed=1')
    await measured(page)
    await expect.poll(tensors, looks).toBeLessThanOrEqual(before)
    await page.evaluate(`location.hash = '#plane?n=100&a=dps:steps=2&b=none'`)
    await page.waitForSelector('[data-test=plane][data-settled=true]')
    await expect.poll(tensors, looks).toBeLessThan(before - 100)
    await go(opened(context), `${small}&open=d0r0&pick=op2`)
  })

  test.for(['light', 'dark'] as const)(
    'no serious violation of accessibility in the %s theme',
    async (theme, context) => {
      const { page } = opened(context)
      await showTheme(page, theme)
      expect(await seriousViolations(page)).toEqual([])
    },
  )

  test('it fits 390 pixels, and what is scrolled there is reached by keys', async (context) => {
    const { page } = opened(context)
    await page.setViewportSize({ width: 390, height: 844 })
    await page.evaluate('new Promise((done) => setTimeout(done, 200))')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await loadAxe(page)
    const found = await page.evaluate(
      `axe.run({ runOnly: ['scrollable-region-focusable'] }).then(({ violations }) => violations.length)`,
    )
    expect(found).toBe(0)
  })

  test('nothing was asked of another host, and the console has no error', (context) => {
    const { problems, strangers } = opened(context)
    expect(strangers).toEqual([])
    expect(problems).toEqual([])
  })
})
