/**
 * Runs edited methods where they can reach nothing but the page's own files, and ends what does not come to an end.
 *
 * The text is the script of a worker from a blob, which inherits the page's policy from any host that serves it; a worker
 * from an address would have that of its own answer. Nothing is evaluated: the policy of scripts stays `'self'`.
 */
import type { Running } from '../../worker/client.ts'
import engineScript from '../../worker/main.ts?worker&url'
import type { Frame } from '../plane/engine/frames.ts'
import type { RunRequest, RunSummary } from '../plane/engine/run.ts'
import type { Begin } from '../plane/session.ts'
import { CodeError, compile, moduleOf } from './compile.ts'
import type { Failure, Order } from './messages.ts'
import { readWord, sandboxName } from './messages.ts'

/** A run of an edited method. */
export interface CodeRequest extends RunRequest {
  readonly code: string
  /** Of its file, in `packages/solvers/src`. */
  readonly path: string
  /** Counts how often it was asked for, so that the same text runs again. */
  readonly press: number
}

/** A failure of an edited method, at a line of its text where that is known. */
export class EditError extends Error {
  override readonly name = 'EditError'
  readonly line: number | undefined
  constructor(message: string, line?: number) {
    super(line === undefined ? message : `Line ${line}: ${message}`)
    this.line = line
  }
}

class StoppedError extends Error {
  override readonly name = 'InterruptedError'
}

/** Seconds without a sign of life after which a text is ended; and until the page's own modules are there. */
const patience = { running: 5, loading: 60 } as const

interface Open {
  readonly take: (frames: Frame[]) => Promise<void>
  readonly done: (summary: RunSummary) => void
  readonly fail: (error: Error) => void
}

/** A worker with one text in it. */
interface Sandbox {
  readonly key: string
  run(id: number, request: RunRequest, open: Open): void
  stop(id: number): void
  end(why: Error): void
}

/** What runs first, and then the text. @throws {EditError} where it does not compile. */
function scriptOf({ code, path }: CodeRequest): string {
  const engine = new URL(engineScript, location.href).href
  try {
    return moduleOf(compile(code, path), `import ${JSON.stringify(engine)}`)
  } catch (error) {
    if (error instanceof CodeError) throw new EditError(error.message, error.line)
    throw error
  }
}

const errorOf = ({ name, message, line }: Failure): Error =>
  name === 'InterruptedError'
    ? new StoppedError(message)
    : new EditError(name === 'CodeError' || name === 'Error' ? message : `${name}: ${message}`, line)

function openSandbox(script: string, key: string, gone: () => void): Sandbox {
  const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  const worker = new Worker(address, { type: 'module', name: sandboxName })
  const runs = new Map<number, Open>()
  const waiting: Order[] = []
  let [ready, loaded, silent] = [false, false, 0]
  const tell = (order: Order) => void (ready ? worker.postMessage(order) : waiting.push(order))
  const end = (why: Error) => {
    worker.terminate()
    clearInterval(watch)
    URL.revokeObjectURL(address)
    for (const { fail } of runs.values()) fail(why)
    runs.clear()
    gone()
  }
  // Ticks are counted and not seconds: a machine that slept has not been silent.
  const watch = setInterval(() => {
    if (runs.size === 0) return
    silent++
    if (!loaded && silent > patience.loading) end(new EditError('the engine did not start'))
    else if (loaded && silent > patience.running)
      end(new EditError(`ended after ${patience.running} seconds without a sign of life: an endless loop?`))
    else if (ready) worker.postMessage({ kind: 'ping' } satisfies Order)
  }, 1000)
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const word = readWord(data)
    if (word === undefined) return
    silent = 0
    if (word.kind === 'loaded') loaded = true
    else if (word.kind === 'ready') {
      ready = true
      for (const order of waiting.splice(0)) worker.postMessage(order)
    } else if (word.kind === 'frames') void runs.get(word.id)?.take([...word.frames])
    else if (word.kind === 'done') {
      runs.get(word.id)?.done(word.summary)
      runs.delete(word.id)
    } else if (word.kind === 'failed' && word.id !== undefined) {
      runs.get(word.id)?.fail(errorOf(word.failure))
      runs.delete(word.id)
    } else if (word.kind === 'failed') end(errorOf(word.failure))
  })
  worker.addEventListener('error', (event) => {
    event.preventDefault()
    const inText = event.filename === address && event.lineno > 1
    end(new EditError(event.message || 'the worker did not start', inText ? event.lineno - 1 : undefined))
  })
  return {
    key,
    run: (id, request, open) => {
      runs.set(id, open)
      silent = 0
      tell({ kind: 'run', id, request })
    },
    stop: (id) => tell({ kind: 'stop', id }),
    end,
  }
}

/** Runs edited methods, the latest text in a worker of its own. */
export function createSandbox(): { readonly begin: Begin<CodeRequest>; readonly close: () => void } {
  let current: Sandbox | undefined
  let last = 0
  const close = () => current?.end(new StoppedError('the room was left'))
  const sandboxFor = (request: CodeRequest): Sandbox => {
    const key = JSON.stringify([request.path, request.code])
    if (current?.key === key) return current
    current?.end(new StoppedError('another text runs'))
    const opened = openSandbox(scriptOf(request), key, () => {
      if (current === opened) current = undefined
    })
    current = opened
    return opened
  }
  const begin: Begin<CodeRequest> = (given, take): Running<RunSummary> => {
    const id = ++last
    let sandbox: Sandbox | undefined
    const result = new Promise<RunSummary>((done, fail) => {
      const { code: _, path: __, press: ___, ...request } = given
      sandbox = sandboxFor(given)
      sandbox.run(id, request, { take, done, fail })
    })
    return { result, stop: () => sandbox?.stop(id) }
  }
  return { begin, close }
}
