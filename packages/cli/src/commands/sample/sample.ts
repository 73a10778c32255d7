import { extname } from 'node:path'
import { asPictures, drawGrid, drive, toPictures } from '@tweedie/runs'
import { priorText } from '@tweedie/runs/node'
import type { Prior, SampleOptions as RunOptions, Sampler, Step } from '@tweedie/solvers'
import { pipelineTimes, sampleFrom, samplePipeline, sampleUnconditional, withClass } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { chosenClassifier, classifierFor } from '../../classifier.ts'
import { absolute, checkFile, writeOneFile } from '../../files/write.ts'
import { encodePicture, isOurPng } from '../../images/png.ts'
import type { Io } from '../../io.ts'
import { naming, resolvePrior, resolveSampler } from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'
import { version } from '../../version.ts'
import type { SampleOptions } from './options.ts'
import type { ChosenPipeline } from './pipeline.ts'
import { chosenPipeline, clippedPrior, pipelineFacts } from './pipeline.ts'

/** The two by their plain names are one sampler with two values of η. */
const etas: Readonly<Record<string, number>> = { ddpm: 1, ddim: 0 }

/** Draws samples of a prior and writes them as one picture. */
export async function sample(io: Io, options: SampleOptions): Promise<void> {
  const { n: count, steps, seed } = options
  if (extname(options.out).toLowerCase() !== '.png')
    throw new OptionError('--out', `'${options.out}' should end in .png`)
  const path = absolute(io.cwd, options.out)
  await checkFile(path, isOurPng)
  const classifier = chosenClassifier(options)
  const sampler = await resolveSampler(options.sampler, '--sampler')
  if (options.eta !== undefined && !Object.hasOwn(etas, options.sampler))
    throw new OptionError('--eta', `is for ddpm and ddim; '${options.sampler}' has options of its own`)
  const resolved = await resolvePrior(
    io,
    priorText(options.prior, { ...options, key: undefined }),
    '--prior',
    options,
  )
  const classify = await classifierFor(io, classifier)
  const told = await clippedPrior(await toldPrior(resolved, options), options.clip)
  const prior = classify?.(told) ?? told
  const pipeline = chosenPipeline(prior, options)
  const spacing = pipeline?.grid.spacing ?? options.spacing ?? 'linspace'
  const run = { count, steps, seed, spacing }
  const eta = pipeline?.own?.eta ?? options.eta ?? etas[options.sampler]
  const draw = drawing(prior, sampler, { ...run, eta }, pipeline)
  const started = performance.now()
  using samples = await withProgress(io, { quiet: options.json === true }, (onProgress) =>
    drive(draw, {
      signal: io.signal,
      diverged: 'the samples are not finite',
      onStep: ({ i, steps }) => onProgress((i + 1) / steps, `step ${i + 1} of ${steps}`),
    }),
  )
  const x = asPictures(prior, samples)
  const how = {
    ...(eta === undefined ? { sampler: options.sampler } : { eta }),
    ...(pipeline && pipelineFacts(pipeline)),
  }
  const toldClass = {
    ...(options.class !== undefined && { class: options.class }),
    ...(isTold(resolved, options) && { guidance: options.guidance ?? 1 }),
    ...(classifier && { classifier: classifier.file, classifierScale: classifier.scale }),
  }
  const facts = { prior: prior.name, ...toldClass, count, steps, ...how, spacing, seed, tweedie: version }
  const text = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`tweedie:${name}`, String(value)]),
  )
  await writeOneFile(path, encodePicture(drawGrid(await toPictures(x)), text), isOurPng)
  x.dispose()
  const seconds = (performance.now() - started) / 1000
  io.out(
    options.json === true
      ? `${JSON.stringify({ ...facts, file: options.out, seconds })}\n`
      : `Wrote ${count} ${count === 1 ? 'sample' : 'samples'} to ${options.out} (${steps} steps, ${seconds.toFixed(1)} s)\n`,
  )
}

/** The run: by the pipeline's own sampler, by one of ours at its times, or without one. */
function drawing(
  prior: Prior,
  sampler: Sampler,
  { eta, ...run }: RunOptions & { readonly steps: number; readonly eta: number | undefined },
  pipeline: ChosenPipeline | undefined,
): AsyncGenerator<Step, Tensor> {
  if (pipeline?.own !== undefined)
    return samplePipeline(prior, { ...run, ...pipeline.own, grid: pipeline.grid })
  if (pipeline !== undefined) {
    const times = pipelineTimes(prior.schedule, run.steps, pipeline.grid, 'next')
    return sampleFrom(prior, sampler, { ...run, times })
  }
  return eta === undefined ? sampleFrom(prior, sampler, run) : sampleUnconditional(prior, { ...run, eta })
}

/** Whether a prior itself is told the class: where a classifier is too, one that can be. */
const isTold = (prior: Prior, { class: label, classifier, guidance }: SampleOptions): boolean =>
  label !== undefined &&
  (classifier === undefined || guidance !== undefined || prior.conditional !== undefined)

/** A prior that is told what the options say of a class. @throws {OptionError} where it cannot be. */
function toldPrior(prior: Prior, options: SampleOptions): Prior | Promise<Prior> {
  const { class: label, guidance } = options
  if (label !== undefined && isTold(prior, options))
    return naming('--class', 'class', () => withClass(prior, label, guidance))
  if (guidance === undefined || label !== undefined) return prior
  throw new OptionError('--guidance', 'is for samples of a class: give --class too')
}
