import { extname } from 'node:path'
import { sampleUnconditional } from '@tweedie/solvers'
import { NonFiniteError, OptionError } from '@tweedie/tensor'
import type { SampleOptions } from './commands/sample.ts'
import { toPictures } from './images/picture.ts'
import { encodePicture, isOurPng } from './images/png.ts'
import { drawGrid } from './images/sheet.ts'
import type { Io } from './io.ts'
import { breathe } from './io.ts'
import { loadPrior } from './priors.ts'
import { startProgress } from './progress.ts'
import { version } from './version.ts'
import { absolute, checkFile, writeOneFile } from './write.ts'

/** Draws samples of a prior and writes them as one picture. */
export async function sample(io: Io, options: SampleOptions): Promise<void> {
  const { n: count, steps, seed } = options
  if (extname(options.out).toLowerCase() !== '.png')
    throw new OptionError('--out', `'${options.out}' should end in .png`)
  const path = absolute(io.cwd, options.out)
  await checkFile(path, isOurPng)
  const prior = await loadPrior(io, options.prior)
  const eta = options.eta ?? (options.sampler === 'ddim' ? 0 : 1)
  const started = performance.now()
  const generator = sampleUnconditional(prior, { count, steps, seed, eta })
  const progress = startProgress(io, { quiet: options.json === true })
  try {
    let next = await generator.next()
    while (next.done !== true) {
      progress.at((next.value.i + 1) / next.value.steps, `step ${next.value.i + 1} of ${next.value.steps}`)
      await breathe(io)
      next = await generator.next()
    }
    progress.stop()
    const x = next.value
    if ((await x.data()).some((value) => !Number.isFinite(value)))
      throw new NonFiniteError('the samples are not finite')
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
  } finally {
    progress.stop()
    await generator.return(undefined as never)
  }
}
