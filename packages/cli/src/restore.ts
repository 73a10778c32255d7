import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { AnyMethod, Prior, ShownOperator } from '@tweedie/solvers'
import { gaussianNoise } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError, NonFiniteError, OptionError, scope, variance } from '@tweedie/tensor'
import { writeNpy } from '@tweedie/unet'
import type { Setting } from './catalog.ts'
import { buildOperator, checkFits, findMethods, methodSettings } from './catalog.ts'
import type { RestoreOptions } from './commands/restore.ts'
import { InterruptedError } from './errors.ts'
import { toPictures } from './images/picture.ts'
import { encodePicture } from './images/png.ts'
import type { Input, InputRecord } from './inputs.ts'
import { readInput } from './inputs.ts'
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
import type { Unfinished } from './unfinished.ts'
import { readUnfinished, refuseFinished, writeUnfinished } from './unfinished.ts'
import type { Draft } from './write.ts'
import { absolute, checkFolder, writeFolder } from './write.ts'

/** One sample as many: a batch of `count` equal rows. */
const repeated = (x: Tensor, count: number): Tensor =>
  scope(() => x.broadcastTo([count, ...x.shape.slice(1)]).mul(1))

/** The numbers of a tensor [1, …shape] without its first axis, unclipped. */
const npyOf = async (x: Tensor): Promise<Uint8Array> =>
  writeNpy({ shape: x.shape.slice(1), values: Float32Array.from(await x.data()) })

/** Writes the measurement and the restorations, each as a picture and as its numbers. */
async function writeResults(draft: Draft, result: TaskResult, y: Tensor): Promise<void> {
  if (result.measurement?.[0] !== undefined)
    await draft.write('measurement.png', encodePicture(result.measurement[0]))
  await draft.write('measurement.npy', await npyOf(y))
  for (const x of result.restored.values()) {
    const pictures = await toPictures(x)
    for (const [n, picture] of pictures.entries()) {
      const name = pictures.length === 1 ? 'restored' : `restored-${n + 1}`
      await draft.write(`${name}.png`, encodePicture(picture))
      const one = x.slice([n, n + 1])
      await draft.write(`${name}.npy`, await npyOf(one))
      one.dispose()
    }
    if (pictures.length === 1) continue
    const { mean, spread } = meanAndSpread(pictures)
    await draft.write('mean.png', encodePicture(mean))
    await draft.write('std.png', encodePicture(spread))
    const moments = scope(() => ({
      mean: x.mean(0, true),
      std: variance(x, 0, { keepDims: true, correction: 0 }).sqrt(),
    }))
    await draft.write('mean.npy', await npyOf(moments.mean))
    await draft.write('std.npy', await npyOf(moments.std))
    moments.mean.dispose()
    moments.std.dispose()
  }
}

/** A run as it was asked for, and what it works on: tensors of one sample, which it takes over. */
interface Job {
  readonly image: string
  readonly options: RestoreOptions
  readonly argv: readonly string[]
  readonly prior: Prior
  readonly operator: ShownOperator
  readonly measured: Measured
  readonly inputs: readonly InputRecord[]
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
async function atPictureSize({ content }: Input, options: RestoreOptions): Promise<RestoreOptions> {
  const { shippedPriors } = await import('@tweedie/unet/node')
  if (options.measured === true || !shippedPriors().includes(options.prior)) return options
  const size =
    content.kind === 'picture'
      ? [content.picture.height, content.picture.width]
      : content.array.shape.slice(-2)
  return size.length === 2 && size.every((extent) => extent === otherSide)
    ? { ...options, prior: `${options.prior}@${otherSide}` }
    : options
}

/** Restores one picture, or one array of numbers, of the user's and writes its folder. */
export async function restore(
  io: Io,
  image: string,
  asked: RestoreOptions,
  argv: readonly string[],
): Promise<void> {
  const out = absolute(io.cwd, asked.out)
  await checkFolder(out)
  if (asked.resumable === true) await refuseFinished(out, asked.out)
  settingsOf(asked)
  const input = await readInput(io, image, asked.measured === true ? ['y', 'measurement'] : ['x', 'truth'])
  const options = await atPictureSize(input, asked)
  const prior = await checkedPrior(io, options.prior)
  const operator = buildOperator(options.operator, prior.shape, '--operator')
  const { notes, ...measured } = await measure(input, options, prior, operator)
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
    inputs: [input.record],
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
  const { image, argv, inputs, partial } = saved
  requireShapes(saved, operator, prior, folder)
  const notes = [...saved.measured.notes, ...(await changedInputs(io, inputs))]
  const measured = { ...saved.measured, notes }
  await perform(io, { image, options, argv, prior, operator, inputs, measured, resume: partial })
}

/** @throws {FileFormatError} where a saved run is not one of the operator and the prior as they are now. */
function requireShapes(
  { measured }: Unfinished,
  operator: ShownOperator,
  prior: Prior,
  folder: string,
): void {
  const pairs = [
    ['y', measured.y.shape, operator.outShape],
    ['truth', measured.truth?.shape, prior.shape],
  ] as const
  for (const [name, shape, wanted] of pairs) {
    if (shape === undefined || shape.join() === [1, ...wanted].join()) continue
    throw new FileFormatError(
      join(folder, 'state.safetensors'),
      `'${name}' is [${shape.join(', ')}], with this prior and operator [${[1, ...wanted].join(', ')}]`,
    )
  }
}

/** A word on files that have changed since a run read them: it goes on with what it has. */
async function changedInputs(io: Io, inputs: readonly InputRecord[]): Promise<string[]> {
  const words = inputs.map(async ({ file, bytes, sha256 }) => {
    const path = absolute(io.cwd, file)
    const now = await stat(path).catch(() => undefined)
    if (now?.isFile() !== true) return []
    const same =
      now.size === bytes &&
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex') === sha256
    return same ? [] : [`${file} has changed since the run read it; the run went on with what it had read`]
  })
  return (await Promise.all(words)).flat()
}

function settingsOf(options: RestoreOptions): { entry: AnyMethod; settings: Record<string, Setting> } {
  const entry = findMethods([options.method], '--method')[0]!
  const steps = options.steps === undefined ? {} : { steps: options.steps }
  return { entry, settings: methodSettings(entry, { ...options.set, ...steps, seed: options.seed }, '--set') }
}

async function perform(io: Io, job: Job): Promise<void> {
  const started = new Date()
  const { image, options, argv, prior, operator, measured, inputs } = job
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
              writeUnfinished(draft, { image, options, argv, measured, inputs, partial }),
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
    await writeResults(draft, result, measured.y)
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
      inputs,
      notes,
      results: [result],
    })
  })
  io.out(
    options.json === true ? `${JSON.stringify(record, null, 2)}\n` : printSummary(record, options.out, io),
  )
}
