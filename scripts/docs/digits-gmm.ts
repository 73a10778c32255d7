// The suite of digits in pictures: exact draws of a posterior beside those of methods, with the error of their mean and the ratio of
// their variance to the exact one. Written to docs/digits-gmm.md and docs/images/digits-gmm-PROBLEM.png.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Drawn, PosedCase, Row, SampleMetric } from '@tweedie/calibration'
import { findSuite, planSuite, pointsOf, poseOnce, sampleMetrics } from '@tweedie/calibration'
import { allSuites } from '@tweedie/calibration/node'
import { encodePicture } from '@tweedie/cli'
import type { Picture } from '@tweedie/runs'
import { drawSheet, toPictures } from '@tweedie/runs'
import { fromData, TweedieError } from '@tweedie/tensor'
import { table } from './frame.ts'
import { root, write } from './measured.ts'

const samples = 12
const shown = 4
const side = 28
const seed = 1

/** Problems with truths that the mixture drew, and those of a held-out digit with either prior. */
const own = ['box', 'sr4']
const digit = ['box,digit', 'box,digit,network']
const methods = ['dps', 'ddrm', 'pigdm', 'diffpir', 'mcg-diff']
const shownMetrics = ['mean-error-relative', 'variance-ratio', 'whitened', 'gap-db', 'crps']

/** What came of a row on a case. */
interface Found {
  readonly row: Row
  readonly cells: readonly (Picture | undefined)[]
  readonly numbers: ReadonlyMap<string, number>
  readonly seconds: number
}

const pictures = (values: Float64Array, count: number): Promise<Picture[]> =>
  toPictures(fromData(values, [count, 1, side, side], { dtype: 'float32' }))

/** The mean and, with white for 1, the standard deviation of samples. */
function momentsOf({ values, count, dimension }: Drawn): Float64Array {
  const out = new Float64Array(2 * dimension)
  for (let i = 0; i < dimension; i++) {
    const column = Array.from({ length: count }, (_, k) => values[k * dimension + i] ?? 0)
    const mean = column.reduce((a, b) => a + b, 0) / count
    const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (count - 1)
    out[i] = mean
    out[dimension + i] = 2 * Math.sqrt(variance) - 1
  }
  return out
}

async function found(row: Row, posed: PosedCase, metrics: readonly SampleMetric[]): Promise<Found | string> {
  const lack = row.lacks(posed.posed)
  if (lack !== undefined) return lack
  try {
    const drawn = await row.draw(posed.posed, { samples, seed })
    const judged = { posed: posed.posed, draws: posed.draws(drawn.count) }
    const numbers = metrics.map((metric): [string, number] => {
      const none = metric.lacks(posed.posed) !== undefined
      return [metric.info.name, none ? Number.NaN : metric.over([metric.of(drawn, judged)]).value]
    })
    const first = pointsOf(drawn.values.subarray(0, shown * drawn.dimension), drawn.dimension)
    const cells = [...(await pictures(first.values, shown)), ...(await pictures(momentsOf(drawn), 2))]
    return { row, cells, numbers: new Map(numbers), seconds: drawn.cost.seconds }
  } catch (error) {
    if (error instanceof TweedieError) return error.message
    throw error
  }
}

const told = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '–' : value.toPrecision(3)

async function section(name: string): Promise<string> {
  const suite = findSuite('digits-gmm', allSuites)
  const metrics = sampleMetrics.filter(({ info }) => shownMetrics.includes(info.name))
  const plan = await planSuite(suite, { problems: [name], methods, seeds: 1, samples })
  const [problem] = plan.problems
  if (!problem) throw new TypeError(`digits-gmm: no problem '${name}'`)
  using posed = poseOnce(problem.posed.pose(seed), seed)
  const all: Found[] = []
  const missing: string[] = []
  for (const row of problem.rows.filter((one) => one.name !== 'prior')) {
    const one = await found(row, posed, metrics)
    if (typeof one === 'string') missing.push(`- **${row.name}**: ${one}.`)
    else all.push(one)
    console.log(`${name}, ${row.name}: ${typeof one === 'string' ? one : told(one.numbers.get('crps'))}`)
  }
  const { posterior, truth } = posed.posed
  const [whole, mean] = await pictures(Float64Array.from([...truth, ...posterior.mean()]), 2)
  const label = ({ row, numbers }: Found): string =>
    `${row.name} ${told(numbers.get('mean-error-relative'))} | ${told(numbers.get('variance-ratio'))}`
  const file = `images/digits-gmm-${name.replaceAll(',', '-')}.png`
  const blank = Array.from({ length: shown + 2 }, () => undefined)
  const sheet = drawSheet([
    {
      title: `${name}: error of the mean | variance over the exact one`,
      columns: [...Array.from({ length: shown }, (_, k) => `sample ${k + 1}`), 'mean', 'std'],
      rows: [
        { label: 'truth, exact mean', cells: [whole, mean, ...blank.slice(2)] },
        ...all.map((one) => ({ label: label(one), cells: one.cells })),
      ],
    },
  ])
  write(`docs/${file}`, encodePicture(sheet))
  const rows = all.map(({ row, numbers, seconds }) => [
    row.name,
    row.kind === 'method' ? `\`${row.words}\`` : row.words,
    ...metrics.map(({ info }) => told(numbers.get(info.name))),
    seconds.toFixed(1),
  ])
  const head = ['row', 'run', ...metrics.map(({ info }) => info.name), 's']
  return `### ${problem.posed.title}

![Rows: exact draws and methods; columns: samples, their mean, their standard deviation](${file})

${table(head, rows, (i) => i > 1)}
${missing.length === 0 ? '' : `\n${missing.join('\n')}\n`}`
}

/** Draws the pictures and the page. */
export async function drawDigitsGmm(): Promise<void> {
  const record: unknown = JSON.parse(
    readFileSync(join(root, 'packages/calibration/priors/digits-gmm/record.json'), 'utf8'),
  )
  const parts: string[] = []
  for (const name of own) parts.push(await section(name))
  const others: string[] = []
  for (const name of digit) others.push(await section(name))
  write('docs/digits-gmm.md', page(record as Recorded, parts.join('\n'), others.join('\n')))
}

/** What the page tells of the record. */
interface Recorded {
  readonly law: {
    readonly components: number
    readonly factors: number
    readonly ridge: number
    readonly iterations: number
    readonly seed: number
  }
  readonly bytes: number
  readonly data: string
  readonly command: string
  readonly evaluation: Readonly<
    Record<'training' | 'test' | 'heldOut', { readonly logDensity: number; readonly images: number }>
  >
}

const page = (
  { law, bytes, data, command, evaluation }: Recorded,
  parts: string,
  others: string,
): string => `# Digits whose posterior is known

Written by \`npm run docs -- --digits-gmm\`. The suite \`digits-gmm\` of \`tweedie bench posterior\` has real pictures, 28×28, and a prior
whose posterior under every linear measurement with Gaussian noise is known exactly: so a person sees which method is right.

## The law

A mixture of ${law.components} factor analysers, Σ_k w_k N(μ_k, W_kW_kᵀ + Ψ): W_k has ${law.factors} columns, Ψ is one full covariance for all components.
Fitted by expectation–maximisation in this project's own code to ${data} in [−1, 1], the very images that the network
\`digits\` was trained on. K-means (seed ${law.seed}) starts it, ${law.iterations} iterations follow; ${law.ridge} is added to Ψ in every direction, a standard deviation of
${Math.sqrt(law.ridge).toFixed(3)}, as most pixels of the border never vary. Means, factors and the Cholesky factor of Ψ are stored in half precision, ${(bytes / 1e6).toFixed(2)} MB
(\`packages/calibration/priors/digits-gmm\`, with its record); the law *is* what the file says, after rounding.

Log density, nats an image: ${evaluation.training.logDensity} on ${evaluation.training.images.toLocaleString('en')} training images, ${evaluation.test.logDensity} on ${evaluation.test.images.toLocaleString('en')} test images,
${evaluation.heldOut.logDensity} on ${evaluation.heldOut.images.toLocaleString('en')} held-out digits, which the suite takes truths from. Again: \`${command}\`.

\`\`\`ts no-run
import { digitsLaw } from '@tweedie/calibration/node'
const { law, logEvidence } = digitsLaw().posterior(operator, y, 0.05) // draws, mean, covariance, density, score
\`\`\`

## What is compared

- **The mixture's own draws as truths**: prior, posterior and truth agree. What is wrong in a row is the method's error; ranks (SBC) and
  coverage mean what they say.
- **A held-out digit, the mixture as prior** (\`,digit\`): the exact posterior is that of the mixture, still. \`crps\` of the row \`exact\` is
  what this prior knows of digits.
- **The same y, the trained network as prior** (\`,digit,network\`): no posterior of the network is known. The row \`exact\` is the mixture's; \`gap-db\`
  is below 0 where the network's samples have a mean nearer to the truth than the mixture's exact posterior mean, and \`crps\` compares both
  priors on the same truth. Distances to the mixture's posterior say how far the two priors are apart, not how wrong a method is.

Below: one case each (seed ${seed}), ${samples} samples. In pictures, beside the name: the error of the mean relative to that of the exact posterior,
and the variance of the samples over the exact one. Of ${samples} exact draws both have a floor: the row \`exact\`. For many cases with intervals:
\`npx tweedie bench posterior digits-gmm\`.

## Truths of the mixture

${parts}
## A held-out digit, two priors

${others}`
