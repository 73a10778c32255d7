import { basename } from 'node:path'
import type { ImageOperator, MethodInfo, Prior } from '@tweedie/solvers'
import { gaussianNoise } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, OptionError, scope } from '@tweedie/tensor'
import type { Setting } from './catalog.ts'
import { buildOperator, checkFits, findMethods, methodSettings } from './catalog.ts'
import type { RestoreOptions } from './commands/restore.ts'
import { InterruptedError } from './errors.ts'
import { toPictures } from './images/picture.ts'
import { encodePicture } from './images/png.ts'
import { readPicture } from './images/read.ts'
import type { Io } from './io.ts'
import type { Measured } from './measure.ts'
import { isImage, measure } from './measure.ts'
import { loadPrior } from './priors.ts'
import { startProgress } from './progress.ts'
import { printSummary } from './report/summary.ts'
import { finishRun } from './run-folder.ts'
import type { PartialRun } from './run-method.ts'
import type { Task, TaskResult } from './run-task.ts'
import { runTask } from './run-task.ts'
import { meanAndSpread } from './spread.ts'
import { readUnfinished, refuseFinished, writeUnfinished } from './unfinished.ts'
import type { Draft } from './write.ts'
import { absolute, checkFolder, writeFolder } from './write.ts'

/** One sample as many: a batch of `count` equal rows. */
const repeated = (x: Tensor, count: number): Tensor =>
  scope(() => x.broadcastTo([count, ...x.shape.slice(1)]).mul(1))

async function writePictures(draft: Draft, result: TaskResult): Promise<void> {
  if (result.measurement?.[0] !== undefined)
    await draft.write('measurement.png', encodePicture(result.measurement[0]))
  for (const x of result.restored.values()) {
    const pictures = await toPictures(x)
    if (pictures.length === 1) {
      await draft.write('restored.png', encodePicture(pictures[0]!))
      continue
    }
    for (const [n, picture] of pictures.entries())
      await draft.write(`restored-${n + 1}.png`, encodePicture(picture))
    const { mean, spread } = meanAndSpread(pictures)
    await draft.write('mean.png', encodePicture(mean))
    await draft.write('std.png', encodePicture(spread))
  }
}

/** A run as it was asked for, and what it works on: tensors of one sample, which it takes over. */
interface Job {
  readonly image: string
  readonly options: RestoreOptions
  readonly argv: readonly string[]
  readonly prior: Prior
  readonly operator: ImageOperator
  readonly measured: Measured
  readonly resume?: PartialRun
}

const checkedPrior = async (io: Io, name: string): Promise<Prior> => {
  const prior = await loadPrior(io, name)
  if (isImage(prior.shape)) return prior
  throw new OptionError('--prior', `'${prior.name}' is not for pictures but for [${prior.shape.join(', ')}]`)
}

/** A common size of small pictures that a shipped prior of 28×28 takes too: see `loadPrior`. */
const otherSide = 32

/** The options with the prior at the picture's own size, where that is 32×32. */
async function atPictureSize(io: Io, image: string, options: RestoreOptions): Promise<RestoreOptions> {
  const { shippedPriors } = await import('@tweedie/unet/node')
  if (options.measured === true || !shippedPriors().includes(options.prior)) return options
  const { picture } = await readPicture(absolute(io.cwd, image))
  if (picture.width !== otherSide || picture.height !== otherSide) return options
  return { ...options, prior: `${options.prior}@${otherSide}` }
}

/** Restores one picture of the user's and writes its folder. */
export async function restore(
  io: Io,
  image: string,
  asked: RestoreOptions,
  argv: readonly string[],
): Promise<void> {
  const options = await atPictureSize(io, image, asked)
  await checkFolder(absolute(io.cwd, options.out))
  if (options.resumable === true) await refuseFinished(absolute(io.cwd, options.out), options.out)
  settingsOf(options)
  const prior = await checkedPrior(io, options.prior)
  const operator = buildOperator(options.operator, prior.shape, '--operator')
  const { notes, ...measured } = await measure(io, image, options, prior, operator)
  const size =
    options.prior === asked.prior
      ? []
      : [`the network of '${asked.prior}', trained on another size, runs on ${otherSide}×${otherSide}`]
  await perform(io, {
    image,
    options,
    argv,
    prior,
    operator,
    measured: { ...measured, notes: [...notes, ...size] },
  })
}

/** Goes on with a run that was interrupted with `--resumable`; all options are those it was started with. */
export async function resume(
  io: Io,
  folder: string,
  { json, device }: Pick<RestoreOptions, 'json' | 'device'>,
): Promise<void> {
  const saved = await readUnfinished(absolute(io.cwd, folder), folder)
  const options: RestoreOptions = { ...saved.options, device, ...(json === true ? { json } : {}) }
  const prior = await checkedPrior(io, options.prior)
  const operator = buildOperator(options.operator, prior.shape, '--resume')
  const { image, argv, measured, partial } = saved
  await perform(io, { image, options, argv, prior, operator, measured, resume: partial })
}

function settingsOf(options: RestoreOptions): { entry: MethodInfo; settings: Record<string, Setting> } {
  const entry = findMethods([options.method], '--method')[0]!
  const steps = options.steps === undefined ? {} : { steps: options.steps }
  return { entry, settings: methodSettings(entry, { ...options.set, ...steps, seed: options.seed }, '--set') }
}

async function perform(io: Io, job: Job): Promise<void> {
  const started = new Date()
  const { image, options, argv, prior, operator, measured } = job
  const { samples: count, seed } = options
  const { entry, settings } = settingsOf(options)
  const noise = gaussianNoise(options.noise)
  checkFits(entry, { operator, noise, y: measured.y }, prior, '--method')
  const out = absolute(io.cwd, options.out)
  const task: Task = {
    title: basename(image),
    spec: options.operator,
    operator,
    noise,
    sigma: options.noise,
    y: repeated(measured.y, count),
    ...(measured.truth === undefined ? {} : { truth: repeated(measured.truth, count) }),
    samples: Array.from({ length: count }, (_, n) => (count === 1 ? '' : `${n + 1}`)),
    draws: count > 1,
    methods: [{ entry, options: settings }],
    ...(job.resume === undefined ? {} : { resume: job.resume }),
    ...(options.resumable !== true
      ? {}
      : {
          onInterrupt: async (partial) => {
            await writeFolder(out, (draft) =>
              writeUnfinished(draft, { image, options, argv, measured, partial }),
            )
            throw new InterruptedError(
              `interrupted after step ${partial.next}; go on with: tweedie restore --resume ${options.out}`,
            )
          },
        }),
  }
  const record = await writeFolder(out, async (draft) => {
    const progress = startProgress(io, { quiet: options.json === true })
    let result: TaskResult
    try {
      result = await runTask(io, task, prior, progress)
    } finally {
      progress.stop()
    }
    const failed = result.record.runs.find((run) => run.error !== undefined)
    if (failed !== undefined) throw new NonFiniteError(failed.error!)
    await writePictures(draft, result)
    const { notes } = measured
    const all = { image, ...options }
    return finishRun(draft, {
      command: 'restore',
      argv,
      options: all,
      seed,
      prior,
      started,
      samples: task.samples,
      notes,
      results: [result],
    })
  })
  io.out(
    options.json === true ? `${JSON.stringify(record, null, 2)}\n` : printSummary(record, options.out, io),
  )
}
