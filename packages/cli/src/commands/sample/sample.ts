import { extname } from 'node:path'
import { drawGrid, drive, toPictures } from '@tweedie/runs'
import { sampleUnconditional } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { absolute, checkFile, writeOneFile } from '../../files/write.ts'
import { encodePicture, isOurPng } from '../../images/png.ts'
import type { Io } from '../../io.ts'
import { resolvePrior } from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'
import { version } from '../../version.ts'

/** The options of `tweedie sample`, defaults filled in. */
export interface SampleOptions {
  readonly out: string
  readonly prior: string
  readonly n: number
  readonly sampler: 'ddpm' | 'ddim'
  readonly eta?: number
  readonly steps: number
  readonly seed: number
  readonly device: string
  readonly json?: boolean
}

/** Draws samples of a prior and writes them as one picture. */
export async function sample(io: Io, options: SampleOptions): Promise<void> {
  const { n: count, steps, seed } = options
  if (extname(options.out).toLowerCase() !== '.png')
    throw new OptionError('--out', `'${options.out}' should end in .png`)
  const path = absolute(io.cwd, options.out)
  await checkFile(path, isOurPng)
  const prior = await resolvePrior(io, options.prior)
  const eta = options.eta ?? (options.sampler === 'ddim' ? 0 : 1)
  const started = performance.now()
  const x = await withProgress(io, { quiet: options.json === true }, (onProgress) =>
    drive(sampleUnconditional(prior, { count, steps, seed, eta }), {
      signal: io.signal,
      diverged: 'the samples are not finite',
      onStep: (step) => onProgress((step.i + 1) / step.steps, `step ${step.i + 1} of ${step.steps}`),
    }),
  )
  const facts = { prior: prior.name, count, steps, eta, seed, tweedie: version }
  const text = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`tweedie:${name}`, String(value)]),
  )
  await writeOneFile(path, encodePicture(drawGrid(await toPictures(x)), text), isOurPng)
  x.dispose()
  const seconds = (performance.now() - started) / 1000
  io.out(
    options.json === true
      ? `${JSON.stringify({ ...facts, file: options.out, seconds })}\n`
      : `Wrote ${count} samples to ${options.out} (${steps} steps, ${seconds.toFixed(1)} s)\n`,
  )
}
