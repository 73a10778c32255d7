import { parentPort, workerData } from 'node:worker_threads'
import { TweedieError } from '@tweedie/tensor'
import { ShardWorker } from './shard.ts'
import type { ThreadShards } from './worker-pool.ts'
import { inThread, runShards } from './worker-pool.ts'

const port = parentPort
if (port === null) throw new TweedieError('worker-entry: runs in a worker thread only; see workerShards')
const common = inThread(workerData as ThreadShards)
const worker = new ShardWorker(common.task)

port.on('message', (step: number) => {
  runShards(worker, common, step)
  port.postMessage(step)
})
