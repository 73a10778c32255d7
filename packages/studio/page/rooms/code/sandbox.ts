/**
 * Runs edited methods where they can reach nothing but the page's own files, and ends what does not come to an end.
 *
 * The text is the script of a worker from a blob, which inherits the page's policy from any host that serves it; a worker
 * from an address would have that of its own answer. Nothing is evaluated: the policy of scripts stays `'self'`.
 */
import type { Running } from '../../worker/client.ts'
import { engine } from '../../worker/client.ts'
import { engineScript, linesOfEngine, workerOf } from '../../worker/script.ts'
import type { Ground } from './grounds.ts'
import type { Failure, Order, RunOrder } from './messages.ts'
import { readWord, sandboxName } from './messages.ts'

/** The text whose method is asked to run. */
export interface Text {
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

/** Seconds without a sign of life after which a text is ended: until the page's own modules are there, and of the text itself. */
const patience = { loading: 60, text: 5 } as const

/** Milliseconds after which a run that was asked to stop is stopped with its worker. */
const grace = 1500

/** Words between two ticks, after which a text does nothing but talk: a run has one for a frame of the screen. */
const mostWords = 5000

/** A run in a sandbox, and where its words go. */
interface Open {
  readonly order: RunOrder
  readonly patience: number
  readonly take: (frames: readonly unknown[]) => void
  readonly done: (summary: unknown) => void
  readonly fail: (error: Error) => void
}

/** A worker with one text in it. */
interface Sandbox {
  readonly key: string
  run(open: Open): void
  stop(id: number): void
  end(why: Error): void
}

/** What a worker runs for a text: the engine, and then the text. @throws {EditError} where it does not compile. */
async function scriptOf({ code, path }: Text): Promise<Blob> {
  const [before, compiled] = await Promise.all([engineScript(), engine.compiled(code, path)])
  if ('script' in compiled) return new Blob([before, compiled.script])
  throw new EditError(compiled.message, compiled.line)
}

const errorOf = ({ name, message, line }: Failure): Error =>
  name === 'InterruptedError'
    ? new StoppedError(message)
    : new EditError(name === 'CodeError' || name === 'Error' ? message : `${name}: ${message}`, line)

function openSandbox(script: Blob, key: string, gone: () => void): Sandbox {
  const { worker, address } = workerOf(script, sandboxName)
  const runs = new Map<number, Open>()
  const waiting: Order[] = []
  let [ready, loaded, silent, words] = [false, false, 0, 0]
  const tell = (order: Order) => void (ready ? worker.postMessage(order) : waiting.push(order))
  const end = (why: Error) => {
    worker.terminate()
    clearInterval(watch)
    URL.revokeObjectURL(address)
    for (const { fail } of runs.values()) fail(why)
    runs.clear()
    gone()
  }
  const patienceNow = () => {
    if (!ready) return loaded ? patience.text : patience.loading
    return Math.max(...[...runs.values()].map((run) => run.patience))
  }
  // Ticks are counted and not seconds: a machine that slept has not been silent.
  const watch = setInterval(() => {
    words = 0
    if (runs.size === 0) return
    silent++
    const most = patienceNow()
    if (silent <= most) {
      if (ready) worker.postMessage({ kind: 'ping' } satisfies Order)
    } else if (loaded)
      end(new EditError(`ended after ${most} seconds without a sign of life: an endless loop?`))
    else end(new EditError('the engine did not start'))
  }, 1000)
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (++words > mostWords) return end(new EditError('ended: it sends messages without end'))
    const word = readWord(data)
    if (word === undefined) return
    silent = 0
    if (word.kind === 'loaded') loaded = true
    else if (word.kind === 'ready') {
      ready = true
      for (const order of waiting.splice(0)) worker.postMessage(order)
    } else if (word.kind === 'frames') runs.get(word.id)?.take(word.frames)
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
    const line = event.filename === address ? event.lineno - linesOfEngine - 1 : 0
    end(new EditError(event.message || 'the worker did not start', line > 0 ? line : undefined))
  })
  return {
    key,
    run: (open) => {
      runs.set(open.order.id, open)
      silent = 0
      tell(open.order)
    },
    stop: (id) => {
      tell({ kind: 'stop', id })
      // One that does not listen is ended, where nothing else waits for the same worker.
      setTimeout(() => {
        if (runs.has(id) && runs.size === 1) end(new StoppedError('the run was stopped'))
      }, grace)
    },
    end,
  }
}

export type Sandboxes = ReturnType<typeof createSandboxes>

/** Runs edited methods, the latest text in a worker of its own. */
export function createSandboxes() {
  let current: Sandbox | undefined
  let last = 0
  let closed = false
  let compiled: { readonly key: string; readonly script: Promise<Blob> } | undefined
  const close = () => {
    closed = true
    current?.end(new StoppedError('the room was left'))
  }
  const sandboxFor = (key: string, script: Blob): Sandbox => {
    if (current?.key === key) return current
    current?.end(new StoppedError('another text runs'))
    const opened = openSandbox(script, key, () => {
      if (current === opened) current = undefined
    })
    current = opened
    return opened
  }
  /** Runs the method of a text on a ground. What is no frame of that ground, or no summary, fails the run. */
  function begin<R, F, S>(
    { order, patience, isFrame, isSummary }: Ground<R, F, S>,
    text: Text,
    request: R,
    take: (frames: readonly F[]) => void,
  ): Running<S> {
    const id = ++last
    let sandbox: Sandbox | undefined
    let stopped = false
    const run = async (): Promise<S> => {
      const key = JSON.stringify([text.path, text.code])
      if (compiled?.key !== key) compiled = { key, script: scriptOf(text) }
      const script = await compiled.script
      if (stopped || closed) throw new StoppedError('the run was stopped')
      return new Promise<S>((done, fail) => {
        const strange = () => fail(new EditError('the text has sent what no run gives'))
        sandbox = sandboxFor(key, script)
        sandbox.run({
          ...{ order: order(id, request), patience, fail },
          take: (frames) => (frames.every(isFrame) ? take(frames) : strange()),
          done: (summary) => (isSummary(summary) ? done(summary) : strange()),
        })
      })
    }
    const stop = () => {
      stopped = true
      sandbox?.stop(id)
    }
    return { result: run(), stop }
  }
  return { begin, close }
}
