import { existsSync, rmSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { createServer } from 'vite'
import type { TestContext } from 'vitest'

/** Milliseconds in which a browser starts and a page loads, or something hangs. */
const patience = 150_000

const root = resolve(import.meta.dirname, '..')

/** Software WebGL2 and WebGPU without a screen or a GPU, and no calls home. */
export const softwareGraphics = [
  '--no-sandbox',
  '--enable-unsafe-swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The browser in `CHROMIUM`, or the first of the usual names on the PATH. */
export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = [
    process.env['CHROMIUM'],
    ...names.flatMap((name) => folders.map((dir) => join(dir, name))),
  ]
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path))
}

/** Starts it, and opens an empty page: with time enough on a busy machine. */
export async function launchChromium(
  executablePath: string,
  { args = ['--no-sandbox'], ...page }: { args?: string[] } & BrowserContextOptions = {},
): Promise<Page> {
  const browser = await chromium.launch({ executablePath, args, timeout: patience })
  const opened = await browser.newPage(page)
  opened.setDefaultTimeout(patience)
  return opened
}

/** A page in a real browser that runs TypeScript modules of this repository. */
export interface BrowserPage extends AsyncDisposable {
  /**
   * Runs a module and returns its default export (as JSON would carry it). It may import '@tweedie/…':
   * `await page.run("import { zeros } from '@tweedie/tensor'; export default zeros([2]).shape")`.
   * Imports resolve as from a file in `folder` (default `tests`).
   */
  run(code: string, folder?: string): Promise<unknown>
}

let openings = 0

/** What makes a page cross-origin isolated, so that it may share memory between threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/**
 * Opens Chromium on a page, cross-origin isolated unless asked otherwise, or skips the running test where there
 * is none. Takes a second or two: share one page between tests, and close it
 * (`await using page = await openBrowser(ctx)`).
 */
export async function openBrowser(
  context: Pick<TestContext, 'skip'>,
  { isolated = true } = {},
): Promise<BrowserPage> {
  const headers: Readonly<Record<string, string>> = isolated ? isolation : {}
  const executablePath = findChromium() ?? context.skip('no Chromium found (install it, or set CHROMIUM)')
  const modules = new Map<string, string>()
  const cacheDir = join(root, 'out', `browser-${process.pid}-${openings++}`) // one each: tests run side by side
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    cacheDir,
    optimizeDeps: {
      noDiscovery: true,
      include: ['@tweedie/tensor > gpu.js', '@tweedie/unet > fflate', '@tweedie/solvers > ml-matrix'],
    },
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      watch: null,
      headers,
    },
    plugins: [
      {
        name: 'test-modules',
        resolveId: (id) => (modules.has(join(root, id)) ? join(root, id) : undefined),
        load: (id) => modules.get(id),
        configureServer: ({ middlewares }) => {
          middlewares.use('/test-page', (_request, response) => {
            response.setHeader('Content-Type', 'text/html')
            for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
            response.end('<!doctype html><title>test</title><link rel="icon" href="data:,">')
          })
        },
      },
    ],
  })
  await server.listen()
  const page = await launchChromium(executablePath, { args: softwareGraphics })
  const problems: string[] = []
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  await page.goto(`${server.resolvedUrls!.local[0]}test-page`)
  return {
    async run(code, folder = 'tests') {
      const id = `/${folder}/test-module-${modules.size}.ts`
      modules.set(join(root, id), code)
      try {
        // A string: a function would carry the test runner's own `import` into the page.
        return await page.evaluate(`import('${id}').then((module) => module.default)`)
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${problems.splice(0).join('\n')}`.trim())
      }
    },
    async [Symbol.asyncDispose]() {
      await page.context().browser()?.close()
      await server.close()
      rmSync(cacheDir, { recursive: true, force: true })
    },
  }
}
