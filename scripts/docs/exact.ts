// How far the samples of each method are from the exact posterior, on small problems whose posterior is known: one
// Gaussian, one mixture. Written to docs/methods/measured.json, and as a page to docs/exact.md.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type {
  AnyMethod,
  ExactPrior,
  LinearOperator,
  Mixture,
  Prior,
  Problem,
  Settings,
  Step,
} from '@tweedie/solvers'
import {
  formatSpec,
  gaussianMixturePrior,
  gaussianNoise,
  gaussianPrior,
  linearAutoencoder,
  matrixOperator,
  methods,
  run,
  shiftedByClass,
  UnfitError,
} from '@tweedie/solvers'
import { reflection } from '@tweedie/solvers/laws'
import type { Tensor } from '@tweedie/tensor'
import { matmul, NonFiniteError, normal, randomKey, TweedieError, tensor } from '@tweedie/tensor'
import { distanceCells, distanceHead, table } from './frame.ts'
import type { Distance, Distances, Measured } from './measured.ts'
import { readMeasured, root, write, writeMeasured } from './measured.ts'

const float64 = { dtype: 'float64' } as const
const sigmaY = 0.3
const count = 1000
const directions = 200

/** A chain: neighbours are alike. */
const covariance = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => 0.8 ** Math.abs(i - j)))
const spread = covariance.map((row) => row.map((value) => value * 0.05))

/** A prior, what is measured of it, and one measurement, in the data range about. */
interface Posed {
  readonly prior: ExactPrior
  /** The law of −x. */
  readonly mirrored: ExactPrior
  readonly rows: readonly (readonly number[])[]
  readonly y: readonly number[]
}

const gaussian = (sign: number): ExactPrior =>
  gaussianPrior({
    mean: [0.2, 0, -0.2, 0.1].map((v) => sign * v),
    covariance: covariance.map((row) => row.map((v) => v * 0.4)),
  })

const mixture = (sign: number): ExactPrior =>
  gaussianMixturePrior({
    weights: [0.4, 0.3, 0.2, 0.1],
    means: [
      [0.7, 0.5, 0.6, 0.2],
      [-0.6, 0.4, -0.7, -0.3],
      [0.5, -0.7, -0.4, 0.8],
      [-0.5, -0.5, 0.6, -0.6],
    ].map((mean) => mean.map((v) => sign * v)),
    covariances: spread,
  })

/** One with rows of unequal weight, one with orthonormal rows, which some methods need. */
export const problems: Readonly<Record<string, Posed>> = {
  gaussian: {
    prior: gaussian(1),
    mirrored: gaussian(-1),
    rows: [
      [1, 0.5, 0, -0.3],
      [0, 0.4, 0.2, 0.1],
    ],
    y: [0.6, -0.2],
  },
  mixture: {
    prior: mixture(1),
    mirrored: mixture(-1),
    rows: [
      [0.6, 0.8, 0, 0],
      [0, 0, 0.8, -0.6],
    ],
    y: [0.3, 0.1],
  },
}

/** Five numbers of four. */
const columns = reflection(5, 4)

/** A problem as a method takes it, and its restorations in the numbers of the law. */
interface Taken {
  readonly prior: Prior
  readonly operator: LinearOperator
  back(x: Tensor): Tensor
}

/**
 * Methods on latents restore pictures of five numbers, made of −z by orthonormal columns: what is measured of z, and the
 * law of z, are those of all others. They are told no class. What goes into the decoder's second stage is −z.
 */
function takenBy({ info: { needs } }: AnyMethod, { prior, mirrored, rows }: Posed): Taken {
  if (needs.includes('autoencoder')) {
    // Of all four numbers: D∘E is the identity.
    const autoencoder = linearAutoencoder(columns.slice([0, 4]))
    return {
      prior: { ...prior, autoencoder },
      operator: matrixOperator(tensor(rows, float64)),
      back: (x) => x.alias(),
    }
  }
  if (!needs.includes('latent'))
    return { prior, operator: matrixOperator(tensor(rows, float64)), back: (x) => x.alias() }
  const coder = linearAutoencoder(columns)
  const shift = tensor([[0.3], [-0.2], [0.1], [0]], float64)
  const classes = { one: [1], other: [-1] }
  const embedImage = (x: Tensor) => matmul(coder.encode(x), shift)
  const told = shiftedByClass(prior, { classes, shift, embedImage })
  const negated = (z: Tensor) => z.neg()
  const stages = [{ decode: negated }, { prior: mirrored, decode: coder.decode }]
  const encode = (x: Tensor) => coder.encode(x).neg()
  const autoencoder = { ...coder, encode, decode: (z: Tensor) => coder.decode(z.neg()), stages }
  const measured = matmul(tensor(rows, float64), columns.transpose()).neg()
  return {
    prior: { ...told, autoencoder },
    operator: matrixOperator(measured),
    back: encode,
  }
}

type Rows = readonly ArrayLike<number>[]

const rowsOf = (x: Tensor): Rows => {
  const [n = 0, d = 0] = x.shape
  const values = x.dataSync()
  return Array.from({ length: n }, (_, i) => values.slice(i * d, (i + 1) * d))
}

const meanOf = (x: Rows): number[] =>
  Array.from(x[0] ?? [], (_, j) => x.reduce((sum, row) => sum + (row[j] ?? 0), 0) / x.length)

function covarianceOf(x: Rows): number[][] {
  const mean = meanOf(x)
  return mean.map((_, i) =>
    mean.map(
      (_, j) =>
        x.reduce((sum, row) => sum + ((row[i] ?? 0) - (mean[i] ?? 0)) * ((row[j] ?? 0) - (mean[j] ?? 0)), 0) /
        (x.length - 1),
    ),
  )
}

/** W₁ of two samples of equal size on a line, averaged over fixed random directions. */
export function slicedWasserstein(a: Rows, b: Rows, seed = 1): number {
  const d = a[0]?.length ?? 0
  const along = rowsOf(
    normal([randomKey(seed).fold('directions')], [directions, d], float64).reshape([directions, d]),
  )
  const distances = along.map((direction) => {
    const length = Math.hypot(...Array.from(direction))
    const on = (x: Rows) =>
      Float64Array.from(
        x,
        (row) => Array.from(direction).reduce((sum, v, k) => sum + v * (row[k] ?? 0), 0) / length,
      ).sort()
    const [p, q] = [on(a), on(b)]
    return p.reduce((sum, value, i) => sum + Math.abs(value - (q[i] ?? 0)), 0) / p.length
  })
  return distances.reduce((sum, value) => sum + value, 0) / directions
}

/** How far samples are from a law, of which `draws` are as many. */
export function distanceOf(samples: Rows, draws: Rows, law: Mixture): Distance {
  const [mean, exact] = [meanOf(samples), Array.from(law.mean())]
  const [found, truth] = [covarianceOf(samples), law.covariance().to2DArray()]
  const trace = truth.reduce((sum, row, i) => sum + (row[i] ?? 0), 0)
  const norm = (of: (i: number, j: number) => number) =>
    Math.hypot(...exact.flatMap((_, i) => exact.map((_, j) => of(i, j))))
  return {
    sliced: slicedWasserstein(samples, draws),
    mean: Math.hypot(...mean.map((v, i) => v - (exact[i] ?? 0))) / Math.sqrt(trace),
    covariance:
      norm((i, j) => (found[i]?.[j] ?? 0) - (truth[i]?.[j] ?? 0)) / norm((i, j) => truth[i]?.[j] ?? 0),
  }
}

const keys = (purpose: string) => Array.from({ length: count }, (_, i) => randomKey(7).fold(purpose).fold(i))

/** What the tests of all methods know of each: here the options for problems of a few numbers. */
interface Helper {
  readonly known: Readonly<Record<string, { readonly small?: Settings; readonly exact?: Settings }>>
}
const helper = join(root, 'packages/solvers/src/methods/known/known.test.helper.ts')
const { known }: Helper = await import(pathToFileURL(helper).href)

/**
 * Of methods that train a flow for each sample: so many flows. Each step shows a draw of each, and those of the last steps are
 * the samples, as many as of the others.
 */
const flows = 40
const trainsFlows = ({ info: { name } }: AnyMethod): boolean => name.endsWith('score-prior')

/** Its own settings, but for those of problems of a few numbers. */
const settingsOf = ({ info: { name } }: AnyMethod): Settings => {
  const { class: _, ...settings } = { ...(known[name]?.exact ?? known[name]?.small) }
  return settings
}

const whyNot = (error: TweedieError): string =>
  error instanceof UnfitError
    ? error.reason
    : error instanceof NonFiniteError
      ? 'it diverges there'
      : error.message

async function measured(method: AnyMethod): Promise<Distances> {
  const found: [string, Distance | string][] = []
  for (const [name, posed] of Object.entries(problems)) {
    const { rows, y } = posed
    const { law } = posed.prior.law.posterior(matrixOperator(tensor(rows, float64)), y, sigmaY)
    const { prior, operator, back } = takenBy(method, posed)
    const asked = trainsFlows(method) ? flows : count
    const draws = rowsOf(law.sample(keys('exact'), float64))
    const problem: Problem = {
      operator,
      noise: gaussianNoise(sigmaY),
      y: tensor(
        Array.from({ length: asked }, () => [...y]),
        float64,
      ),
    }
    try {
      const samples: ArrayLike<number>[] = []
      const onStep = ({ i, steps, x }: Step): void => {
        if (i < steps - 1 && (steps - i) * asked <= count) samples.push(...rowsOf(back(x)))
      }
      const x = await run(method.run(problem, prior, { ...settingsOf(method), seed: 0 }), { onStep })
      samples.push(...rowsOf(back(x)))
      x.dispose()
      found.push([
        name,
        samples.flatMap((row) => Array.from(row)).every(Number.isFinite)
          ? distanceOf(samples, draws, law)
          : 'it diverges there',
      ])
    } catch (error) {
      if (!(error instanceof TweedieError)) throw error
      found.push([name, whyNot(error)])
    }
  }
  return Object.fromEntries(found)
}

/** What two independent sets of exact draws are apart. */
const floor = (): Distances =>
  Object.fromEntries(
    Object.entries(problems).map(([name, { prior, rows, y }]) => {
      const { law } = prior.law.posterior(matrixOperator(tensor(rows, float64)), y, sigmaY)
      const [first, second] = ['other', 'exact'].map((purpose) => rowsOf(law.sample(keys(purpose), float64)))
      return [name, distanceOf(first ?? [], second ?? [], law)]
    }),
  )

/** Measures the methods named, or all, and writes the page. */
export async function measureDistances(only: readonly string[]): Promise<void> {
  const former = readMeasured()
  const distances: Record<string, Distances> = { exact: floor() }
  const runs: Record<string, string> = {}
  for (const method of methods) {
    const { name } = method.info
    const kept = former.distances[name]
    if (only.length > 0 && !only.includes(name)) {
      if (kept !== undefined) distances[name] = kept
      runs[name] = former.runs[name] ?? name
      continue
    }
    const began = performance.now()
    distances[name] = await measured(method)
    runs[name] = formatSpec(name, settingsOf(method))
    console.log(`${runs[name]}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
  }
  const all = { distances, runs }
  writeMeasured(all)
  write('docs/exact.md', pageOf(all))
}

const numbers = (values: readonly (readonly number[])[]) =>
  values.map((row) => `[${row.map((v) => Number(v.toPrecision(3))).join(', ')}]`).join(', ')

function pageOf({ distances, runs }: Measured): string {
  const names = Object.keys(problems)
  const body = Object.entries(distances).map(([name, row]) => [
    name === 'exact' ? 'exact draws' : `[${name}](methods/${name}.md)`,
    name === 'exact' ? '–' : `\`${runs[name] ?? name}\``,
    ...distanceCells(row, names),
  ])
  const why = Object.entries(distances).flatMap(([name, row]) =>
    Object.entries(row).flatMap(([problem, found]) =>
      typeof found === 'string' ? [`- ${name}, ${problem}: ${found}.`] : [],
    ),
  )
  return `# Methods against the exact posterior

Written by \`npm run docs -- --exact\`; in float64, seeded.

Where the prior is a Gaussian or a mixture, so is the posterior, and the denoiser is known exactly: what is left is the error
of the method itself. Two problems of four numbers, two of them measured, σ_y = ${sigmaY}:

- **gaussian**: N(μ, 0.4·0.8^|i−j|), A = ${numbers(problems['gaussian']?.rows ?? [])}, y = [${problems['gaussian']?.y.join(', ')}];
- **mixture**: four components of covariance 0.05·0.8^|i−j| with weights 0.4, 0.3, 0.2, 0.1, and orthonormal rows,
  A = ${numbers(problems['mixture']?.rows ?? [])}, y = [${problems['mixture']?.y.join(', ')}].

${count} samples of one measurement: of the score priors, which train a flow for each, ${count / flows} draws of ${flows} flows, those of their
last steps. Options are the methods' own, but for what the second column says.

Methods on latents restore pictures of five numbers that a decoder of orthonormal columns makes of such four, from the same
measurement of them, told no class; they are compared in the four. That of \`mpgd-ae\` is an autoencoder of the four.

- **SW**: sliced Wasserstein distance W₁ to ${count} exact draws, over ${directions} directions.
- **mean**: ‖sample mean − posterior mean‖ over the root of the posterior's total variance.
- **covariance**: ‖sample covariance − posterior covariance‖ over ‖posterior covariance‖ (Frobenius).

The first row is what ${count} exact draws come to: below it nothing is told apart. A covariance of about 1 is that of a method
that returns one point.

${table(['method', 'run', ...distanceHead(names)], body, (i) => i > 1)}
${why.length === 0 ? '' : `\n${why.join('\n')}\n`}`
}
