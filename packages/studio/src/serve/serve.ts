import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { extname, join, resolve, sep } from 'node:path'
import { headers, mediaTypes } from './headers.ts'
import { priorFiles, siteFolder } from './site.ts'

/** How the Studio is served. */
export interface ServeOptions {
  /** Of the loopback address; 0 (default) takes one that is free. */
  readonly port?: number
  /** Folder of the built page; default that of this package. */
  readonly folder?: string
  /** More folders, by the path from the page at which they lie: `{ 'priors/photos': '/where/it/is' }`. */
  readonly beside?: Readonly<Record<string, string>>
}

/** A page that is being served. */
export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** What is served: the page, the files of priors by their paths beside it, and folders beside it. */
interface Places {
  readonly folder: string
  readonly priors: ReadonlyMap<string, string>
  readonly beside: Readonly<Record<string, string>>
}

/** A file inside a folder; undefined for what is no path in it. */
function inside(folder: string, path: string): string | undefined {
  const file = resolve(folder, `.${path}`)
  return file.startsWith(folder + sep) ? file : undefined
}

/** The file of a request; undefined for what is no path of the page. */
function fileOf({ folder, priors, beside }: Places, url: string): string | undefined {
  let path: string
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname)
  } catch {
    return undefined
  }
  if (path.includes('\0')) return undefined
  const prior = priors.get(path.slice(1))
  if (prior !== undefined) return prior
  for (const [at, other] of Object.entries(beside))
    if (path.startsWith(`/${at}/`)) return inside(other, path.slice(at.length + 1))
  return inside(folder, path.endsWith('/') ? `${path}index.html` : path)
}

async function answer(places: Places, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = (status: number, type: string, body: string | Uint8Array, more = {}) => {
    response.writeHead(status, { ...headers, 'Content-Type': type, ...more })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
  const plain = 'text/plain; charset=utf-8'
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return reply(405, plain, 'GET only', { Allow: 'GET, HEAD' })
  const file = fileOf(places, request.url ?? '/')
  try {
    if (file === undefined) throw new Error('no path of the page')
    const body = await readFile(file)
    // Files with a hash in their name never change.
    const hashed = file.startsWith(join(places.folder, 'assets') + sep)
    reply(200, mediaTypes[extname(file)] ?? 'application/octet-stream', body, {
      'Cache-Control': hashed ? 'max-age=31536000, immutable' : 'no-cache',
    })
  } catch {
    reply(404, plain, 'no such file')
  }
}

/**
 * Serves the built page on the loopback address only, cross-origin isolated.
 *
 * @throws {SiteMissingError} where the page was not built; an error of Node where the port is taken.
 * @example
 * ```ts no-run
 * import { serveStudio } from '@tweedie/studio'
 * const { url, close } = await serveStudio({ port: 8017 })
 * console.log(url)
 * await close()
 * ```
 */
export async function serveStudio({
  port = 0,
  folder = siteFolder(),
  beside = {},
}: ServeOptions = {}): Promise<Served> {
  const root = resolve(folder)
  const places = {
    folder: root,
    priors: priorFiles(root),
    beside: Object.fromEntries(Object.entries(beside).map(([at, other]) => [at, resolve(other)])),
  }
  const server = createServer((request, response) => void answer(places, request, response))
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', done)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
