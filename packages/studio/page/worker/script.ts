import address from 'virtual:engine'
import { inflated } from './unpack.ts'

let engine: Promise<string> | undefined

/**
 * The engine's script, fetched once: what a worker from a blob runs, and before the text of a sandbox the same.
 * @throws {Error} where it cannot be fetched.
 */
export function engineScript(): Promise<string> {
  engine ??= fetched().catch((error: unknown) => {
    engine = undefined // so that it can be tried again
    throw error
  })
  return engine
}

async function fetched(): Promise<string> {
  const { ok, status, body } = await fetch(address)
  if (!ok || body === null) throw new Error(`the engine cannot be fetched (${status})`)
  const script = `${await inflated(body).text()}\n`
  const place: typeof studioScript = {
    assets: new URL('.', new URL(address, import.meta.url)).href,
    lines: script.split('\n').length + 1, // the one that says this, and the first behind it
  }
  return `self.studioScript=${JSON.stringify(place)};\n${script}`
}

/** A worker of a script, and what takes it away. */
export function workerOf(
  script: string,
  name: string,
): { readonly worker: Worker; readonly address: string } {
  const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  return { worker: new Worker(address, { type: 'module', name }), address }
}
