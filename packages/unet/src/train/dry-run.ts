import { join } from 'node:path'
import { getDevice } from '@tweedie/tensor'
import type { PlannedFile } from './checks.ts'
import { parametersOf, plannedFiles } from './checks.ts'
import { scheduleOf } from './config.ts'
import { requireUnlocked } from './lock.ts'
import { heldOutInterval, heldOutLoss } from './on-the-way.ts'
import type { TrainCommand } from './options.ts'
import { names } from './out-folder.ts'
import { checkGround, prepare } from './prepare.ts'
import { startingPoint } from './start.ts'
import type { TrainState } from './train.ts'
import { initialState, train } from './train.ts'
import { workerShards } from './worker-pool.ts'

/** What a training would be. */
export interface DryRun {
  readonly parameters: number
  /** What the training images are, and those to evaluate on, in words. */
  readonly data: string
  readonly test: string | null
  readonly trainingImages: number
  readonly testImages: number
  /** [C, H, W] of one sample. */
  readonly shape: readonly [number, number, number]
  /** Steps that are done, and steps in all. */
  readonly step: number
  readonly steps: number
  /** Mean of the last two of three steps; null where none is left. */
  readonly secondsPerStep: number | null
  /** Steps that are left and evaluations, estimated; what samples on the way take is not in it. */
  readonly secondsInAll: number
  /** Most memory that the process has had, in bytes, and what the device may have. */
  readonly peakBytes: number
  readonly deviceBytes: number | null
  /** Files that the training would leave in its folder, and about how long they are. */
  readonly files: readonly PlannedFile[]
}

/** Steps that are run: one to warm up, two that are timed. */
const tried = 3

/**
 * Does all that {@link trainFromCommand} checks before its first step, takes the time of two steps, and writes nothing.
 * @throws as trainFromCommand does.
 */
export async function dryRun(options: TrainCommand): Promise<DryRun> {
  const { config, out, signal } = options
  const ground = checkGround(options)
  requireUnlocked(join(out, names.lock))
  const prepared = await prepare(options, ground)
  const { set } = prepared
  try {
    const { state: from } = startingPoint(options, join(out, names.state), prepared.identity, ground.init)
    const step = from?.step ?? 0
    const left = config.steps - step
    const secondsPerStep = left === 0 ? null : await secondsOf(options, set.images, from)
    const heldOut = set.validation ?? set.test
    const perImage = heldOut === undefined ? 0 : await secondsPerImage(options, prepared, from)
    const onTheWay = Math.min(options.heldOutImages ?? 256, heldOut?.count ?? 0)
    const atTheEnd = Math.min(options.evaluateImages ?? 2000, set.test?.count ?? 0)
    const evaluations = Math.floor(left / heldOutInterval(options))
    signal?.throwIfAborted()
    const { memory } = getDevice().info()
    return {
      parameters: parametersOf(config),
      data: set.title,
      test: set.test === undefined ? null : set.testTitle,
      trainingImages: set.images.count,
      testImages: set.test?.count ?? 0,
      shape: set.images.shape,
      step,
      steps: config.steps,
      secondsPerStep,
      secondsInAll: left * (secondsPerStep ?? 0) + perImage * (evaluations * onTheWay + atTheEnd),
      peakBytes: 1024 * process.resourceUsage().maxRSS,
      deviceBytes: memory?.limit ?? null,
      files: plannedFiles(options),
    }
  } finally {
    set.close()
  }
}

async function secondsOf(
  { config, workers = 1, signal }: TrainCommand,
  images: Parameters<typeof train>[0]['images'],
  from: TrainState | undefined,
): Promise<number> {
  const steps = train({
    config,
    images,
    schedule: scheduleOf(config),
    executor: workerShards(workers),
    ...(from === undefined ? {} : { from }),
    ...(signal === undefined ? {} : { signal }),
  })
  const times: number[] = []
  for await (const progress of steps) {
    times.push(progress.seconds)
    if (times.length === tried) break
  }
  const timed = times.length > 1 ? times.slice(1) : times
  return timed.reduce((sum, time) => sum + time, 0) / timed.length
}

/** Seconds that one image of an evaluation takes, by those of a batch. */
async function secondsPerImage(
  options: TrainCommand,
  { set }: Awaited<ReturnType<typeof prepare>>,
  from: TrainState | undefined,
): Promise<number> {
  const count = Math.min(16, (set.validation ?? set.test)?.count ?? 1)
  const { ema } = from ?? initialState(options.config)
  const began = performance.now()
  await heldOutLoss({ ...options, heldOutImages: count }, set, ema)
  return (performance.now() - began) / 1000 / count
}
