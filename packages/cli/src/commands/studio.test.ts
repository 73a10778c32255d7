import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { runCli } from '../cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-studio-'))
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>')
vi.mock('@tweedie/studio', async (original) => {
  const actual = await original<typeof import('@tweedie/studio')>()
  return {
    ...actual,
    serveStudio: (options: object) => actual.serveStudio({ ...options, folder }),
    siteFiles: () => actual.siteFiles(folder),
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('studio --out writes the page and the priors it asks for into a folder of its own, and serves nothing', async () => {
  writeFileSync(join(folder, 'priors.json'), '["unet/digits/config.json"]')
  const said: string[] = []
  const io = {
    cwd: folder,
    out: (text: string) => said.push(text),
    err: (text: string) => said.push(text),
    terminal: undefined,
    color: false,
    signal: new AbortController().signal,
  }
  const host = mkdtempSync(join(tmpdir(), 'cli-host-'))
  expect(await runCli(['studio', '--out', join(host, 'page')], io)).toBe(0)
  expect(said.join('')).toBe(`3 files for a static host in ${join(host, 'page')}\n`)
  expect(readFileSync(join(host, 'page/index.html'), 'utf8')).toContain('<title>page</title>')
  const config: unknown = JSON.parse(readFileSync(join(host, 'page/priors/unet/digits/config.json'), 'utf8'))
  expect(config).toHaveProperty('_class_name')
  expect(await runCli(['studio', '--out', join(host, 'page')], io)).toBe(2)
  expect(said.at(-1)).toContain('is not empty')
  rmSync(host, { recursive: true })
})

test('studio serves until it is interrupted, and refuses ports that are none or taken', async () => {
  const stop = new AbortController()
  const said: string[] = []
  const io = {
    cwd: folder,
    out: (text: string) => said.push(text),
    err: (text: string) => said.push(text),
    terminal: undefined,
    color: false,
    signal: stop.signal,
  }
  const running = runCli(['studio', '--port', '0'], io)
  await vi.waitFor(() => expect(said.join('')).toContain('http://127.0.0.1:'), { timeout: 60_000 })
  const [url = ''] = /http:\S+/.exec(said.join('')) ?? []
  expect(await (await fetch(url)).text()).toContain('<title>page</title>')
  stop.abort()
  expect(await running).toBe(0)
  await expect(fetch(url)).rejects.toThrow()

  expect(await runCli(['studio', '--port', 'x'], io)).toBe(2)
  expect(await runCli(['studio', '--port', '65536'], io)).toBe(2)
  const other = createServer()
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  said.length = 0
  expect(
    await runCli(['studio', '--port', String(port)], { ...io, signal: new AbortController().signal }),
  ).toBe(2)
  expect(said.join('')).toContain('the port is taken')
  other.close()
})
