import { basename } from 'node:path'
import type { Operator, Prior } from '@tweedie/solvers'
import { gaussianNoise } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, OptionError, randomKey, scope } from '@tweedie/tensor'
import { buildOperator, checkFits, findMethods, methodSettings } from './catalog.ts'
import type { RestoreOptions } from './commands/restore.ts'
import type { Picture } from './images/picture.ts'
import { toColor, toGrey, toPictures, toTensor } from './images/picture.ts'
import { encodePicture } from './images/png.ts'
import { readPicture } from './images/read.ts'
import type { Io } from './io.ts'
import { loadPrior } from './priors.ts'
import { startProgress } from './progress.ts'
import { printSummary } from './report/summary.ts'
import { finishRun } from './run-folder.ts'
import type { Task, TaskResult } from './run-task.ts'
import { runTask } from './run-task.ts'
import { meanAndSpread } from './spread.ts'
import type { Draft } from './write.ts'
import { absolute, checkFolder, writeFolder } from './write.ts'

/** A picture read for a run: with the channels that are wanted, and what was done to it. */
interface Fitted {
  readonly picture: Picture
  readonly notes: string[]
}

/** How to make a picture fit, as a command to copy. */
const resizeHint = (width: number, height: number) =>
  `crop or resize it, for instance with ImageMagick: magick IMG -resize ${width}x${height}^ -gravity center -extent ${width}x${height} OUT.png`

/**
 * Reads a picture that has to be of one of some sizes, and gives it the wanted channels.
 * @throws {OptionError} naming the picture's size, the sizes that fit, and what to do.
 */
async function readFitted(
  path: string,
  name: string,
  channels: number,
  sizes: readonly Size[],
  what: string,
): Promise<Fitted> {
  const fits = sizes.map(({ width, height }) => `${width}×${height}`).join(' or ')
  const { picture, notes } = await readPicture(path, (width, height) => {
    if (sizes.some((size) => size.width === width && size.height === height)) return
    throw new OptionError(
      name,
      `the picture is ${width}×${height} pixels, ${what} ${fits}; ${resizeHint(sizes[0]!.width, sizes[0]!.height)}`,
    )
  })
  if (picture.channels === channels) return { picture, notes: [...notes] }
  if (channels === 1)
    return {
      picture: toGrey(picture),
      notes: [...notes, `${name} was converted to grey, as the prior knows no colours`],
    }
  return {
    picture: toColor(picture),
    notes: [...notes, `${name} is grey; its values stand for red, green and blue alike`],
  }
}

interface Size {
  readonly width: number
  readonly height: number
}

const sizeOf = (shape: readonly number[]): Size => ({ width: shape[2]!, height: shape[1]! })
const isImage = (shape: readonly number[]) => shape.length === 3 && (shape[0] === 1 || shape[0] === 3)

/** The measurement of one picture, and the truth unless the picture is itself the measurement. */
async function measure(
  io: Io,
  image: string,
  options: RestoreOptions,
  prior: Prior,
  operator: Operator,
): Promise<{ y: Tensor; truth: Tensor | undefined; notes: string[] }> {
  const path = absolute(io.cwd, image)
  const whole = sizeOf(prior.shape)
  if (options.measured !== true) {
    const { picture, notes } = await readFitted(
      path,
      image,
      prior.shape[0]!,
      [whole],
      `the prior '${prior.name}' is for`,
    )
    const truth = toTensor([picture])
    const key = randomKey(options.seed).fold('measurement')
    const y = scope(() => gaussianNoise(options.noise).sample([key.fold(0)], operator.forward(truth)))
    return { y, truth, notes }
  }
  const { outShape } = operator
  if (isImage(outShape)) {
    const { picture, notes } = await readFitted(
      path,
      image,
      outShape[0]!,
      [sizeOf(outShape)],
      `a measurement by '${options.operator}' is`,
    )
    return { y: toTensor([picture]), truth: undefined, notes }
  }
  // Pixels picked out of a picture: what the operator hides is not looked at.
  const { picture, notes } = await readFitted(
    path,
    image,
    prior.shape[0]!,
    [whole],
    `a measurement by '${options.operator}' is shown in`,
  )
  const y = scope(() => operator.forward(toTensor([picture])))
  return {
    y,
    truth: undefined,
    notes: [...notes, `of ${image} only the pixels that '${options.operator}' keeps are used`],
  }
}

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

/** Restores one picture of the user's and writes its folder. */
export async function restore(
  io: Io,
  image: string,
  options: RestoreOptions,
  argv: readonly string[],
): Promise<void> {
  const started = new Date()
  const out = absolute(io.cwd, options.out)
  await checkFolder(out)
  const entry = findMethods([options.method], '--method')[0]!
  const { samples: count, steps } = options
  const given = { ...options.set, ...(steps === undefined ? {} : { steps }), seed: options.seed }
  const settings = methodSettings(entry, given, '--set')
  const prior = await loadPrior(io, options.prior)
  if (!isImage(prior.shape))
    throw new OptionError(
      '--prior',
      `'${prior.name}' is not for pictures but for [${prior.shape.join(', ')}]`,
    )
  const operator = buildOperator(options.operator, prior.shape, '--operator')
  const { y, truth, notes } = await measure(io, image, options, prior, operator)
  const noise = gaussianNoise(options.noise)
  checkFits(entry, { operator, noise, y }, prior, '--method')
  const task: Task = {
    title: `${basename(image)}`,
    spec: options.operator,
    operator,
    noise,
    sigma: options.noise,
    y: repeated(y, count),
    ...(truth === undefined ? {} : { truth: repeated(truth, count) }),
    samples: Array.from({ length: count }, (_, n) => (count === 1 ? '' : `${n + 1}`)),
    draws: count > 1,
    methods: [{ entry, options: settings }],
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
    return finishRun(draft, {
      command: 'restore',
      argv,
      options: { image, ...options },
      seed: options.seed,
      prior,
      started,
      samples: task.samples,
      notes,
      results: [result],
    })
  })
  io.out(
    options.json === true
      ? `${JSON.stringify(record, null, 2)}\n`
      : printSummary(record, options.out, io.color),
  )
}
