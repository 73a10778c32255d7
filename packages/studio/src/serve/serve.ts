import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { headers, mediaTypes } from './headers.ts'
import type { ReadFile } from './site.ts'
import { siteFiles, siteFolder } from './site.ts'

/** How the Studio is served. */
export interface ServeOptions {
  /** Of the loopback address; 0 (default) takes one that is free. */
  readonly port?: number
  /** Folder of the built page; default that of this package. */
  readonly folder?: string
}

/** A page that is being served. */
export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** The path that is asked for, without the slash before it; undefined for what is none. */
function pathOf(url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname)
    return path.endsWith('/') ? `${path}index.html`.slice(1) : path.slice(1)
  } catch {
    return undefined
  }
}

async function answer(
  files: ReadonlyMap<string, ReadFile>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = (status: number, type: string, body: string | Uint8Array, more = {}) => {
    response.writeHead(status, { ...headers, 'Content-Type': type, ...more })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
  const plain = 'text/plain; charset=utf-8'
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return reply(405, plain, 'GET only', { Allow: 'GET, HEAD' })
  const path = pathOf(request.url ?? '/') ?? ''
  try {
    const body = await files.get(path)?.()
    if (body === undefined) return reply(404, plain, 'no such file')
    // Files with a hash in their name never change.
    const hashed = path.startsWith('assets/')
    reply(200, mediaTypes[extname(path)] ?? 'application/octet-stream', body, {
      'Cache-Control': hashed ? 'max-age=31536000, immutable' : 'no-cache',
    })
  } catch {
    reply(404, plain, 'no such file') // it is gone since
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
export async function serveStudio({ port = 0, folder = siteFolder() }: ServeOptions = {}): Promise<Served> {
  const files = siteFiles(folder)
  const server = createServer((request, response) => void answer(files, request, response))
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
