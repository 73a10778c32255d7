import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCli } from '@tweedie/cli'
import { parseNpy, parseNpz } from '@tweedie/unet'
import { decodeApng } from 'fast-png'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { seriousViolations, showTheme } from './accessible.ts'
import type { StudioPage } from './open.ts'
import { goTo, scratchFolder, sharedPage } from './shared-page.ts'

const scratch = scratchFolder('digits')

/** Few steps: what is tested does not depend on how many there are. */
const small = 'n=2&a=dps:steps=4,scale=1.2&b=diffpir:steps=3'

/** Until what is asked for has been run. */
const settle = (page: Page) => page.waitForSelector('[data-test=digits][data-settled=true]')
const textOf = async (page: Page, name: string) => (await page.textContent(`[data-test=${name}]`)) ?? ''
const printOf = async (page: Page, side: 'a' | 'b' = 'a') => {
  await page.waitForFunction(
    (name) => /^[0-9a-f]{64}$/.test(document.querySelector(`[data-test=${name}]`)?.textContent ?? ''),
    `fingerprint-${side}`,
  )
  return textOf(page, `fingerprint-${side}`)
}
/** The address once it has what is wanted. */
const hashOf = async (page: Page, wanted: string): Promise<string> => {
  await page.waitForFunction((part) => location.hash.includes(part), wanted)
  return page.evaluate('location.hash')
}
/** Shows the files of the first method. */
const openFiles = (page: Page) =>
  page.locator('[data-test=export-a]').evaluate((details) => {
    ;(details as HTMLDetailsElement).open = true
  })
/** What a button of the first method's files gives. */
const saved = async (page: Page, button: string): Promise<Buffer> => {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(`[data-test=export-a] >> text="${button}"`),
  ])
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
const sha = (bytes: NodeJS.ArrayBufferView): string => createHash('sha256').update(bytes).digest('hex')

const opened = sharedPage(`#digits?${small}`)

describe('the digits in a browser', () => {
  /** Opens a state in the page that is there. */
  const go = async ({ page }: StudioPage, query: string) => {
    await goTo(page, `#digits?${query}`)
    await settle(page)
  }

  test('runs at once, and says what came of both methods', async (context) => {
    const { page } = opened(context)
    await settle(page)
    for (const [side, cost] of [
      ['a', '4 NFE, 4 gradients'],
      ['b', '3 NFE, 0 gradients'],
    ])
      expect(await textOf(page, `verdict-${side}`)).toMatch(
        new RegExp(`PSNR [\\d.]+ dB; residual [\\d.]+ \\(the noise has 1\\.21\\); ${cost}, [\\d.]+ s\\.$`),
      )
    expect(await page.locator('.samples button').count()).toBe(4)
    expect(await page.locator('.curve polyline').count()).toBe(4)
  })

  test('the command and the program that it shows give the same samples in Node, bit for bit', async (context) => {
    const { page } = opened(context)
    await go(opened(context), `${small}&seed=3&digit=14`)
    const print = await printOf(page)
    await openFiles(page)
    writeFileSync(join(scratch, 'digit.png'), await saved(page, 'Save digit.png'))
    writeFileSync(join(scratch, 'mask.png'), await saved(page, 'Save mask.png'))
    const command = (await textOf(page, 'command-a')).trim()
    expect(command).toMatch(/^npx tweedie restore digit\.png --operator inpaint:mask=mask\.png /)
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
    const restored = [1, 2].flatMap((n) => {
      const name = `restored-${n}.npy`
      return Array.from(parseNpy(readFileSync(join(scratch, 'out/restore', name)), name).values())
    })
    expect(sha(Float32Array.from(restored))).toBe(print)

    const program = (await saved(page, 'Save the program')).toString()
    const tail = `import { createHash } from 'node:crypto'
console.log(createHash('sha256').update(Float32Array.from(await samples.data())).digest('hex'))`
    writeFileSync(join(scratch, 'digit.ts'), `${program}\n${tail}\n`)
    const out = execFileSync(process.execPath, [join(scratch, 'digit.ts')], { encoding: 'utf8' })
    expect(out.trim().split('\n').at(-1)).toBe(print)
  })

  test('the trace and the animation have every step', async (context) => {
    const { page } = opened(context)
    await go(opened(context), small)
    await openFiles(page)
    const file = parseNpz(await saved(page, 'Save the trace'), 'trace.npz')
    expect(file.entries.find(({ name }) => name === 'guidance')?.shape).toEqual([4, 2, 1, 28, 28])
    const x = file.values('x')
    expect(sha(Float32Array.from(x.subarray(-2 * 784)))).toBe(await printOf(page))
    expect(decodeApng(await saved(page, 'Save the animation'), { checkCrc: true }).numberOfFrames).toBe(4)
  })

  test('a stroke on the mask, and a dab by keys on a drawing, are in the address, and it gives the same', async (context) => {
    const { page, url } = opened(context)
    await go(opened(context), small)
    const before = await printOf(page)
    const brush = page.locator('.brush').first()
    await brush.scrollIntoViewIfNeeded()
    const box = await brush.boundingBox()
    if (box === null) throw new Error('no brush')
    await page.mouse.move(box.x + 12, box.y + 12)
    await page.mouse.down()
    await page.mouse.move(box.x + 80, box.y + 20, { steps: 4 })
    await page.mouse.up()
    await hashOf(page, 'mask=')
    await page.click('text="Draw on it"')
    const canvas = page.locator('.brush').first() // of the picture, now
    await canvas.focus()
    await canvas.press('ArrowLeft')
    await canvas.press(' ')
    const hash = await hashOf(page, 'drawn=')
    await page.evaluate('new Promise((done) => setTimeout(done, 400))') // the stroke rests, then it is run
    await settle(page)
    const print = await printOf(page)
    expect(print).not.toBe(before)
    const other = await page.context().browser()?.newPage()
    if (other === undefined) throw new Error('the browser is gone')
    other.setDefaultTimeout(150_000)
    await other.goto(`${url}${hash}`)
    await settle(other)
    expect(await printOf(other)).toBe(print)
    await other.close()
  })

  test('a run can be held, made step by step, and let go on; time is scrubbed', async (context) => {
    const { page } = opened(context)
    await go(opened(context), small)
    const said = page.locator('.scrubber output')
    await page.click('text="Hold the runs"')
    await page.evaluate(`location.hash = '#digits?n=1&a=diffpir:steps=6&b=none'`)
    await page.waitForFunction(() =>
      /A after step 1 of 6/.test(document.querySelector('output')?.textContent ?? ''),
    )
    for (const step of [2, 3]) {
      await page.click('text="One step of the runs"')
      await page.waitForFunction(
        (wanted) => document.querySelector('output')?.textContent === wanted,
        `A after step ${step} of 6`,
      )
    }
    await page.click('text="Let the runs go on"')
    await settle(page)
    expect(await said.textContent()).toBe('A after step 6 of 6')
    await page.click('[aria-label="One step back"]')
    expect(await said.textContent()).toBe('A after step 5 of 6')
  })

  test('any operator and noise; what does not fit says why; another version opens with a note', async (context) => {
    const { page } = opened(context)
    await go(
      opened(context),
      'n=1&operator=sr:factor=4&noise=poisson:peak=30&a=dps:steps=2,scale=1&b=ddrm:steps=2&fog=1',
    )
    expect(await textOf(page, 'notes')).toMatch(/knows no 'fog'/)
    await page.click('text=All right')
    expect(await textOf(page, 'verdict-a')).toMatch(/PSNR/)
    expect(await page.textContent('[data-test=verdict-b] [role=alert]')).toMatch(/ddrm/)
    const unfit = page.locator('select[aria-label="Method A"] option[disabled]')
    expect(await unfit.count()).toBeGreaterThan(5)
    for (const text of await unfit.allTextContents()) expect(text).toMatch(/\(.+\)$/)
  })

  test('leaving the room frees the prior', async (context) => {
    const { page } = opened(context)
    const tensors = async () => Number(await page.getAttribute('[data-test=memory]', 'data-tensors'))
    const looks = { timeout: 30_000 } // of the footer, once a second
    await go(opened(context), 'n=1&a=diffpir:steps=1&b=none')
    await expect.poll(tensors, looks).toBeGreaterThan(150) // the prior has 184
    await page.evaluate(`location.hash = '#plane?n=100&a=dps:steps=2&b=none'`)
    await page.waitForSelector('[data-test=plane][data-settled=true]')
    await expect.poll(tensors, looks).toBeLessThan(50)
    await go(opened(context), small)
  })

  test.for(['light', 'dark'] as const)(
    'no serious violation of accessibility in the %s theme',
    async (theme, context) => {
      const { page } = opened(context)
      await showTheme(page, theme)
      expect(await seriousViolations(page)).toEqual([])
    },
  )

  test('it fits 390 pixels', async (context) => {
    const { page } = opened(context)
    await page.setViewportSize({ width: 390, height: 844 })
    await page.evaluate('new Promise((done) => setTimeout(done, 200))')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  })

  test('nothing was asked of another host, and the console has no error', (context) => {
    const { problems, strangers } = opened(context)
    expect(strangers).toEqual([])
    expect(problems).toEqual([])
  })
})
