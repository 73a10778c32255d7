import { nodeWorkers } from './thread-count.ts'
import type { WorkerSetup } from './worker-main.ts'
import { workerMain } from './worker-main.ts'

/** A worker as the pool needs it. */
export interface Spawned {
  terminate(): void
}

/** Bundlers that keep names (esbuild, tsx) put calls of this helper into functions. */
const prelude = 'const __name = (f) => f;'

/**
 * Starts a worker that runs {@link workerMain}; `ended` is told why if it ever ends. It never keeps a process
 * alive. The code travels as text rather than as a file, so that bundlers have nothing to find, and a worker
 * starts without any module loader.
 */
export function spawn(setup: WorkerSetup, ended: (why: string) => void): Spawned {
  try {
    return start(setup, ended)
  } catch (error) {
    ended(String(error))
    return { terminate: () => undefined }
  }
}

function start(setup: WorkerSetup, ended: (why: string) => void): Spawned {
  const node = nodeWorkers()
  if (node !== undefined) {
    const code = `${prelude}(${workerMain})(require('node:worker_threads').workerData)`
    const worker = new node.Worker(code, { eval: true, execArgv: [], workerData: setup, name: 'tweedie' })
    worker.on('error', (error) => ended(error instanceof Error ? error.message : String(error)))
    worker.on('exit', (exitCode) => ended(`exit code ${exitCode}`))
    worker.unref()
    return { terminate: () => void worker.terminate() }
  }
  const code = `${prelude}onmessage = (event) => (${workerMain})(event.data)`
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
  const worker = new Worker(url, { name: 'tweedie' })
  worker.onerror = (event) => ended(event.message ?? 'it could not be started')
  worker.postMessage(setup)
  return {
    terminate: () => {
      worker.terminate()
      URL.revokeObjectURL(url)
    },
  }
}
