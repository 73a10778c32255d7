import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { problemFromSpec, toTensor } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import { dps, run as solve } from '@tweedie/solvers'
import { parseIdx } from '@tweedie/unet'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { seriousViolations, showTheme } from './accessible.ts'
import { sharedPage } from './shared-page.ts'

const root = resolve(import.meta.dirname, '../..')

/** Few particles and steps: what is tested does not depend on how many there are. */
const small = 'method=dps:steps=12,scale=0.3&n=100'

/** The same on digits. */
const onDigits = 'on=digits&method=dps:steps=3,scale=1.2&samples=1'

const textOf = async (page: Page, name: string) => (await page.textContent(`[data-test=${name}]`)) ?? ''
const settle = (page: Page) => page.waitForSelector('.code-runs[data-settled=true]')
/** The fingerprint of the particles of a side, once there is one other than `not`. */
const printOf = async (page: Page, side: 'a' | 'b', not = ''): Promise<string> => {
  await page.waitForFunction(
    ([name, former]) => {
      const text = document.querySelector(`[data-test=print-${name}]`)?.textContent ?? ''
      return /^[0-9a-f]{64}$/.test(text) && text !== former
    },
    [side, not],
  )
  return textOf(page, `print-${side}`)
}
/** The edit in the address. */
const codeOf = async (page: Page): Promise<string> =>
  /[?&]code=([\w-]+)/.exec(await page.evaluate('location.hash'))?.[1] ?? ''
/** Adds a text below the last line. */
const typeAtEnd = async (page: Page, text: string): Promise<void> => {
  await page.locator('.cm-content').click({ position: { x: 60, y: 30 } })
  await page.keyboard.press('Control+End')
  await page.locator('.cm-line', { hasText: 'StepOf<typeof dps>' }).waitFor() // lines out of sight are not there
  await page.evaluate('new Promise((done) => setTimeout(done, 100))')
  await page.keyboard.insertText(text)
}
/** Replaces text in the editor by hand. */
const change = async (page: Page, find: string, put: string): Promise<void> => {
  const line = page.locator('.cm-line', { hasText: find }).first()
  for (let i = 0; i < 40 && (await line.count()) === 0; i++)
    await page.locator('.cm-scroller').evaluate((box) => box.scrollBy(0, 300)) // lines out of sight are not there
  await line.click()
  const text = (await line.textContent()) ?? ''
  await page.keyboard.press('Alt+l') // selects it, as the editor's own keys have it
  await page.keyboard.insertText(`${text.replace(find, put)}\n`)
  await page.keyboard.press('ArrowLeft') // stays on it
}
/** Goes to a state of the room. */
const open = async (page: Page, query: string): Promise<void> => {
  await page.evaluate(`location.hash = '#code?${query}'`)
  await page.evaluate('new Promise((done) => setTimeout(done, 100))') // the state follows, then the runs
  await settle(page)
}
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const run = (page: Page) => press(page, '▶ Run')

const opened = sharedPage(`#code?${small}`)

describe('the code of a method in a browser', () => {
  test('ζ doubled in the text is ζ doubled, bit for bit; unedited it changes nothing', async (context) => {
    const { page } = opened(context)
    await settle(page)
    await run(page)
    const own = await printOf(page, 'b')
    expect(own).toBe(await printOf(page, 'a'))
    expect(await textOf(page, 'moved')).toMatch(/changes nothing/)
    await change(page, '.mul(zeta)', '.mul(2 * zeta)')
    await run(page)
    const twice = await printOf(page, 'b', own)
    expect(await textOf(page, 'moved')).toMatch(/moves a particle by [\d.]+/)
    // The file as it is, at twice the scale; that this equals Node is shown of the plane.
    await page.evaluate('location.hash = location.hash.replace("scale=0.3", "scale=0.6")')
    const [a, b] = [await printOf(page, 'a', own), await printOf(page, 'b', twice)]
    expect([a, b === a]).toEqual([twice, false])
    await open(page, small)
  })

  test('on digits as well: ζ doubled in the text gives what Node gives at twice ζ, bit for bit', async (context) => {
    const { page } = opened(context)
    await open(page, onDigits) // the text that was run runs here too
    const twice = await printOf(page, 'b', await printOf(page, 'a'))
    expect(await textOf(page, 'moved')).toMatch(/moves a pixel by [\d.]+/)
    const prior = await loadPrior('digits')
    const name = 'packages/studio/page/rooms/digits/held-out.idx'
    const greys = parseIdx(readFileSync(join(root, name)), name).values.slice(5 * 784, 6 * 784)
    const data = Float32Array.from(greys, (grey) => grey / 255)
    using truth = toTensor([{ channels: 1, height: 28, width: 28, data }])
    const spec = { operator: 'inpaint:box=14', noise: '0.05', shape: prior.shape }
    const { problem } = problemFromSpec(spec, { truth }, { seed: 0, count: 1 })
    using x = await solve(dps(problem, prior, { steps: 3, scale: 2.4, seed: 0 }))
    const node = createHash('sha256').update(Float32Array.from(await x.data(), Number))
    expect(twice).toBe(node.digest('hex'))
    await open(page, small)
    await press(page, 'Original')
  })

  test('a fault is planted, shown as a change, with the tests that catch it', async (context) => {
    const { page } = opened(context)
    await press(page, 'guidance without the Jacobian of the denoiser')
    expect(await textOf(page, 'caught')).toMatch(/Caught by the tests in .*dps/)
    await settle(page)
    await press(page, 'What changed')
    await page.waitForSelector('.cm-deletedChunk')
    await press(page, 'guidance without the Jacobian of the denoiser')
    await page.waitForSelector('.cm-deletedChunk', { state: 'detached' })
  })

  test('a link to a planted fault runs at once; what is edited on is that fault no longer', async (context) => {
    const { page } = opened(context)
    await open(page, `${small}&fault=dps-batch-norm`)
    await printOf(page, 'b', await printOf(page, 'a'))
    expect(await textOf(page, 'caught')).toMatch(/Caught by the tests in .*dps/)
    expect(await page.locator('[data-test=foreign]').count()).toBe(0)
    await page.waitForSelector('.cm-deletedChunk') // where it is, is seen
    await press(page, 'What changed')
    await typeAtEnd(page, '\n// and more\n')
    await expect.poll(() => page.evaluate('location.hash')).not.toMatch(/fault=/)
    await open(page, `${small}&fault=none-such`)
    await page.waitForSelector("text=No fault of this file is named 'none-such'")
    await open(page, small)
    await press(page, 'Original')
  })

  test('a text that does not compile, or throws, says so at its line, and stays', async (context) => {
    const { page } = opened(context)
    await typeAtEnd(page, '\nconst broken: number = (\n')
    await run(page)
    await page.waitForSelector('[data-test=code-error]')
    expect(await textOf(page, 'code-error')).toMatch(/^Line \d+: Unexpected token/)
    await page.waitForSelector('.cm-lint-marker-error')
    // The text rests before it is packed, and the address lags behind it.
    await expect
      .poll(async () => inflateRawSync(Buffer.from(await codeOf(page), 'base64url')).toString(), {
        timeout: 30_000,
      })
      .toContain('const broken')
    await page.reload()
    await settle(page)
    await page
      .locator('.cm-line', { hasText: 'const broken' })
      .or(page.locator('.cm-line').last())
      .first()
      .waitFor()
    expect(await page.evaluate('Object.values(localStorage).join()')).toContain('const broken')
    await press(page, 'Original')
    await change(page, 'const prior = clipped(run.prior, clip)', 'throw new RangeError("by hand")')
    const line = await page.locator('.cm-lineNumbers .cm-activeLineGutter').textContent()
    await run(page)
    await page.waitForFunction(() =>
      /by hand/.test(document.querySelector('[data-test=code-error]')?.textContent ?? ''),
    )
    expect(await textOf(page, 'code-error')).toBe(`Line ${line}: RangeError: by hand`)
    await press(page, 'Original')
  })

  test('an endless loop is ended, whether silent or not, the page lives on, and the next text runs', async (context) => {
    const { page } = opened(context)
    await typeAtEnd(page, '\nfor (;;) {}\n')
    await run(page)
    await page.waitForFunction(() =>
      /without a sign of life/.test(document.querySelector('[data-test=code-error]')?.textContent ?? ''),
    )
    expect(await page.locator('.cm-content').textContent()).toContain('for (;;) {}')
    await press(page, 'Original')
    await typeAtEnd(page, '\nfor (;;) postMessage({ kind: "alive" })\n')
    await run(page)
    await page.waitForFunction(() =>
      /messages without end/.test(document.querySelector('[data-test=code-error]')?.textContent ?? ''),
    )
    await press(page, 'Original')
    await run(page)
    await settle(page)
    expect(await printOf(page, 'b')).toBe(await printOf(page, 'a'))
  })

  test('code that came by a link runs after a click alone, and reaches nothing outside', async (context) => {
    const { page, url } = opened(context)
    let reached = 0
    const elsewhere = createServer((_, answer) => {
      reached++
      answer.writeHead(200, {
        'Access-Control-Allow-Origin': '*',
        'Cross-Origin-Resource-Policy': 'cross-origin',
      })
      answer.end('yours')
    })
    await new Promise<void>((done) => void elsewhere.listen(0, '127.0.0.1', done))
    const { port } = elsewhere.address() as AddressInfo
    const file = readFileSync(join(root, 'packages/solvers/src/methods/explicit/dps.ts'), 'utf8')
    const text = `${file}\nawait fetch('http://127.0.0.1:${port}/')\n`
    const hash = `#code?${small}&code=${deflateRawSync(text).toString('base64url')}`
    const browser = page.context().browser()
    if (browser === null) throw new Error('the browser is gone')
    const phone = { viewport: { width: 390, height: 844 } }
    const other = await (await browser.newContext(phone)).newPage() // another visitor
    other.setDefaultTimeout(150_000)
    await other.goto(`${url}${hash}`)
    await other.waitForSelector('[data-test=foreign]')
    await settle(other)
    expect(await other.evaluate('scrollY')).toBe(0) // what it says of the code is in sight
    expect(await other.locator('text=▶ Run').count()).toBe(0)
    expect(await other.evaluate('Object.keys(localStorage).filter((key) => key.includes("code"))')).toEqual(
      [],
    )
    await other.locator('.cm-content').click({ position: { x: 60, y: 30 } })
    await other.keyboard.press('Control+End')
    await other.locator('.cm-line', { hasText: `127.0.0.1:${port}` }).waitFor() // to be read
    await other.keyboard.press('Control+Enter')
    expect(await textOf(other, 'code').then((all) => all.includes('Press Run to see the edit.'))).toBe(true)
    await other.click('text=Run the code of this link')
    await other.waitForSelector('[data-test=code-error]')
    expect(await textOf(other, 'code-error')).toMatch(/fetch/i)
    expect(reached).toBe(0)
    await other.close()
    elsewhere.close()
  })

  test('a link that is cut off opens the file, with a note', async (context) => {
    const { page } = opened(context)
    await page.evaluate(`location.hash = '#code?${small}&code=eJwrSS0u'`)
    await page.waitForSelector('text=The code of this link cannot be read')
    await page.locator('.cm-line', { hasText: 'StepOf<typeof dps>' }).waitFor()
    await page.evaluate(`location.hash = '#code?${small}'`)
    await page.waitForSelector('text=The code of this link cannot be read', { state: 'detached' })
  })

  test.for(['light', 'dark'])('axe finds nothing serious in the %s theme', async (theme, context) => {
    const { page } = opened(context)
    await open(page, theme === 'light' ? small : onDigits)
    await press(page, 'guidance without the Jacobian of the denoiser')
    await press(page, 'What changed')
    await settle(page)
    await showTheme(page, theme)
    expect(await seriousViolations(page, 'main')).toEqual([])
    await press(page, 'What changed')
    await press(page, 'Original')
  })

  test('it fits 390 pixels, asks no other host, and the console has no error', async (context) => {
    const { page, problems, strangers } = opened(context)
    await page.setViewportSize({ width: 390, height: 844 })
    for (const query of [onDigits, small]) {
      await open(page, query)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    }
    await page.setViewportSize({ width: 1280, height: 860 })
    expect([strangers, problems]).toEqual([[], []])
  })
})
