import { createHash } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runCli } from '@tweedie/cli'
import { serveStudio } from '@tweedie/studio'
import { parseNpy } from '@tweedie/unet'
import { shippedFolder } from '@tweedie/unet/node'
import type { Page } from 'playwright-core'
import { describe, expect, inject, test } from 'vitest'
import { scratchFolder, sharedPage } from './shared-page.ts'

const scratch = scratchFolder('photos')

/** Few pixels and steps. */
const small =
  'prior=photos&side=32&n=1&operator=sr:factor=2&noise=gaussian:sigma=0.05&a=diffpir:steps=2&b=none'
const settle = (page: Page) => page.waitForSelector('[data-test=digits][data-settled=true]')
const says = (page: Page, pattern: string) =>
  page.waitForFunction(
    (wanted) => new RegExp(wanted).test(document.querySelector('[data-test=photos]')?.textContent ?? ''),
    pattern,
  )
const ran = (page: Page) =>
  page.waitForFunction(() =>
    /^[0-9a-f]{64}$/.test(document.querySelector('[data-test=fingerprint-a]')?.textContent ?? ''),
  )

const opened = sharedPage('#digits?n=1&a=diffpir:steps=1&b=none')

describe('photographs in a browser', () => {
  test('the prior is fetched when it is chosen; fetching can be stopped, and begun again', async (context) => {
    const { page } = opened(context)
    const asked: string[] = []
    page.context().on('request', (request) => {
      if (request.url().includes('priors/unet/photos')) asked.push(request.url().split('/').at(-1) ?? '')
    })
    await settle(page)
    expect(asked).toEqual([])
    await page.context().route('**/photos/model.safetensors', () => {}) // it never comes
    await page.check('input[value=photos]')
    await says(page, 'being fetched')
    await page.click('[data-test=photos] >> text=Stop')
    await says(page, 'was not fetched')
    await page.context().unroute('**/photos/model.safetensors')
    await page.evaluate(`location.hash = '#digits?${small}'`)
    await page.click('text=Fetch the shipped prior')
    await says(page, '1\\.86 million parameters; 32 × 32 pixels')
    await ran(page)
    expect(asked).toContain('model.safetensors')
  })

  test('a picture in colour is made smaller, and the command gives the same in Node, bit for bit, and run.json', async (context) => {
    const { page } = opened(context)
    const before = await page.textContent('[data-test=fingerprint-a]')
    await page
      .locator('[data-test=photos] input[type=file]')
      .first()
      .setInputFiles(resolve(import.meta.dirname, '../../packages/cli/photographs/flower.png'))
    await page.waitForFunction((old) => {
      const now = document.querySelector('[data-test=fingerprint-a]')?.textContent ?? ''
      return now !== old && /^[0-9a-f]{64}$/.test(now)
    }, before)
    await page.locator('[data-test=export-a]').evaluate((details) => {
      ;(details as HTMLDetailsElement).open = true
    })
    for (const name of ['photo.png', 'run.json']) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.click(`[data-test=export-a] >> text="Save ${name}"`),
      ])
      await download.saveAs(join(scratch, name))
    }
    const command = ((await page.textContent('[data-test=command-a]')) ?? '').trim()
    expect(command).toMatch(/^npx tweedie restore photo\.png --prior photos /)
    const said: string[] = []
    const io = {
      ...{ cwd: scratch, terminal: undefined, color: false, signal: new AbortController().signal },
      out: (text: string) => said.push(text),
      err: (text: string) => said.push(text),
    }
    const shown = await page.textContent('[data-test=fingerprint-a]')
    expect([await runCli(command.split(' ').slice(2), io), said.join('')]).toEqual([0, expect.any(String)])
    const printOf = (file: string) => {
      const values = parseNpy(readFileSync(join(scratch, file)), file).values()
      return createHash('sha256').update(Float32Array.from(values)).digest('hex')
    }
    expect(printOf('out/restore/restored.npy')).toBe(shown)
    // All of it is in run.json as well, the size of the prior with it.
    expect(JSON.parse(readFileSync(join(scratch, 'run.json'), 'utf8'))).toMatchObject({
      ...{ kind: 'picture', prior: expect.stringMatching(/^photos@\d+x\d+$/), sha256: shown },
    })
    expect([await runCli(['run', 'run.json'], io), said.at(-1)]).toEqual([
      0,
      expect.stringContaining('The same samples as in the page, bit for bit'),
    ])
    expect(printOf('samples.npy')).toBe(shown)
  })

  test('a host without the prior says so, and files of one can be opened', async (context) => {
    const browser = opened(context).page.context().browser()
    const folder = join(scratch, 'host')
    cpSync(inject('studio') ?? context.skip('the page was not built'), folder, { recursive: true })
    const asked = JSON.parse(readFileSync(join(folder, 'priors.json'), 'utf8')) as string[]
    const left = asked.filter((name) => !name.startsWith('unet/photos/'))
    expect(asked.length - left.length).toBe(3)
    writeFileSync(join(folder, 'priors.json'), JSON.stringify(left))
    const { url, close } = await serveStudio({ folder })
    const page = await browser?.newPage()
    if (page === undefined) throw new Error('the browser is gone')
    await page.goto(`${url}#digits?${small}`)
    await says(page, "has no prior of photographs. 'npx tweedie studio' serves it")
    const files = page.locator('[data-test=photos] input[type=file]').nth(1)
    const prior = shippedFolder('photos') ?? ''
    await files.setInputFiles([join(prior, 'config.json'), join(prior, 'model.safetensors')])
    await says(page, 'the record is missing')
    await files.setInputFiles(
      ['config.json', 'record.json', 'model.safetensors'].map((name) => join(prior, name)),
    )
    await says(page, 'your prior: 1\\.86 million')
    await ran(page)
    await page.close()
    await close()
  })
})
