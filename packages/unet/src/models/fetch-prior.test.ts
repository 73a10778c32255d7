import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { AdmConfig } from '../architectures/adm/config.ts'
import { admFormat } from '../architectures/adm/format.ts'
import { ddpm } from '../architectures/ddpm/architecture.ts'
import type { DdpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmFormat } from '../architectures/ddpm/format.ts'
import { parseSafetensors } from '../checkpoint/safetensors.ts'
import { writeSafetensors } from '../checkpoint/write.ts'
import { loadShippedPrior } from '../priors/shipped.ts'
import { fetchNetwork, fetchPrior } from './fetch-prior.ts'
import { loadPrior, readNetwork } from './prior.ts'

const folder = resolve(import.meta.dirname, '../../priors/digits')
const config = readFileSync(join(folder, 'config.json'), 'utf8')
const weights = readFileSync(join(folder, 'model.safetensors'))
const name = 'conv_in.weight'
const expected = loadShippedPrior('digits').params[name]?.dataSync()

describe('loadPrior', () => {
  test.each([
    ['text and bytes', { config, weights }],
    ['a value and a view', { config: JSON.parse(config), weights: Buffer.concat([weights]).subarray() }],
    ['an ArrayBuffer', { config, weights: new Uint8Array(weights).buffer }],
  ])('from %s', (_, files) => {
    const network = loadPrior(files)
    expect(network.config).toMatchObject({ architecture: 'ddpm', sampleSize: 28 })
    expect(network.params[name]?.dataSync()).toEqual(expected)
  })

  test.each(['module.', 'model.', 'ema.'])('takes %s off every name', (prefix) => {
    const { params } = loadShippedPrior('digits')
    const wrapped = Object.fromEntries(Object.entries(params).map(([key, value]) => [prefix + key, value]))
    const bytes = writeSafetensors(wrapped)
    for (const source of [bytes, parseSafetensors(bytes, 'model.safetensors')]) {
      const network = loadPrior({ config, weights: source })
      expect(network.params[name]?.dataSync()).toEqual(expected)
      expect(network.notes).toEqual([
        `model.safetensors: the names begin with '${prefix}', which is taken off`,
      ])
    }
  })

  test('takes off nothing where there are weights under plain names as well', () => {
    const { params } = loadShippedPrior('digits')
    const averages = Object.fromEntries(Object.entries(params).map(([key, value]) => [`ema.${key}`, value]))
    const both = writeSafetensors({ ...params, ...averages })
    expect(() => loadPrior({ config, weights: both })).toThrow(/unexpected ema\.\S+, /)
  })

  test.each([
    ['{', weights, 'config.json: is not JSON'],
    ['<!doctype html>', weights, 'config.json: is not JSON'],
    [{ ...JSON.parse(config), sample_size: -1 }, weights, 'config.json: '],
    [config, weights.subarray(0, 1000), 'model.safetensors: '],
    [
      config,
      new TextEncoder().encode('<!doctype html><title>Page</title>'),
      "model.safetensors: begins with '<!doctype html><title>Page</title>', not a safetensors file",
    ],
    [config, new Uint8Array(0), 'model.safetensors: truncated: 0 bytes'],
    [{ ...JSON.parse(config), layers_per_block: 2 }, weights, 'does not fit the configuration'],
  ])('refuses damaged files: %#', (badConfig, badWeights, message) => {
    const load = () => loadPrior({ config: badConfig, weights: badWeights })
    expect(load).toThrow(FileFormatError)
    expect(load).toThrow(message)
  })
})

describe('readNetwork', () => {
  test('reads what loadPrior does, by the formats that it is given', () => {
    const network = readNetwork([ddpmFormat], { config, weights })
    expectTypeOf(network.config).toEqualTypeOf<DdpmConfig>()
    const all = loadPrior({ config, weights })
    expect(network.config).toEqual(all.config)
    expect(Object.keys(network.params)).toEqual(Object.keys(all.params))
    expect(network.params[name]?.dataSync()).toEqual(expected)
  })

  test('of several formats it is the one that the configuration tells', () => {
    const network = readNetwork([admFormat, ddpmFormat], { config, weights })
    expectTypeOf(network.config).toEqualTypeOf<DdpmConfig | AdmConfig>()
    expect(network.config.architecture).toBe('ddpm')
  })

  test('refuses a network of another format, naming those it has', () => {
    const read = () => readNetwork([admFormat], { config, weights })
    expect(read).toThrow(FileFormatError)
    expect(read).toThrow(
      'config.json: is the configuration of no network known here: adm (guided-diffusion UNetModel)',
    )
  })

  test('a format names differences, an architecture the field that would explain them as well', () => {
    const wide = { config: { ...JSON.parse(config), in_channels: 3 }, weights }
    expect(() => readNetwork([ddpmFormat], wide)).toThrow(/of another shape conv_in\.weight [^;]*$/)
    expect(() => readNetwork([ddpm], wide)).toThrow('; inChannels would have to be 1 (it is 3)')
    expect(() => loadPrior(wide)).toThrow('; inChannels would have to be 1 (it is 3)')
  })
})

describe('fetchPrior', () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://x')
    asked.push(pathname + search)
    if (pathname === '/digits/config.json') response.end(config)
    else if (pathname === '/digits/model.safetensors' || pathname === '/assets/w-1a2b') {
      response.setHeader('Content-Length', weights.length)
      response.end(weights)
    } else if (pathname === '/chunked') {
      response.write(weights.subarray(0, 70_000))
      response.end(weights.subarray(70_000))
    } else if (pathname === '/cut') {
      response.setHeader('Content-Length', weights.length)
      response.write(weights.subarray(0, 1000), () => response.destroy())
    } else if (pathname !== '/hangs') response.writeHead(404).end('not here')
  })
  let base = ''
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  test.each(['/digits', '/digits/', '/digits//?v=2'])('a folder: %s', async (path) => {
    asked.length = 0
    const network = await fetchPrior(base + path)
    expect(network.params[name]?.dataSync()).toEqual(expected)
    expect((await fetchNetwork([ddpmFormat], base + path)).params[name]?.dataSync()).toEqual(expected)
    asked.splice(2)
    const query = path.includes('?') ? '?v=2' : ''
    expect(asked.sort()).toEqual([`/digits/config.json${query}`, `/digits/model.safetensors${query}`])
  })

  test('addresses of the two files, with progress', async () => {
    const seen: { loaded: number; total: number | undefined }[] = []
    const onProgress = (progress: (typeof seen)[number]) => void seen.push(progress)
    const parsed = JSON.parse(config)
    const a = await fetchPrior({ config: parsed, weights: new URL(`${base}/assets/w-1a2b`) }, { onProgress })
    expect(a.params[name]?.dataSync()).toEqual(expected)
    expect(seen.at(-1)).toEqual({ loaded: weights.length, total: weights.length })
    expect(seen.every(({ loaded }, i) => i === 0 || loaded > (seen[i - 1]?.loaded ?? 0))).toBe(true)
    seen.length = 0
    const addresses = { config: `${base}/digits/config.json`, weights: `${base}/chunked` }
    expect((await fetchPrior(addresses, { onProgress })).params[name]?.dataSync()).toEqual(expected)
    expect(seen.at(-1)).toEqual({ loaded: weights.length, total: undefined })
  })

  test('what is compressed on the way has no total', async () => {
    const seen: (number | undefined)[] = []
    const headers = { 'content-encoding': 'gzip', 'content-length': '7' }
    const fetch = async () => new Response(Uint8Array.from(weights), { headers })
    const onProgress = ({ total }: { readonly total: number | undefined }) => void seen.push(total)
    await fetchPrior({ config: JSON.parse(config), weights: 'x:' }, { fetch, onProgress })
    expect([seen.length > 0, new Set(seen)]).toEqual([true, new Set([undefined])])
  })

  test('what is not there, cut or no address is a typed error that names it', async () => {
    await expect(fetchPrior(`${base}/other`)).rejects.toThrow(FileFormatError)
    await expect(fetchPrior(`${base}/other`)).rejects.toThrow(
      /\/other\/.*: cannot be fetched: HTTP 404 Not Found/,
    )
    const cut = fetchPrior({ config: JSON.parse(config), weights: `${base}/cut` })
    await expect(cut).rejects.toThrow(FileFormatError)
    await expect(fetchPrior({ config: {}, weights: 'http://127.0.0.1:1/' })).rejects.toThrow(
      'cannot be fetched',
    )
    for (const none of ['', '?v=2']) await expect(fetchPrior(none)).rejects.toThrow(OptionError)
    const addresses: string[] = []
    const fetch = async (address: string) => {
      addresses.push(address)
      return new Response('', { status: 404 })
    }
    await expect(fetchPrior('/', { fetch })).rejects.toThrow('HTTP 404')
    expect(addresses).toEqual(['/config.json', '/model.safetensors'])
  })

  test('where the configuration is not there, the weights are not waited for', async () => {
    let stopped = false
    const fetch = (address: string, { signal }: { readonly signal: AbortSignal }) =>
      new Promise<Response>((give, fail) => {
        if (address.endsWith('.json')) return give(new Response('', { status: 404 }))
        signal.addEventListener('abort', () => {
          stopped = true
          fail(signal.reason)
        })
      })
    await expect(fetchPrior('/digits', { fetch })).rejects.toThrow(
      '/digits/config.json: cannot be fetched: HTTP 404',
    )
    expect(stopped).toBe(true)
  })

  test('a signal ends it with its reason', async () => {
    const reason = new Error('gone')
    const signal = AbortSignal.abort(reason)
    await expect(fetchPrior(`${base}/digits`, { signal })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = fetchPrior({ config: {}, weights: `${base}/hangs` }, { signal: controller.signal })
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })
})
