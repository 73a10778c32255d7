/**
 * The worker's side of a sandbox. It puts the page's own modules at hand for a compiled text, which the same worker runs
 * next, and then runs the method that the text exports.
 */
import * as autograd from '@tweedie/autograd'
import type { AnyMethod, Catalog } from '@tweedie/solvers'
import * as solvers from '@tweedie/solvers'
import { catalog, formatSpec, splitSpec } from '@tweedie/solvers'
import * as tensor from '@tweedie/tensor'
import { stop, stoppable } from '../../worker/runs.ts'
import { runPlane } from '../plane/engine/run.ts'
import { handle } from './handle.ts'
import type { Failure, Order, RunOrder, Word } from './messages.ts'
import type { Module } from './modules.ts'
import { moduleIn } from './modules.ts'

/** Every file of the solvers: a method's text imports them by their paths. */
const files = import.meta.glob<Module>(
  [
    '../../../../solvers/src/**/*.ts',
    '!../../../../solvers/src/**/*.test.*',
    '!../../../../solvers/src/laws/**',
  ],
  { eager: true },
)
const beginning = /^.*solvers\/src\//

const register: Readonly<Record<string, Module>> = {
  '@tweedie/tensor': tensor,
  '@tweedie/autograd': autograd,
  '@tweedie/solvers': solvers,
  ...Object.fromEntries(
    Object.entries(files).map(([path, module]) => [path.replace(beginning, 'solvers/'), module]),
  ),
}

const say = (word: Word) => postMessage(word)

/** Where in the text an error was thrown: it begins after the engine's lines and one more. */
function lineIn(error: unknown): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const lines = [...stack.matchAll(/blob:[^\s)]*?:(\d+):\d+/g)].map(
    ([, line]) => Number(line) - studioScript.lines,
  )
  return lines.find((line) => line > 0)
}

function failureOf(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  const line = (error as { line?: unknown } | undefined)?.line ?? lineIn(error)
  return { name, message, ...(typeof line === 'number' && { line }) }
}

const isMethod = (value: unknown): value is AnyMethod =>
  typeof value === 'function' && 'info' in value && 'run' in value

/** Milliseconds between two messages to the page: a frame of its screen. */
const pace = 16

/** Does what is asked with the method that the text exports, whatever it is called there. */
async function work(
  { on, request }: RunOrder,
  known: Catalog<AnyMethod>,
  name: string,
  signal: AbortSignal,
  onFrame: (frame: unknown) => void,
): Promise<unknown> {
  const method = formatSpec(name, splitSpec('method', request.method).settings)
  if (on === 'plane') return runPlane({ ...request, method }, signal, onFrame, known)
  // Brings a network.
  const [{ runDigits }, { groundOf }] = await Promise.all([
    import('../digits/engine/run.ts'),
    import('../digits/engine/assets.ts'),
  ])
  return runDigits({ ...request, method }, await groundOf(), signal, onFrame, known)
}

async function run(order: RunOrder, known: Catalog<AnyMethod>, name: string): Promise<void> {
  const { id } = order
  let [waiting, sent]: [unknown[], number] = [[], performance.now()]
  const send = () => {
    say({ kind: 'frames', id, frames: waiting })
    waiting = []
    sent = performance.now()
  }
  try {
    const summary = await stoppable(id, (signal) =>
      work(order, known, name, signal, (frame) => {
        waiting.push(frame)
        if (performance.now() - sent >= pace) send()
      }),
    )
    send()
    say({ kind: 'done', id, summary })
  } catch (error) {
    say({ kind: 'failed', id, failure: failureOf(error) })
  }
}

function serve(exports: Module): void {
  const method = Object.values(exports).find(isMethod)
  if (method === undefined) {
    say({ kind: 'failed', failure: { name: 'CodeError', message: 'it exports no method (defineMethod)' } })
    return
  }
  const known = catalog('method', [method])
  addEventListener('message', ({ data }: MessageEvent<Order>) => {
    if (data.kind === 'ping') say({ kind: 'alive' })
    else if (data.kind === 'stop') stop(data.id)
    else void run(data, known, method.info.name)
  })
  say({ kind: 'ready' })
}

/** Puts the modules at hand, and says so: the text of the sandbox runs next. */
export function openForText(): void {
  const need = (name: string, line: number, names: readonly string[]) => {
    try {
      return moduleIn(register, name, line, names)
    } catch (error) {
      say({ kind: 'failed', failure: failureOf(error) })
      throw error
    }
  }
  Object.assign(globalThis, { [handle]: { need, serve } })
  // What a text awaits, and nobody catches, is no error event of the worker.
  addEventListener('unhandledrejection', ({ reason }) => say({ kind: 'failed', failure: failureOf(reason) }))
  say({ kind: 'loaded' })
}
