import { Command, InvalidArgumentError } from 'commander'
import { absolute, checkFolder, writeFolder } from '../files/write.ts'
import type { Io } from '../io.ts'

interface StudioOptions {
  readonly port: number
  readonly open?: boolean
  readonly out?: string
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port < 65_536) return port
  throw new InvalidArgumentError('a port is an integer from 0 to 65535; 0 takes one that is free')
}

/** The program that opens an address in the user's browser, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** Opens it, if that can be done; the address was printed. */
async function openBrowser(url: string): Promise<void> {
  const { spawn } = await import('node:child_process')
  const [program, ...args] = openers[process.platform] ?? ['xdg-open']
  spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}

/** Writes the page, with the priors that it asks for, as files for a static host. */
async function writeSite(io: Io, out: string): Promise<void> {
  const { siteFiles } = await import('@tweedie/studio')
  const files = siteFiles()
  const folder = await checkFolder(absolute(io.cwd, out))
  await writeFolder(folder, async (draft) => {
    for (const [path, read] of files) await draft.write(path, await read())
  })
  io.out(`${files.size} files for a static host in ${out}\n`)
}

export function studioCommand(io: Io): Command {
  return new Command('studio')
    .description('A page in which one sees posterior sampling happen, and changes it; on this machine only.')
    .option('--port <n>', 'of the loopback address; 0 takes one that is free', portOf, 8017)
    .option('--open', 'open it in the browser')
    .option('--out <folder>', 'write the page there, for a static host, and serve nothing')
    .action(async ({ port, open, out }: StudioOptions) => {
      if (out !== undefined) return writeSite(io, out)
      const { serveStudio } = await import('@tweedie/studio')
      const { url, close } = await serveStudio({ port })
      io.out(`The Studio is at ${url}  (Ctrl-C ends it)\n`)
      if (open === true) await openBrowser(url)
      await new Promise<void>((done) => {
        if (io.signal.aborted) done()
        io.signal.addEventListener('abort', () => done(), { once: true })
      })
      await close()
    })
}
