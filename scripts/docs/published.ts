// What published benchmarks of posterior samplers get wrong, each by a rerun of ours: docs/published-benchmarks.md.
import type { Points, SampleMetric, Suite, Summary } from '@tweedie/calibration'
import {
  drawKeys,
  findSuite,
  hpdCoverage,
  hpdCoverageSoftmax,
  kernelStein,
  pointsOf,
  pooledGap,
  short,
} from '@tweedie/calibration'
import { table } from './frame.ts'
import { write } from './measured.ts'
import type { Stopping } from './stopping.ts'
import { measureStopping } from './stopping.ts'

/** Exact draws about their mean, each deviation times `factor`: 1 are exact draws. */
interface Sampler {
  readonly name: string
  readonly factor: number
}

const samplers: readonly Sampler[] = [
  { name: 'exact draws', factor: 1 },
  { name: 'too narrow: deviations × 0.8', factor: 0.8 },
  { name: 'too wide: deviations × 1.25', factor: 1.25 },
]

function scaled({ values, dimension }: Points, mean: Float64Array, factor: number): Points {
  return pointsOf(
    values.map((value, at) => {
      const centre = mean[at % dimension] ?? 0
      return centre + factor * (value - centre)
    }),
    dimension,
  )
}

/** Metrics of exact draws, or of scaled ones, over the cases of a problem. */
function judged(
  suite: Suite,
  problemName: string,
  metrics: readonly SampleMetric[],
  { cases, samples, factor = 1 }: { cases: number; samples: number; factor?: number },
): Summary[] {
  const problem = suite.problems.find(({ name }) => name === problemName)
  if (problem === undefined) throw new RangeError(`${suite.name} has no problem '${problemName}'`)
  const numbers = Array.from({ length: cases }, (_, seed) => {
    const posed = problem.pose(seed)
    const { posterior } = posed
    const draws = posterior.sample(drawKeys(seed, 'judge', samples))
    const x = scaled(posterior.sample(drawKeys(seed, 'row', samples)), posterior.mean(), factor)
    posed.problem.y.dispose()
    return metrics.map((metric) => metric.of(x, { posed, draws }))
  })
  return metrics.map((metric, k) => metric.over(numbers.map((of) => of[k] ?? [])))
}

const told = ({ value, low, high }: Summary): string => `${short(value)} (${short(low)} … ${short(high)})`

const operators = ['identity', 'convolution', 'sampling', 'fourier'] as const

/** Coverage of the 90 % region, weighted and not. */
function coverage(suite: Suite): string {
  const cases = 100
  const rows = operators.flatMap((operator) =>
    samplers.map(({ name, factor }) => {
      const [uniform, softmax] = judged(suite, `gauss,${operator}`, [hpdCoverage, hpdCoverageSoftmax], {
        cases,
        samples: 50,
        factor,
      })
      return [operator, name, uniform ? told(uniform) : '–', softmax ? told(softmax) : '–']
    }),
  )
  return table(
    ['operator', 'samples', 'all samples alike', 'weighted by their density again'],
    rows,
    (i) => i > 1,
  )
}

/** What the mean of k exact draws costs. */
function floors(suite: Suite): string {
  const rows = [10, 50].flatMap((samples) =>
    operators.map((operator) => {
      const [gap] = judged(suite, `gauss,${operator}`, [pooledGap], { cases: 100, samples })
      return [operator, String(samples), gap ? told(gap) : '–', short(10 * Math.log10(1 + 1 / samples))]
    }),
  )
  return table(['operator', 'draws', 'gap of exact draws, dB', '10·log₁₀(1 + 1/N)'], rows, (i) => i > 0)
}

/** The printed reference rows of the kernel Stein discrepancy, and exact draws of as many samples. */
const printed: Readonly<Record<string, string>> = {
  'A1,sigma=0.2': '0.35',
  'A1,sigma=0.5': '0.24',
  'A2,sigma=0.2': '1.31',
  'A2,sigma=0.5': '0.64',
}

function references(suite: Suite): string {
  const rows = Object.entries(printed).map(([problem, value]) => {
    const [few, many] = [100, 500].map(
      (samples) => judged(suite, problem, [kernelStein], { cases: 5, samples })[0],
    )
    return [problem, value, many ? told(many) : '–', few ? told(few) : '–']
  })
  return table(
    ['problem', 'printed, N = 500', 'exact draws, N = 500', 'exact draws, N = 100'],
    rows,
    (i) => i > 0,
  )
}

const average = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length

const stops = ({ rows }: Stopping): string =>
  table(
    ['stopped', 'PSNR, dB', 'of each digit'],
    rows.map(({ stop, psnr }) => [stop, average(psnr).toFixed(1), psnr.map((v) => v.toFixed(1)).join(', ')]),
    (i) => i === 1,
  )

/** Reruns all and writes the page. */
export async function writePublished(): Promise<void> {
  const [levy, ksd] = [findSuite('levy'), findSuite('ksd')]
  const stopping = await measureStopping()
  write(
    'docs/published-benchmarks.md',
    `# What published benchmarks of posterior samplers get wrong

Written by \`npm run docs -- --published\`, which reruns every table below in a few minutes; seeded.

Benchmarks of posterior samplers are recent, made with care, and generous: protocols and code are public, which is why their
numbers can be rerun at all. Rerunning them against posteriors that are known exactly turned up four things that anyone who
builds the next one may want to know. None of them says that a paper's methods are not what they are said to be; each says
what a number of a table can, and cannot, mean. Where it was the code that was read, its commit is given; whether a printed
table came of that very version is not known to us.

## Coverage with samples that are weighted twice

The 90 % region of highest posterior density of a set of samples is bounded by the density that a tenth of them fall below. In
the script of a benchmark on Lévy processes (arXiv 2509.12821; github.com/zacmar/dps-benchmark d999e2a,
\`postprocessing/coverage.py\`) samples of the algorithms are weighted by the softmax of their log density before that tenth is
taken, those of the reference are not. Samples of a posterior come with its density already: weighted again, nearly all weight
falls on the one or two nearest to the mode. Signals of Gaussian increments, posterior in closed form, 50 samples, 100 signals:

${coverage(levy)}

Exact draws, which should have 0.9, have next to nothing when weighted twice, and samples that are too wide have more than exact ones.
With equal weights the target is met, the narrow sampler is far below it and the wide one above. Equal weights are what
\`tweedie bench posterior levy\` uses as \`hpd90\`; the other stands beside it as \`hpd90-softmax\`, so that figures made so can be compared.

## Distances without a floor

A mean of N samples has an error of its own. Of exact draws, the squared error of their mean exceeds that of the posterior mean by the factor
1 + 1/N, whatever the prior: 0.086 dB at N = 50. Gaps of 0.07 … 0.12 dB, which digests of the paper's table give (we read no more of it), are those of exact
samples, and a smaller one is no better method: it is one whose samples are too close to each other.

${floors(levy)}

So every table of ours has a row of exact draws, as many as the methods have, judged by the same metric with other random
numbers. Nothing below it can be told apart.

## Reference rows of another number of samples

The kernel Stein discrepancy of N exact samples falls as N^(−1/2). In a benchmark that prints a reference row of the true posterior beside its
methods (arXiv 2602.04189v2, N = 500), the row of the first operator is what exact draws have at N = 100, and in the second one several
methods stand below it:

${references(ksd)}

A reference row has to be drawn again with the N, the noise draws and the kernel of the rows that it is read against.

## Stopping by the truth

Optimisation-based methods first find the picture and then fit the noise, so that where they stop is part of the method. Scripts of two of them
report the iterate that is best by the truth: of DMPlug (\`sr_inp_nonlinear.py\`) the highest PSNR, the highest
SSIM and the lowest LPIPS, each of its own iterate; of SITCOM (\`SITCOM_with_noise.py\`) the highest PSNR of the inner iterates. A user has no truth.
${stopping.command}, five held-out digits:

${stops(stopping)}

Here, with 300 iterations, the truth is worth little over the last iterate; the published runs have thousands, in which the noise is fitted as well. What it
is worth in a table nobody knows before it is measured. The rules that know no truth are those that \`dmplug\` has; that of the discrepancy stops
where the residual is that of noise, which is early here.

## What follows for a table

- a row of exact draws, or of the longest chain there is, at the N of the methods;
- a row of the exact score under the methods' own integrator, so that steps and approximation are told apart;
- the same measurements for all rows, and differences paired by measurement;
- coverage, or the whitened variance ratio, beside every error of a mean: the two disagree ([tuning](tuning.md));
- what stopped a run, and what it knew.
`,
  )
}
