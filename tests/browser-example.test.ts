import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { build, preview } from 'vite'
import { expect, test } from 'vitest'
import { findChromium, launchChromium, softwareGraphics } from './browser.ts'

// examples/browser as its users have it: built by Vite, in a browser, on WebGPU in a module worker.

const root = resolve(import.meta.dirname, '../examples/browser')
/** Few: a software renderer is slow. */
const steps = process.env['TWEEDIE_LONG'] === undefined ? 2 : 20

test('the page restores a digit on the graphics processor as on wasm', async (context) => {
  const chromium = findChromium() ?? context.skip('no Chromium found (install it, or set CHROMIUM)')
  const outDir = mkdtempSync(join(tmpdir(), 'tweedie-example-'))
  const common = { root, configFile: false, logLevel: 'error', build: { outDir, emptyOutDir: true } } as const
  await build(common)
  const server = await preview({ ...common, preview: { host: '127.0.0.1', port: 0 } })
  const page = await launchChromium(chromium, { args: softwareGraphics })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  try {
    const shown = async (device: string) => {
      await page.goto(`${server.resolvedUrls?.local[0]}?steps=${steps}&device=${device}`)
      await page.waitForFunction(`/PSNR|Error|failed/.test(document.getElementById('progress').textContent)`)
      return page.evaluate(`({
        device: document.getElementById('device').textContent,
        progress: document.getElementById('progress').textContent,
        pixels: Array.from(document.getElementById('restored').getContext('2d').getImageData(0, 0, 28, 28).data)
          .filter((_, i) => i % 4 === 0),
      })`) as Promise<{ device: string; progress: string; pixels: number[] }>
    }
    const [gpu, wasm] = [await shown('gpu'), await shown('wasm')]
    expect(gpu.progress).toMatch(/^PSNR [\d.]+ dB before, [\d.]+ dB after$/)
    expect(gpu.device).toMatch(/^gpu, by webgpu; .*renderer: .*swiftshader/i)
    expect(wasm.device).toMatch(/^wasm, by webassembly/)
    const after = ({ progress }: { progress: string }) => Number(/([\d.]+) dB after/.exec(progress)?.[1])
    expect(Math.abs(after(gpu) - after(wasm))).toBeLessThan(0.1)
    expect(Math.max(...gpu.pixels) - Math.min(...gpu.pixels)).toBeGreaterThan(100) // a picture
    gpu.pixels.forEach((v, i) => void expect(Math.abs(v - (wasm.pixels[i] ?? 999))).toBeLessThanOrEqual(2))
    expect(problems).toEqual([])
  } finally {
    await page.context().browser()?.close()
    await server.close()
    rmSync(outDir, { recursive: true, force: true })
  }
})
