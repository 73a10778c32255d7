import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'vitest'
import { afterAll, describe, expect, test } from 'vitest'
import type { Bundle } from './published/bundle.ts'
import { bundlers, stopBundlers } from './published/bundle.ts'
import { emptyFolder, run, tarballs, unpackInto } from './published/consumer.ts'
import { openStatic } from './published/serve.ts'

// Production bundles of the packages as they are published, minified, run in Node and in Chromium.

const folder = emptyFolder('bundles')
afterAll(async () => {
  await stopBundlers()
  rmSync(folder, { recursive: true, force: true })
})
const programs = join(folder, 'programs')
const priors = join(folder, 'node_modules/@tweedie/unet/priors')

/** Lays out a project that has the packages and the programs; or skips the running test. */
function project(context: TestContext): void {
  if (existsSync(programs)) return
  unpackInto(folder, tarballs(context))
  cpSync(join(import.meta.dirname, 'published/programs'), programs, { recursive: true })
}

const bundles = new Map<string, Promise<Bundle>>()

/** A program of published/programs, bundled (once). */
function bundle(context: TestContext, bundler: keyof typeof bundlers, program: string): Promise<Bundle> {
  project(context)
  const name = `${bundler}-${program}`
  let made = bundles.get(name)
  if (made === undefined) {
    mkdirSync(join(folder, name))
    made = bundlers[bundler](join(programs, `${program}.js`), join(folder, name))
    bundles.set(name, made)
  }
  return made
}

/** The value of an expression over a module's exports `m`, in a Node of its own. */
function inNode(path: string, expression: string): unknown {
  const code = `
    import { readFileSync } from 'node:fs'
    import * as m from ${JSON.stringify(path)}
    const read = (name) => readFileSync(${JSON.stringify(join(priors, 'digits'))} + '/' + name)
    const files = { config: read('config.json').toString(), weights: read('model.safetensors') }
    console.log(JSON.stringify(await (${expression})))
    process.exit()`
  return JSON.parse(run(process.execPath, ['--input-type=module', '-e', code], folder))
}

let unbundled: unknown
/** The digit that the program restores without a bundler, in this Node. */
const restored = () => (unbundled ??= inNode(join(programs, 'restore.js'), 'm.restore(files)'))

const threaded = {
  equal: true,
  threads: 3,
  notes: expect.stringContaining('threads: as asked for'),
}

describe.for(Object.keys(bundlers) as (keyof typeof bundlers)[])(
  'bundled by %s',
  { timeout: 300_000 },
  (bundler) => {
    test('matmul and a second derivative', async (context) => {
      const { entry } = await bundle(context, bundler, 'all')
      expect(inNode(entry, '[m.product(), m.gradient()]')).toEqual([
        [17, 39],
        [6, 12],
      ])
    })

    test('DPS on a digit under the shipped prior, the same to the bit as unbundled', async (context) => {
      const { entry } = await bundle(context, bundler, 'all')
      const digit = inNode(entry, 'm.restore(files)')
      expect(digit).toHaveLength(784)
      expect(digit).toEqual(restored())
    })

    test('a run of @tweedie/runs on that digit, with its scores and report, and no file system', async (context) => {
      const { entry, modules } = await bundle(context, bundler, 'runs')
      expect(inNode(entry, 'm.digitRun(files)')).toEqual({
        digit: restored(),
        told: [0, 0.5, 1],
        // The truth, the measurement and the restoration; the guesses of two steps.
        pictures: 5,
        shown: 5,
        scores: ['psnr', 'ssim', 'misfit', 'unseen'],
      })
      expect(modules.filter((path) => /node_modules\/(zod|valibot)\/|runs\/dist\/node/.test(path))).toEqual(
        [],
      )
      expect(readFileSync(entry, 'utf8')).not.toMatch(/["'`](node:)?fs(\/promises)?["'`]/)
    })

    test('threads', async (context) => {
      const { entry } = await bundle(context, bundler, 'all')
      expect(inNode(entry, 'm.threads()')).toMatchObject(threaded)
    })

    test('arrays of ndarray', async (context) => {
      const { entry } = await bundle(context, bundler, 'all')
      const expected = [
        [1, 4],
        [2, 5],
        [3, 6],
      ]
      expect(inNode(entry, 'm.exchanged()')).toEqual(expected)
    })

    test('without gpu.js, loadGpu() says what to install', async (context) => {
      const { entry } = await bundle(context, bundler, 'all')
      expect(inNode(entry, 'm.gpu()')).toMatch(/^DeviceError: gpu: .*`npm i gpu\.js`/)
    })

    test('all of it in an isolated page under a strict policy', async (context) => {
      const { entry } = await bundle(context, bundler, 'all')
      const folders = { app: join(entry, '..'), priors }
      await using page = await openStatic(context, folders, {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
        'Content-Security-Policy':
          "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; img-src data:",
      })
      const all = `import('/app/main.js').then(async (m) =>
      [m.product(), m.gradient(), await m.restore('/priors/digits'), await m.threads()])`
      const digit = restored()
      expect(await page.evaluate(all)).toEqual([[17, 39], [6, 12], digit, expect.objectContaining(threaded)])
    })

    test('in a page without isolation, which paints while a run breathes', async (context) => {
      const { entry } = await bundle(context, bundler, 'all')
      await using page = await openStatic(context, { app: join(entry, '..'), priors }, {})
      const restore = `import('/app/main.js').then((m) => m.restore('/priors/digits'))`
      expect(await page.evaluate(restore)).toEqual(restored())
      expect(await page.evaluate(`import('/app/main.js').then((m) => m.frames())`)).toBe('painted')
    })

    test('is no larger than documented, and without what a page has no use for', async (context) => {
      const kilobytes = async (program: string) =>
        Number(((await bundle(context, bundler, program)).gzipped / 1000).toFixed(1))
      const { product, solver, restore } = bars[bundler]
      expect(await kilobytes('product'), 'matmul').toBeLessThanOrEqual(product)
      expect(await kilobytes('solver'), 'DPS, U-Net and the reader of priors').toBeLessThanOrEqual(solver)
      expect(await kilobytes('restore'), 'with an operator and noise').toBeLessThanOrEqual(restore)
      const { modules } = await bundle(context, bundler, 'restore')
      const useless = [
        /node_modules\/(zod|valibot|ml-matrix|gpu\.js|ndarray)\//,
        /autograd\/dist\/(forward|jvp|rules\/tangents)\.js/,
        /catalog\.js|unet\/dist\/architectures\/(adm\/|ddpm\/(explain\.js|infer\.js|init\.js|varied\/))/,
      ]
      expect(modules.filter((path) => useless.some((those) => those.test(path)))).toEqual([])
    })
  },
)

/**
 * Kilobytes (1000 bytes), gzipped: docs/browser.md names them, and what is in them. Both keep the same functions. Esbuild's are
 * larger for its names: those of a nested function go on counting after the names around it, where rolldown uses them again.
 */
const bars = {
  esbuild: { product: 59.5, solver: 85, restore: 89 },
  vite: { product: 57, solver: 81.5, restore: 85.5 },
} satisfies Record<keyof typeof bundlers, { product: number; solver: number; restore: number }>
