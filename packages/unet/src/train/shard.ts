import { valueAndGrad } from '@tweedie/autograd'
import { fromData, scope } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import type { Samples } from '../data/pictures.ts'
import type { ParamSpec } from '../params.ts'
import { BatchSampler } from './batch.ts'
import type { TrainConfig } from './config.ts'
import { flatten, unflatten } from './flat.ts'
import { objective } from './objective.ts'
import type { NoiseTable } from './schedule.ts'

/** What every thread of a training knows. */
export interface TrainTask {
  readonly config: TrainConfig
  readonly images: Samples
  readonly table: NoiseTable
}

/** Computes gradients of single shards; any thread can do any shard. */
export class ShardWorker {
  private readonly spec: ParamSpec
  private readonly sampler: BatchSampler
  private readonly task: TrainTask

  constructor(task: TrainTask) {
    this.task = task
    this.spec = architectureOf(task.config.model).spec(task.config.model)
    this.sampler = new BatchSampler(task.config, task.images, task.table)
  }

  /**
   * The shard's part of the loss, {@link objective}; its gradient is written to `gradient`.
   */
  run(flatParams: Float32Array, step: number, shard: number, gradient: Float32Array): number {
    const { config, images } = this.task
    const drawn = this.sampler.draw(step, shard)
    return scope(() => {
      const params = unflatten(this.spec, fromData(flatParams, [flatParams.length]))
      const [loss, gradients] = valueAndGrad(objective(config, drawn, images.shape))(params)
      flatten(this.spec, gradients, gradient)
      return loss.dataSync()[0]!
    })
  }
}

/** Runs all shards of a step. */
export interface ShardExecutor {
  /** The gradients, summed in the order of the shards, and the loss of the batch. */
  step(flatParams: Float32Array, step: number): Promise<{ gradient: Float32Array; loss: number }>
  close(): Promise<void>
}

/** Adds the shards' gradients in order, so that the sum does not depend on who computed them. */
export function sumShards(
  parts: readonly Float32Array[],
  losses: ArrayLike<number>,
): { gradient: Float32Array; loss: number } {
  const gradient = Float32Array.from(parts[0]!)
  for (const part of parts.slice(1)) for (let i = 0; i < gradient.length; i++) gradient[i]! += part[i]!
  let loss = 0
  for (let i = 0; i < losses.length; i++) loss += losses[i]!
  return { gradient, loss }
}

/** All shards on this thread, one after the other. */
export function localShards(task: TrainTask, size: number): ShardExecutor {
  const worker = new ShardWorker(task)
  const parts = Array.from({ length: task.config.shards }, () => new Float32Array(size))
  return {
    step: async (params, step) =>
      sumShards(
        parts,
        parts.map((part, shard) => worker.run(params, step, shard, part)),
      ),
    close: async () => undefined,
  }
}
