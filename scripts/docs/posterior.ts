// Posterior samples: several restorations of one measurement, their mean and their standard deviation, for the methods
// that draw from a posterior. Written to docs/posterior.md and docs/images/posterior-TASK.png.
import { encodePicture } from '@tweedie/cli'
import type { Picture } from '@tweedie/runs'
import { drawSheet, measure, measurementKey, runTask, toPictures } from '@tweedie/runs'
import type { AnyMethod } from '@tweedie/solvers'
import { methods, noiseFromSpec, UnfitError } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, scope, sqrt, TweedieError } from '@tweedie/tensor'
import type { Bench, DigitTask } from './digits.ts'
import { benchOf, openBenches, operatorOf, priorFor, settingsOf, settingsText, tasks } from './digits.ts'
import { table } from './frame.ts'
import { write } from './measured.ts'

/** Restorations of one measurement. */
const count = 8
/** How many of them the picture shows. */
const shown = 4
const used = ['box', 'sr4', 'blur'] as const

/** Draws from the posterior, or means to: those of the survey's 3.3, and three others to compare with. */
const isSampler = ({ info }: AnyMethod): boolean =>
  info.family === 'exact' || info.name === 'ddrm' || info.name === 'dps' || info.name === 'latent-dps'

/** What came of a method on a task. */
interface Drawn {
  readonly cells: readonly (Picture | undefined)[]
  /** PSNR of the samples, a mean, and that of their mean, dB. */
  readonly psnr: number
  readonly meanPsnr: number
  /** Root of the mean variance over pixels, in units of [−1, 1]. */
  readonly spread: number
  /** Root of the mean squared error of the samples' mean: as large as the spread where the spread tells the error. */
  readonly error: number
  readonly seconds: number
}

const psnrOf = (mse: number): number => 10 * Math.log10(4 / mse)

async function statistics(x: Tensor, truth: Tensor): Promise<Omit<Drawn, 'seconds'>> {
  const numbers = scope(() => {
    const mean = x.mean(0, true)
    const variance = x
      .sub(mean)
      .square()
      .sum(0, true)
      .div(count - 1)
    const samples = x.sub(truth).square().mean().dataSync()[0] ?? Number.NaN
    const ofMean = mean.sub(truth).square().mean().dataSync()[0] ?? Number.NaN
    const spread = Math.sqrt(variance.mean().dataSync()[0] ?? Number.NaN)
    // A standard deviation of 1, half of the range, is white.
    return { mean: mean.detach(), std: sqrt(variance).mul(2).sub(1).detach(), samples, ofMean, spread }
  })
  const { mean, std, samples, ofMean, spread } = numbers
  const pictures = await toPictures(x)
  const cells = [...pictures.slice(0, shown), ...(await toPictures(mean)), ...(await toPictures(std))]
  mean.dispose()
  std.dispose()
  return { cells, psnr: psnrOf(samples), meanPsnr: psnrOf(ofMean), spread, error: Math.sqrt(ofMean) }
}

/** Restores one measurement `count` times. @returns Why it cannot, where it cannot. */
async function draw(method: AnyMethod, task: DigitTask, bench: Bench): Promise<Drawn | string> {
  const operator = operatorOf(task, bench)
  if (operator === undefined) return 'there is no such operator'
  const noise = noiseFromSpec(task.noise)
  using one = measure(operator, noise, bench.truth, measurementKey(0).fold(task.name))
  using y = broadcastTo(one, [count, ...one.shape.slice(1)])
  using truth = broadcastTo(bench.truth, [count, ...bench.truth.shape.slice(1)])
  try {
    const { record, restored } = await runTask(
      {
        title: task.title,
        spec: task.operator,
        problem: { operator, noise, y },
        truth,
        samples: Array.from({ length: count }, (_, k) => `sample ${k + 1}`),
        methods: [{ method, options: settingsOf(method, task) }],
      },
      priorFor(method, bench),
    )
    const x = restored.get(method.info.name)
    const [run] = record.runs
    if (x === undefined || run === undefined) return run?.error ?? 'it did not finish'
    const found = { ...(await statistics(x, bench.truth)), seconds: run.seconds ?? Number.NaN }
    x.dispose()
    return found
  } catch (error) {
    if (error instanceof UnfitError) return error.reason
    if (error instanceof TweedieError) return error.message
    throw error
  }
}

const columns = [...Array.from({ length: shown }, (_, k) => `sample ${k + 1}`), 'mean', 'std']

async function section(task: DigitTask, bench: Bench): Promise<string> {
  const found: { method: AnyMethod; drawn: Drawn | string }[] = []
  for (const method of [...methods].filter(isSampler)) {
    const drawn = await draw(method, task, bench)
    const told =
      typeof drawn === 'string' ? drawn : `${drawn.psnr.toFixed(1)} dB, ${drawn.seconds.toFixed(0)} s`
    console.log(`${method.info.name} on ${task.name}: ${told}`)
    found.push({ method, drawn })
  }
  const ran = found.flatMap(({ method, drawn }) => (typeof drawn === 'string' ? [] : [{ method, drawn }]))
  const why = found.flatMap(({ method, drawn }) =>
    typeof drawn === 'string' ? [`- **${method.info.name}**: ${drawn}.`] : [],
  )
  const [truth] = await toPictures(bench.truth)
  const blank = columns.map(() => undefined)
  const sheet = drawSheet([
    {
      title: `${task.operator}, noise ${task.noise}`,
      columns,
      rows: [
        { label: 'truth', cells: [truth, ...blank.slice(1)] },
        ...ran.map(({ method, drawn }) => ({ label: method.info.name, cells: drawn.cells })),
      ],
    },
  ])
  write(`docs/images/posterior-${task.name}.png`, encodePicture(sheet))
  const rows = ran.map(({ method, drawn }) => [
    `[${method.info.name}](methods/${method.info.name}.md)`,
    `\`${settingsText(method, task)}\``,
    drawn.psnr.toFixed(1),
    drawn.meanPsnr.toFixed(1),
    drawn.spread.toFixed(3),
    drawn.error.toFixed(3),
    drawn.seconds.toFixed(0),
  ])
  return `## ${task.title}

\`${task.operator}\`, noise \`${task.noise}\`.

![Rows: methods; columns: samples, their mean, their standard deviation](images/posterior-${task.name}.png)

${table(['method', 'run', 'PSNR', 'of the mean', 'spread', 'error of the mean', 's'], rows, (i) => i > 1)}
${why.length === 0 ? '' : `\n${why.join('\n')}\n`}`
}

/** Draws the samples, the pictures and the page. */
export async function drawPosteriors(): Promise<void> {
  const benches = await openBenches(1)
  const parts: string[] = []
  for (const task of tasks) {
    if (used.some((name) => name === task.name)) parts.push(await section(task, benchOf(benches, task)))
  }
  write(
    'docs/posterior.md',
    `# Posterior samples of a digit

Written by \`npm run docs -- --posterior\`: one held-out digit, one measurement, restored ${count} times by the methods that draw from
a posterior, and by three that only approximate one. The pictures show ${shown} samples, then the mean of all ${count} and their
standard deviation (white is 1, half of the range [−1, 1]).

Numbers: PSNR of the samples (a mean) and of their mean, dB; **spread**, the root of the variance, a mean over pixels; **error**, the
root mean squared error of the samples' mean. Where samples are as the posterior's, spread and error are of one size over many
pictures; this is one.

${parts.join('\n')}`,
  )
}
