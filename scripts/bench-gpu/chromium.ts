import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { OptionError } from '@tweedie/tensor'
import type { Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { createServer } from 'vite'
import { softwareGraphics } from '../../tests/browser.ts'
import type { Failure } from './job.ts'
import type { Asked, Results, Row } from './measure.ts'

/**
 * What makes a browser without a screen use the card: Vulkan on Linux, as Chrome's own pages on WebGPU without a screen have it, and its own
 * way elsewhere. Adapters tell their names to developers only.
 */
export const hardware: readonly string[] = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-webgpu-developer-features',
  '--ignore-gpu-blocklist',
  '--enable-gpu',
  ...(process.platform === 'linux'
    ? ['--enable-features=Vulkan', '--use-angle=vulkan', '--disable-vulkan-surface']
    : []),
]

/** How a browser is to be started. */
export interface BrowserOptions extends Asked {
  readonly backend: string | undefined
  readonly software: boolean
  /** With a window. */
  readonly headed: boolean
}

/** Milliseconds until a browser's process of graphics has answered, or never will. */
const patience = 60_000

/** What asks the process of graphics for something, whatever it is. */
const questions: Readonly<Record<string, string>> = {
  webgpu: 'navigator.gpu?.requestAdapter().then(() => true)',
  webgl2: "new OffscreenCanvas(1, 1).getContext('webgl2') !== null",
}

/**
 * Asks what computes for an answer: a process of graphics that finds no driver begins again and again, and its pages wait.
 * @param backend - Asked for; a page without a choice asks for WebGPU first.
 * @throws {OptionError} where nothing answers.
 */
export async function requireAnswer(
  page: Pick<Page, 'evaluate'>,
  backend = 'webgpu',
  within = patience,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new OptionError(
      '--software',
      'is the only way here: the browser finds no driver for a graphics processor (on Linux, of Vulkan); or measure with --node',
    )
    timer = setTimeout(() => reject(error), within)
  })
  try {
    await Promise.race([page.evaluate(questions[backend] ?? 'true'), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Measures in a page of a browser. */
export async function inChromium(
  executablePath: string,
  { filter, few = false, seconds, backend, ...how }: BrowserOptions,
  told: (row: Row | Failure) => void,
): Promise<Results> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'tweedie-bench-gpu-'))
  const server = await createServer({
    ...{
      root: resolve(import.meta.dirname, '../..'),
      configFile: false,
      logLevel: 'error',
      appType: 'custom',
      cacheDir,
    },
    optimizeDeps: {
      noDiscovery: true,
      include: ['@tweedie/tensor > gpu.js', '@tweedie/unet > fflate', '@tweedie/solvers > ml-matrix'],
    },
    server: {
      ...{ host: '127.0.0.1', port: 0, hmr: false, watch: null },
      // Threads of the wasm device, which the results are compared with.
      headers: {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      },
    },
    plugins: [
      {
        name: 'empty-page',
        configureServer: ({ middlewares }) => {
          middlewares.use('/bench', (_request, response) => {
            response.setHeader('Content-Type', 'text/html')
            response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
            response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
            response.end('<!doctype html><title>bench</title><link rel="icon" href="data:,">')
          })
        },
      },
    ],
  })
  try {
    await server.listen()
    const browser = await chromium.launch({
      executablePath,
      headless: !how.headed,
      args: how.software ? softwareGraphics : [...hardware],
      // Its renderer on the processor is for those who ask for it.
      ...(how.software ? {} : { ignoreDefaultArgs: ['--enable-unsafe-swiftshader'] }),
      timeout: 150_000,
    })
    try {
      const page = await browser.newPage()
      page.setDefaultTimeout(0)
      await page.exposeFunction('told', told)
      await page.goto(`${server.resolvedUrls?.local[0]}bench`)
      if (!how.software) await requireAnswer(page, backend)
      const asked = JSON.stringify({ filter, few, seconds, backend, software: how.software })
      return (await page.evaluate(
        `import('/scripts/bench-gpu/page.ts').then(({ inPage }) => inPage(${asked}, window.told))`,
      )) as Results
    } finally {
      await browser.close()
    }
  } finally {
    await server.close()
    rmSync(cacheDir, { recursive: true, force: true })
  }
}
