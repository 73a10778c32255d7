import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { TestContext } from 'vitest'
import { findChromium, launchChromium } from '../browser.ts'

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.safetensors': 'application/octet-stream',
}

/** A page in Chromium whose server serves files as they are. */
export interface StaticPage extends AsyncDisposable {
  /** The value of an expression in the page, as JSON carries it. */
  evaluate(expression: string): Promise<unknown>
}

/**
 * Serves folders under paths with the given headers, and opens an empty page there; or skips the running test where
 * there is no Chromium.
 */
export async function openStatic(
  context: Pick<TestContext, 'skip'>,
  folders: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Promise<StaticPage> {
  const executablePath = findChromium() ?? context.skip('no Chromium found (install it, or set CHROMIUM)')
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/') {
      response.setHeader('Content-Type', 'text/html')
      response.end('<!doctype html><title>test</title><link rel="icon" href="data:,">')
      return
    }
    const [, under = '', ...rest] = pathname.split('/')
    try {
      const body = readFileSync(join(folders[under] ?? '', ...rest))
      response.setHeader('Content-Type', types[extname(pathname)] ?? 'application/octet-stream')
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const page = await launchChromium(executablePath)
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return {
    evaluate: (expression) => page.evaluate(expression),
    async [Symbol.asyncDispose]() {
      await page.context().browser()?.close()
      server.closeAllConnections()
      server.close()
    },
  }
}
