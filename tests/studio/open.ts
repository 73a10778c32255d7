import { serveStudio } from '@tweedie/studio'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { TestContext } from 'vitest'
import { inject } from 'vitest'
import { findChromium, launchChromium } from '../browser.ts'

/** The Studio in Chromium. */
export interface StudioPage extends AsyncDisposable {
  readonly page: Page
  /** Address of the page, without its #. */
  readonly url: string
  /** Errors of the console and uncaught ones, in the page and its workers. */
  readonly problems: readonly string[]
  /** Addresses outside the page's origin that anything in it has asked for. */
  readonly strangers: readonly string[]
}

/**
 * Serves the built page as `tweedie studio` does, and opens it; or skips the running test where there is no Chromium.
 * @param hash - What stands behind the address, from its # on.
 */
export async function openStudio(
  context: Pick<TestContext, 'skip'>,
  hash = '',
  options: BrowserContextOptions = {},
): Promise<StudioPage> {
  const executablePath = findChromium() ?? context.skip('no Chromium found (install it, or set CHROMIUM)')
  const folder = inject('studio') ?? context.skip('the page was not built')
  const { url, close } = await serveStudio({ folder })
  const page = await launchChromium(executablePath, options)
  const problems: string[] = []
  const strangers: string[] = []
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  page.context().on('request', (request) => {
    const address = request.url()
    if (!address.startsWith(url) && !/^(data|blob):/.test(address)) strangers.push(address)
  })
  await page.goto(`${url}${hash}`)
  return {
    page,
    url,
    problems,
    strangers,
    async [Symbol.asyncDispose]() {
      await page.context().browser()?.close()
      await close()
    },
  }
}
