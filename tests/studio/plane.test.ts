import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCli } from '@tweedie/cli'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { seriousViolations, showTheme } from './accessible.ts'
import type { StudioPage } from './open.ts'
import { goTo, scratchFolder, sharedPage } from './shared-page.ts'

const scratch = scratchFolder('plane')

/** Few particles and steps: what is tested does not depend on how many there are. */
const small = 'n=200&a=dps:steps=12,scale=0.3&b=tmpd:steps=12'

/** Until what is asked for has been run, and its numbers are there. */
const settle = (page: Page) => page.waitForSelector('[data-test=plane][data-settled=true]')
const textOf = async (page: Page, name: string) => (await page.textContent(`[data-test=${name}]`)) ?? ''
const printOf = async (page: Page) => {
  await page.waitForFunction(() =>
    /^[0-9a-f]{64}$/.test(document.querySelector('[data-test=fingerprint-a]')?.textContent ?? ''),
  )
  return textOf(page, 'fingerprint-a')
}
/** Moves the line of time to a place 0 … 1000. */
const scrub = (page: Page, at: number) =>
  page.locator('.scrubber input[type=range]').evaluate((input, value) => {
    const range = input as HTMLInputElement
    range.value = String(value)
    range.dispatchEvent(new Event('input', { bubbles: true }))
  }, at)
/** The address once it has what is wanted. */
const hashOf = async (page: Page, wanted: string): Promise<string> => {
  await page.waitForFunction((part) => location.hash.includes(part), wanted)
  return page.evaluate('location.hash')
}

/** Whether both methods are as far from the exact law as each other. */
const distances = (alike: boolean): boolean => {
  const [a, b] = ['a', 'b'].map(
    (side) =>
      /[\d.]+ floor/.exec(document.querySelector(`[data-test=numbers-${side}]`)?.textContent ?? '')?.[0],
  )
  return a !== undefined && b !== undefined && (a === b) === alike
}

const opened = sharedPage(`#plane?${small}`)

describe('the plane in a browser', () => {
  /** Opens a state in the page that is there. */
  const go = async ({ page }: StudioPage, query: string) => {
    await goTo(page, `#plane?${query}`)
    await settle(page)
  }

  test('runs at once, on threads, and says how near both methods are', async (context) => {
    const { page } = opened(context)
    await settle(page)
    expect(await textOf(page, 'engine')).toMatch(/^Runs here, on (one thread|\d+ threads)$/)
    expect(await page.evaluate('crossOriginIsolated')).toBe(true)
    for (const side of ['a', 'b']) {
      await page.waitForSelector(`[data-test=numbers-${side}]`)
      expect(await textOf(page, `numbers-${side}`)).toMatch(
        /Distance.*floor.*Spread.*Coverage.*Modes.*12 NFE, 12 gradients/s,
      )
      expect(await textOf(page, `verdict-${side}`)).toMatch(/\.$/) // a sentence
    }
  })

  test('the particles are those of Node, bit for bit, by the command that it shows', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `${small}&seed=3&prior=banana`)
    const print = await printOf(page)
    await page.click('[data-test=export-a] summary')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('[data-test=export-a] >> text=Save plane.ts'),
    ])
    const problem = await download.createReadStream()
    const chunks: Buffer[] = []
    for await (const chunk of problem) chunks.push(chunk as Buffer)
    writeFileSync(join(scratch, 'plane.ts'), Buffer.concat(chunks))
    const command = (await textOf(page, 'command-a')).trim()
    expect(command).toMatch(/^npx tweedie posterior --problem plane\.ts --method dps /)
    const said: string[] = []
    const code = await runCli(command.split(' ').slice(2), {
      cwd: scratch,
      out: (text) => said.push(text),
      err: (text) => said.push(text),
      terminal: undefined,
      color: false,
      signal: new AbortController().signal,
    })
    expect([code, said.join('')]).toEqual([0, expect.any(String)])
    const file = readFileSync(join(scratch, 'samples.npy'))
    const offset = 10 + file.readUInt16LE(8) // the header of an npy file of version 1
    const samples = new Float64Array(
      file.buffer.slice(file.byteOffset + offset, file.byteOffset + file.length),
    )
    expect(samples.length).toBe(400)
    expect(createHash('sha256').update(Float32Array.from(samples)).digest('hex')).toBe(print)
    await page.click('[data-test=export-a] summary')
  })

  test('a grip that is dragged, by the pointer or by keys, is in the address, and the address gives the same', async (context) => {
    const { page, url } = opened(context)
    await go(opened(context), small)
    const before = await printOf(page)
    const grip = page.locator('.handle.middle').first()
    await grip.scrollIntoViewIfNeeded()
    const box = await grip.boundingBox()
    if (box === null) throw new Error('no grip')
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2 + 30, box.y - 60, { steps: 5 })
    await page.mouse.up()
    await page.locator('.handle.component').nth(2).press('ArrowLeft')
    const hash = await hashOf(page, 'moved=2:')
    expect(hash).toMatch(/offset=/)
    await settle(page)
    const print = await printOf(page)
    expect(print).not.toBe(before)
    const other = await page.context().browser()?.newPage()
    if (other === undefined) throw new Error('the browser is gone')
    other.setDefaultTimeout(150_000)
    await other.goto(`${url}${hash}`)
    await settle(other)
    expect(await printOf(other)).toBe(print)
    expect(await other.evaluate('location.hash')).toBe(hash)
    await other.close()
  })

  test('time is scrubbed; the lens and a picked particle say what they see', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `${small}&show=prior.exact.particles.guidance`)
    const said = page.locator('.scrubber output')
    expect(await said.textContent()).toBe('step 12 of 12, the result')
    await scrub(page, 500)
    expect(await said.textContent()).toMatch(/^step 6 of 12, noise σₜ = 0\.\d\d$/)
    const stage = page.locator('.stage canvas').first()
    await stage.hover({ position: { x: 120, y: 150 } })
    await page.waitForFunction(() =>
      /off by \d+° and [\d.]+ times/.test(document.querySelector('[data-test=lens-a]')?.textContent ?? ''),
    )
    await stage.click({ position: { x: 200, y: 200 } })
    await hashOf(page, 'pick=')
    expect(await textOf(page, 'lens-a')).toMatch(/^Particle \d+: .*DPS takes the point/)
    expect(await textOf(page, 'lens-b')).toMatch(/TMPD takes an ellipse/)
    await page.click('[aria-label="One step on"]')
    expect(await said.textContent()).toMatch(/^step 7 of 12/)
    await page.waitForSelector('[data-test=errors] polyline')
  })

  test('B goes on from the particles of A, and a branch by the same method and seed is A', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `n=200&a=tmpd:steps=12&b=tmpd:steps=12,eta=1&at=500`)
    await page.click('text=Branch B from A here')
    await hashOf(page, 'branch=6')
    await settle(page)
    await scrub(page, 1000)
    await page.waitForFunction(distances, true)
    await go(opened(context), `n=200&a=tmpd:steps=12&b=tmpd:steps=12&branch=6&seedB=9`)
    await page.waitForFunction(distances, false)
  })

  test('particle methods show weights, ancestry and evidence; what does not fit says why', async (context) => {
    const { page } = opened(context)
    await go(opened(context), 'n=300&a=tds:steps=20&b=none')
    const words = await textOf(page, 'population-a')
    expect(words).toMatch(/\d+ of 300 particles count/)
    const [, by = '', exactly = ''] =
      /log p\(y\) ≈ (-?[\d.]+) by the weights, exactly (-?[\d.]+)/.exec(words) ?? []
    expect(Math.abs(Number(by) - Number(exactly))).toBeLessThan(1)
    const unfit = page.locator('select[aria-label="Method A"] option[disabled]')
    expect(await unfit.count()).toBeGreaterThan(5)
    for (const text of await unfit.allTextContents()) expect(text).toMatch(/\(.*(needs|takes) .*\)$/)
    await go(opened(context), 'n=200&a=dps:steps=12,colour=3&b=none')
    expect(await page.textContent('[role=alert]')).toMatch(/colour.*is no option of dps/)
  })

  test('an address of another version opens, with a note', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `${small}&fog=1&angle=x`)
    expect(await textOf(page, 'notes')).toMatch(/knows no 'fog'.*'angle' cannot be 'x'/)
    await page.click('text=All right')
    await page.waitForSelector('[data-test=notes]', { state: 'detached' })
  })

  test.for(['light', 'dark'] as const)(
    'no serious violation of accessibility in the %s theme',
    async (theme, context) => {
      const { page } = opened(context)
      await go(opened(context), `${small}&at=500&show=prior.exact.particles.guidance.handles`)
      await showTheme(page, theme)
      expect(await seriousViolations(page)).toEqual([])
    },
  )

  test('it fits 390 pixels, and every control is reached', async (context) => {
    const { page } = opened(context)
    await page.setViewportSize({ width: 390, height: 844 })
    await page.evaluate('new Promise((done) => setTimeout(done, 200))')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.setViewportSize({ width: 1280, height: 860 })
  })

  test('nothing was asked of another host, and the console has no error', (context) => {
    const { problems, strangers } = opened(context)
    expect(strangers).toEqual([])
    expect(problems).toEqual([])
  })
})
