import { parentPort, workerData } from 'node:worker_threads'
import { TweedieError } from '@tweedie/tensor'
import { tasksOf } from './plan.ts'
import { localWorker } from './run.ts'
import type { PlanModule, PlanSource, Said } from './workers.ts'

const port = parentPort
if (port === null) throw new TweedieError('worker-entry: runs in a worker thread only; see threadWorkers')
const { module, data } = workerData as PlanSource
const { plans } = (await import(module)) as PlanModule
const worker = localWorker(tasksOf(await plans(data as never)))
const say = (said: Said) => port.postMessage(said)

port.on('message', async (index: number) => {
  try {
    say({ cell: await worker.run(index, (done) => say({ done })) })
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    say({ failed: { message, stack } })
  }
})
