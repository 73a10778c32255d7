import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { packPlanes } from './planes.ts'
import { serveStudio } from './serve.ts'
import { SiteMissingError, siteFiles, siteFolder } from './site.ts'

const parent = mkdtempSync(join(tmpdir(), 'studio-'))
const folder = join(parent, 'site')
mkdirSync(join(folder, 'assets'), { recursive: true })
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>')
writeFileSync(join(folder, 'assets', 'a-123.js'), 'export {}')
writeFileSync(
  join(folder, 'priors.json'),
  '["unet/digits/config.json", "unet/digits/model.safetensors.planes", "calibration/digits-gmm/record.json"]',
)
writeFileSync(join(parent, 'secret.txt'), 'secret')
const packed = 'priors/unet/digits/model.safetensors.planes'
const shipped = (file: string) => join(import.meta.dirname, '../../..', file)
afterAll(() => rmSync(parent, { recursive: true, force: true }))

/** The status of a request whose path is sent as it is. */
const raw = (url: string, path: string, method = 'GET'): Promise<number> =>
  new Promise((done, fail) => {
    const { hostname, port } = new URL(url)
    request({ hostname, port, path, method }, (answer) => {
      answer.resume()
      done(answer.statusCode ?? 0)
    })
      .on('error', fail)
      .end()
  })

test('serves the page isolated, under a policy of its own origin, and nothing beside it', async () => {
  const { url, close } = await serveStudio({ folder })
  try {
    expect(new URL(url).hostname).toBe('127.0.0.1')
    const page = await fetch(url)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<title>page</title>')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const script = await fetch(`${url}assets/a-123.js`)
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/%',
      '/none',
    ])
      expect([path, await raw(url, path)]).toEqual([path, 404])
    expect(await raw(url, '/', 'POST')).toBe(405)
    expect(await raw(url, '/', 'HEAD')).toBe(200)
  } finally {
    await close()
  }
})

test('serves the files of priors that the page asks for from the packages that ship them, and no others', async () => {
  const { url, close } = await serveStudio({ folder })
  try {
    for (const [path, file] of [
      ['priors/unet/digits/config.json', 'unet/priors/digits/config.json'],
      ['priors/calibration/digits-gmm/record.json', 'calibration/priors/digits-gmm/record.json'],
    ] as const) {
      const answer = await fetch(`${url}${path}`)
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
      // Such a name has no hash: another version may have other bytes under it.
      expect(answer.headers.get('cache-control')).toBe('no-cache')
      expect(await answer.text()).toBe(readFileSync(shipped(file), 'utf8'))
    }
    expect(await raw(url, '/priors/unet/digits/record.json')).toBe(404)
  } finally {
    await close()
  }
})

test('all files of the page, for another host', async () => {
  const files = siteFiles(folder)
  const expected = {
    'index.html': join(folder, 'index.html'),
    'assets/a-123.js': join(folder, 'assets', 'a-123.js'),
    'priors.json': join(folder, 'priors.json'),
    'priors/unet/digits/config.json': shipped('unet/priors/digits/config.json'),
    'priors/calibration/digits-gmm/record.json': shipped('calibration/priors/digits-gmm/record.json'),
  }
  expect([...files.keys()].sort()).toEqual([...Object.keys(expected), packed].sort())
  for (const [path, file] of Object.entries(expected))
    expect([path, Buffer.from((await files.get(path)?.()) ?? []).equals(readFileSync(file))]).toEqual([
      path,
      true,
    ])
})

test('weights are packed on the way, and kept so', async () => {
  const read = siteFiles(folder).get(packed)
  const weights = readFileSync(shipped('unet/priors/digits/model.safetensors'))
  expect(Buffer.from((await read?.()) ?? []).equals(packPlanes(weights))).toBe(true)
  expect(await read?.()).toBe(await read?.())
  const { url, close } = await serveStudio({ folder })
  expect(await raw(url, '/priors/unet/digits/model.safetensors')).toBe(404)
  await close()
})

test('a port that is taken is an error, not another port', async () => {
  const { url, close } = await serveStudio({ folder })
  try {
    await expect(serveStudio({ folder, port: Number(new URL(url).port) })).rejects.toThrow(/EADDRINUSE/)
  } finally {
    await close()
  }
})

test('a page that was not built is named, with what builds it', () => {
  try {
    expect(siteFolder()).toMatch(/site$/)
  } catch (error) {
    expect(error).toBeInstanceOf(SiteMissingError)
    expect(String(error)).toContain('npm run studio')
  }
})
