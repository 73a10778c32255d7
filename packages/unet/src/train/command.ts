import { existsSync, rmSync } from 'node:fs'
import { parametersOf } from './checks.ts'
import { scheduleOf } from './config.ts'
import { finish } from './finish.ts'
import { clockOf, timeInWords } from './intervals.ts'
import { appendLoss, completeLoss, readLossLog, rewindLossLog } from './loss-log.ts'
import { heldOutInterval, heldOutLoss, takeSnapshot } from './on-the-way.ts'
import type { TrainCommand } from './options.ts'
import type { OutFolder } from './out-folder.ts'
import { openOutFolder, scratchPath } from './out-folder.ts'
import type { Prepared } from './prepare.ts'
import { checkGround, prepare } from './prepare.ts'
import type { TrainRecord } from './record.ts'
import type { Start } from './start.ts'
import { startingPoint } from './start.ts'
import { saveTrainState } from './state-file.ts'
import type { TrainProgress, TrainState } from './train.ts'
import { train } from './train.ts'
import { workerShards } from './worker-pool.ts'

/**
 * Trains a prior on images: a folder of pictures, files in MNIST's form or of NumPy. At the end it writes the averaged parameters (as
 * float16, or float32 where one of them passes its range), the configuration and a record of the training: all three or none. The state
 * is saved at intervals and when `signal` aborts; continued with `resume`, the result is the same bit for bit. One training at a
 * time owns the folder `out`. One that ends before its first state leaves nothing there.
 * @throws {FileFormatError} before any work, where the data, the state or a checkpoint is missing or damaged.
 * @throws {OptionError} before any work: images of another size than the configuration's, an `out` that another process
 *   trains in, that holds a state (without `resume`) or one of another run, or the model of another, that may not be written to or
 *   has no room.
 * @throws the signal's reason, once the state is saved, or before the first step.
 */
export async function trainFromCommand(options: TrainCommand): Promise<TrainRecord> {
  const began = performance.now()
  const say = options.onMessage ?? (() => undefined)
  const due = {
    save: clockOf('saveEvery', options.saveEvery ?? { seconds: 180 }),
    snapshot: options.snapshots === undefined ? undefined : clockOf('snapshots', options.snapshots.every),
  }
  const ground = checkGround(options)
  const folder = openOutFolder(options.out, say)
  let prepared: Prepared | undefined
  let begun = false
  try {
    prepared = await prepare(options, ground, (part) => scratchPath(options.out, part))
    const start = startingPoint(options, folder.path('state'), prepared.identity, ground.init)
    begun = true
    rewindLossLog(folder.path('log'), start.state?.step ?? 0, say)
    say(
      `training on ${prepared.set.title}: ${parametersOf(options.config).toLocaleString('en')} parameters, ${options.config.steps} steps`,
    )
    const state = await runSteps(options, prepared, start, folder, due)
    return await finish(options, folder, prepared, state, start.arithmetic, began)
  } finally {
    prepared?.set.close()
    // Without a state the steps will be run again, and their log with them.
    if (begun && !existsSync(folder.path('state'))) rmSync(folder.path('log'), { force: true })
    folder.close()
  }
}

type Due = (step: number) => boolean

/** Runs the steps that are left, with what is done between them. @returns the state after the last. */
async function runSteps(
  options: TrainCommand,
  { set, identity }: Prepared,
  { state: from, arithmetic }: Start,
  folder: OutFolder,
  due: { readonly save: Due; readonly snapshot: Due | undefined },
): Promise<TrainState> {
  const { config, logEvery = 50, onMessage: say, signal } = options
  const heldOutEvery = heldOutInterval(options)
  let state = from
  const save = (progress: TrainProgress): TrainState => {
    const saved = progress.state()
    saveTrainState(folder.path('state'), saved, identity, { arithmetic, node: process.version })
    options.onState?.(progress.step)
    return saved
  }
  if (from !== undefined && from.step > 0 && from.step % heldOutEvery === 0)
    await completeLog(options, set, from, folder.path('log'))
  // The signal is looked at here, not in train: between two steps, where the state can be saved.
  const steps = train({
    config,
    images: set.images,
    schedule: scheduleOf(config),
    executor: workerShards(options.workers ?? 1),
    ...(from === undefined ? {} : { from }),
  })
  for await (const progress of steps) {
    const { step } = progress
    const aborted = isRaised(signal)
    if (step === (from?.step ?? 0) + 3) say?.(costInWords(progress, config.batch))
    const isLast = step === config.steps
    const heldOut =
      step % heldOutEvery === 0 && !aborted
        ? await heldOutLoss(options, set, progress.state().ema)
        : undefined
    if (step % logEvery === 0 || isLast || heldOut !== undefined)
      appendLoss(folder.path('log'), progress, heldOut)
    if (heldOut !== undefined)
      say?.(`step ${step}: loss ${progress.lossAverage.toFixed(4)}, held-out ${heldOut.toFixed(4)}`)
    const look = due.snapshot?.(step) === true && !aborted
    if (aborted || isLast || due.save(step) || look) state = save(progress)
    if (look) await takeSnapshot(options, step, state!.ema)
    options.onProgress?.(progress)
    // A look takes a while; what was asked for meanwhile need not wait for another step.
    if (aborted || (look && isRaised(signal))) {
      say?.(`stopped after step ${step}; continue with resume`)
      throw signal?.reason
    }
  }
  return state!
}

/** Makes up for the evaluation at the step after which a training was stopped. */
async function completeLog(
  options: TrainCommand,
  set: Prepared['set'],
  { step, ema }: TrainState,
  log: string,
): Promise<void> {
  const line = readLossLog(log).lines.at(-1)
  if (line?.step !== step || line.heldOut !== undefined) return
  const heldOut = await heldOutLoss(options, set, ema)
  if (heldOut !== undefined) completeLoss(log, step, heldOut)
}

const isRaised = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

/** What a step has cost, and what is to be expected. */
const costInWords = ({ imagesPerSecond, eta }: TrainProgress, batch: number): string =>
  `a step takes ${timeInWords(batch / imagesPerSecond)}: about ${timeInWords(eta)} to go`
