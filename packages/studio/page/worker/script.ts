import address, { lines } from 'virtual:engine'
import { inflated } from './unpack.ts'

let engine: Promise<Blob> | undefined

/**
 * The engine's script, fetched once: what a worker runs, and before the text of a sandbox the same.
 * @throws {Error} where it cannot be fetched.
 */
export function engineScript(): Promise<Blob> {
  engine ??= fetched().catch((error: unknown) => {
    engine = undefined // so that it can be tried again
    throw error
  })
  return engine
}

/** Lines of the engine's script, and of what is said before it. */
export const linesOfEngine: number = lines + 1

async function fetched(): Promise<Blob> {
  const { ok, status, body } = await fetch(address)
  if (!ok || body === null) throw new Error(`the engine cannot be fetched (${status})`)
  const place: typeof studioScript = {
    assets: new URL('.', new URL(address, import.meta.url)).href,
    lines: linesOfEngine + 1, // and what a sandbox brings, on a line before its text
  }
  return new Blob([`self.studioScript=${JSON.stringify(place)};\n`, await inflated(body).blob()])
}

/** A worker of a script, and the address of that. */
export function workerOf(script: Blob, name: string): { readonly worker: Worker; readonly address: string } {
  const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  return { worker: new Worker(address, { type: 'module', name }), address }
}
