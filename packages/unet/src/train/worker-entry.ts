import { parentPort, workerData } from 'node:worker_threads'
import { TweedieError } from '@tweedie/tensor'
import { ShardWorker } from './shard.ts'
import type { SharedShards } from './worker-pool.ts'
import { runShards } from './worker-pool.ts'

const port = parentPort
if (port === null) throw new TweedieError('worker-entry: runs in a worker thread only; see workerShards')
const common = workerData as SharedShards
const worker = new ShardWorker(common.task)

port.on('message', (step: number) => {
  runShards(worker, common, step)
  port.postMessage(step)
})
