// A thread that runs cells of the grid of pictures.
import { parentPort } from 'node:worker_threads'
import { methods } from '@tweedie/solvers'
import { tasks } from './digits.ts'
import { runCell } from './grid-cells.ts'
import type { CellNames, Said } from './grid-run.ts'

const port = parentPort
if (port === null) throw new Error('grid-worker: runs in a worker thread only; see grid-run.ts')

port.on('message', async ({ method, task }: CellNames) => {
  const found = tasks.find(({ name }) => name === task)
  const said = (what: Said) => port.postMessage(what)
  try {
    if (found === undefined) throw new Error(`there is no task '${task}'`)
    said({ cell: await runCell(methods.find(method), found) })
  } catch (error) {
    said({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
