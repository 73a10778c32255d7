import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { FileFormatError, fromData, tensor } from '@tweedie/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadParams } from '../models/load.ts'
import { writeNpz } from './npy-write.ts'
import { openCheckpoint } from './open.ts'
import { openBlob, openRemote, openUrl } from './remote.ts'
import { writeSafetensors } from './write.ts'
import { parseZip } from './zip.ts'
import { zipOf } from './zip-writer.test.helper.ts'

const archive = (name: string) =>
  parseZip(readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/checkpoints', name)), name)
const [kinds, legacy] = [archive('torch-kinds.zip'), archive('torch-legacy.zip')]
const large = fromData(
  Float32Array.from({ length: 700_000 }, (_, i) => i),
  [700, 1000],
)
const npz = writeNpz({
  a: { shape: [70_000], values: new Float64Array(70_000).fill(0.5) },
  b: { shape: [2], values: [1, 2] },
})
const files: Readonly<Record<string, Uint8Array>> = {
  'a.safetensors': writeSafetensors({ large, small: tensor([1, 2]), last: tensor([3]) }),
  'tied.pt': kinds.read('tied-2.pt'),
  'tied-deflated.pt': zipOf(
    Object.fromEntries(
      parseZip(kinds.read('tied-2.pt'), 'f').names.map((name) => [
        name,
        parseZip(kinds.read('tied-2.pt'), 'f').read(name),
      ]),
    ),
    { deflate: true },
  ),
  'transposed.pt': kinds.read('transposed-4.pt'),
  'legacy.pt': legacy.read('tied.pt'),
  'ema.pt': legacy.read('model_and_ema.zip.pt'),
  'a.npz': npz,
  'deflated.npz': zipOf({ 'a.npy': parseZip(npz, 'f').read('a.npy') }, { deflate: true }),
  'a.npy': parseZip(npz, 'f').read('a.npy'),
}
const here = (name: string) => {
  const file = openCheckpoint(files[name] ?? new Uint8Array(0), name)
  return { entries: file.entries, values: file.entries.map((entry) => file.values(entry.name)) }
}

describe('a file that is read by slices holds what it does in memory', () => {
  test.each(Object.keys(files))('%s', async (name) => {
    const bytes = Uint8Array.from(files[name] ?? [])
    const asked: number[] = []
    const source = {
      size: bytes.length,
      read: async (offset: number, length: number) => {
        expect(offset + length).toBeLessThanOrEqual(bytes.length)
        asked.push(length)
        return bytes.slice(offset, offset + length)
      },
    }
    const file = await openRemote(source, name)
    // What lists the arrays, not the arrays.
    if (bytes.length > 1e6) expect(asked.reduce((a, b) => a + b)).toBeLessThan(300_000)
    const values = []
    for (const entry of file.entries) values.push(await file.values(entry.name))
    expect({ entries: file.entries, values }).toEqual(here(name))
    expect([file.size, await file.values(file.entries[0]?.name ?? '')]).toEqual([bytes.length, values[0]])
    const blob = await openBlob(new File([bytes], name))
    expect(blob.entries).toEqual(file.entries)
    expect(await blob.values(file.entries.at(-1)?.name ?? '')).toEqual(values.at(-1))
  })
})

test('of what was fetched the last 8 MiB are kept', async () => {
  const part = (value: number) => fromData(new Float32Array(800_000).fill(value), [800_000])
  const bytes = writeSafetensors({ a: part(1), b: part(2), c: part(3), d: part(4) })
  let asked = 0
  const read = async (offset: number, length: number) => {
    asked += length
    return bytes.slice(offset, offset + length)
  }
  const file = await openRemote({ size: bytes.length, read }, 'parts.safetensors')
  const fetches = async (name: string) => {
    const before = asked
    await file.values(name)
    return asked > before
  }
  for (const name of ['a', 'b', 'c', 'd']) expect(await fetches(name), name).toBe(true)
  expect([await fetches('d'), await fetches('c'), await fetches('a')]).toEqual([false, false, true])
})

test('parameters are handed out once', async () => {
  const file = await openBlob(new Blob([Uint8Array.from(files['ema.pt'] ?? [])]))
  const spec = { 'conv.weight': [2, 1, 2, 2], 'conv.bias': [2] }
  const source = await file.load()
  const ema = source.choose?.(source, { landmark: 'conv.weight', spec, key: 'ema', path: 'f' }).source
  if (ema === undefined) return expect.fail()
  expect([...(loadParams(ema, spec, 'f')['conv.bias']?.dataSync() ?? [])]).toEqual([80, 90])
  expect(() => loadParams(ema, spec, 'f')).toThrow('the file: holds no tensor')
  const some = await file.load((name) => name.startsWith('model.'))
  expect(some.entries.map(({ name }) => name)).toEqual(['model.conv.weight', 'model.conv.bias'])
})

test.each([
  ['', 'the file: truncated: 0 bytes, the file is empty'],
  ['<!doctype html><html>', 'the file: is an HTML page'],
])('%s is told by name', async (text, message) => {
  await expect(openBlob(new Blob([text]))).rejects.toThrow(FileFormatError)
  await expect(openBlob(new Blob([text]))).rejects.toThrow(message)
})

/** How a server answers for `a.safetensors`. */
interface Manner {
  readonly status?: number
  readonly ranges?: boolean
  /** Bytes of the body that are sent. */
  readonly cut?: number
  readonly length?: boolean
  readonly redirect?: boolean
  readonly changes?: boolean
  readonly wrongRange?: boolean
  readonly unknownTotal?: boolean
  readonly empty?: boolean
}
let manner: Manner = {}
let requests: string[] = []
const server = createServer((request, response) => {
  const { ranges = true, cut, length = true, status, changes, wrongRange, unknownTotal, empty } = manner
  const { range } = request.headers
  requests.push(range ?? 'whole')
  if (manner.redirect === true && request.url !== '/moved') {
    response.writeHead(302, { location: '/moved' }).end()
    return
  }
  if (status !== undefined) return void response.writeHead(status).end('no')
  const all = empty === true ? new Uint8Array(0) : (files['a.safetensors'] ?? new Uint8Array(0))
  const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
  const asRange = ranges && range !== undefined
  if (asRange && all.length === 0) return void response.writeHead(416, { 'content-range': 'bytes */0' }).end()
  const [start, end] = asRange ? [Number(from), Math.min(all.length, Number(to) + 1)] : [0, all.length]
  const body = all.subarray(start, end)
  response.writeHead(asRange ? 206 : 200, {
    etag: changes === true ? `"${requests.length}"` : '"1"',
    ...(asRange
      ? {
          'content-range': `bytes ${wrongRange === true && start > 0 ? 0 : start}-${end - 1}/${unknownTotal === true ? '*' : all.length}`,
        }
      : {}),
    ...(length ? { 'content-length': body.length } : {}),
  })
  if (cut === undefined || start + body.length <= cut) return void response.end(body)
  response.write(body.subarray(0, Math.max(0, cut - start)), () =>
    length ? response.destroy() : response.end(),
  )
})
let address = ''
beforeAll(
  () =>
    new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', () => {
        const at = server.address()
        address = `http://127.0.0.1:${typeof at === 'object' ? at?.port : ''}/a.safetensors`
        done()
      })
    }),
)
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
const opened = (how: Manner) => {
  manner = how
  requests = []
  return openUrl(address)
}

describe('from an address', () => {
  test('by ranges', async () => {
    const file = await opened({})
    expect(requests).toEqual(['bytes=0-65535'])
    expect(await file.values('last')).toEqual(Float32Array.of(3))
    expect(await file.values('large')).toEqual(large.dataSync())
    expect(requests).toHaveLength(3)
    expect(file.size).toBe(files['a.safetensors']?.length)
  })

  test.each<[string, Manner, string[]]>([
    ['whole, where the server knows no ranges', { ranges: false }, ['bytes=0-65535']],
    ['whole, without a length', { ranges: false, length: false }, ['bytes=0-65535']],
    ['by ranges, without lengths', { length: false }, ['bytes=0-65535', 'bytes=2800160-2800163']],
    ['whole, where the length of the file is not said', { unknownTotal: true }, ['bytes=0-65535', 'whole']],
    ['where it moved', { redirect: true }, []],
  ])('%s', async (_, how, asked) => {
    const file = await opened(how)
    expect(await file.values('last')).toEqual(Float32Array.of(3))
    if (asked.length > 0)
      expect(requests.map((range) => range.replace(/=28.*/, '=28'))).toEqual(
        asked.map((range) => range.replace(/=28.*/, '=28')),
      )
  })

  test.each<[string, Manner, RegExp]>([
    ['not there', { status: 404 }, /: cannot be fetched: HTTP 404/],
    ['forbidden', { status: 403 }, /: cannot be fetched: HTTP 403/],
    ['broken', { status: 500 }, /HTTP 500/],
    ['cut at once', { cut: 1000 }, /cannot be fetched|was cut off/],
    ['cut, whole', { cut: 1000, ranges: false }, /cannot be fetched|was cut off/],
    ['cut, without a length', { cut: 1000, length: false }, /was cut off: 1000 of 65536 bytes/],
    ['cut, whole and without a length', { cut: 1000, length: false, ranges: false }, /truncated: tensor/],
    ['empty', { empty: true }, /the file is empty/],
    ['cut later', { cut: 70_000, length: false }, /was cut off/],
    ['another file meanwhile', { changes: true }, /was changed while it was being read/],
    [
      'another range than was asked for',
      { wrongRange: true },
      /byte \d+ was asked for, the server answers with HTTP 206 and byte 0/,
    ],
  ])('%s: a typed error', async (_, how, message) => {
    const reading = opened(how).then(async (file) => file.values('large'))
    await expect(reading).rejects.toThrow(FileFormatError)
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toThrow(address)
  })

  test('a body that ends before its length, where nobody else minds', async () => {
    const answering = (status: number, headers: Record<string, string>) => async () =>
      new Response('abc', { status, headers: { 'content-length': '10', ...headers } })
    const opened = (...how: Parameters<typeof answering>) =>
      openUrl('https://a.b/c', { fetch: answering(...how) })
    await expect(opened(200, {})).rejects.toThrow('https://a.b/c: was cut off: 3 of 10 bytes arrived')
    await expect(opened(206, { 'content-range': 'bytes 0-9/10' })).rejects.toThrow(
      'was cut off: 3 of 10 bytes arrived',
    )
    // Of a compressed body the length says nothing.
    await expect(opened(200, { 'content-encoding': 'br' })).rejects.toThrow('truncated: 3 bytes')
  })

  test('nobody answers', async () => {
    await expect(openUrl('http://127.0.0.1:1/a.pt')).rejects.toThrow(
      /^http:\/\/127.0.0.1:1\/a.pt: cannot be fetched: /,
    )
  })

  test('progress is told, and a signal ends it', async () => {
    manner = {}
    const told: (readonly [number, number | undefined])[] = []
    const stop = new AbortController()
    const file = await openUrl(new URL(address), {
      onProgress: ({ loaded, total }) => void told.push([loaded, total]),
      signal: stop.signal,
    })
    await file.values('large')
    expect(told.at(-1)?.[0]).toBeGreaterThan(2_800_000)
    expect(new Set(told.map(([, total]) => total))).toEqual(new Set([files['a.safetensors']?.length]))
    expect(told.map(([loaded]) => loaded)).toEqual(told.map(([loaded]) => loaded).sort((a, b) => a - b))
    stop.abort(new Error('enough'))
    await expect(file.values('last')).rejects.toThrow('enough')
  })
})
