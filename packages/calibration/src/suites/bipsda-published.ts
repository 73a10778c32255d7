import type { Published } from '../types.ts'

/** What is known of a row, metric by metric. */
interface Known {
  readonly mean?: number
  readonly variance?: number
  readonly cmd?: number
  readonly mmd?: number
}

const metrics = [
  ['mean', 'mean-error'],
  ['variance', 'variance-error'],
  ['cmd', 'cmd'],
  ['mmd', 'mmd'],
] as const

const numbers = (
  problem: string,
  rows: Readonly<Record<string, Known>>,
  from: Pick<Published, 'provenance' | 'source'>,
): Published[] =>
  Object.entries(rows).flatMap(([row, known]) =>
    metrics.flatMap(([key, metric]) => {
      const value = known[key]
      return value === undefined ? [] : [{ problem, row, metric, value, ...from }]
    }),
  )

const digest = {
  provenance: 'second hand',
  source: "arXiv 2503.03007 by a third party's summary: 100 trials of 10,000 samples, a learned score",
} as const

const rerun = {
  provenance: 'rerun by us',
  source: 'numpy with the exact score: 8 trials of 4000 samples, Langevin 2 trials; Q and y of another seed',
} as const

/** Numbers of others on these problems; Lang-ODE is DAPS, `exact` two sets of exact samples. */
export const bipsdaPublished: readonly Published[] = [
  ...numbers(
    'inpainting-low',
    {
      'rto-tu': { variance: 0.06, cmd: 0.01, mmd: 0.001 },
      'map-tu': { variance: 0.95 },
      daps: { variance: 0.11 },
      exact: { variance: 0.03, cmd: 0.01, mmd: 0.001 },
    },
    digest,
  ),
  ...numbers(
    'inpainting-low',
    {
      'rto-tu': { mean: 0.029, variance: 0.06 },
      'map-tu': { mean: 0.031, variance: 0.885 },
      'rto-ode': { mean: 0.038, variance: 1.01 },
      'map-ode': { mean: 0.037, variance: 0.43 },
      exact: { mean: 0.033, variance: 0.03 },
    },
    rerun,
  ),
  ...numbers(
    'inpainting-high',
    {
      'rto-tu': { mean: 1, variance: 4.05, mmd: 0.013 },
      'map-tu': { mean: 0.26, variance: 1.41, mmd: 0.128 },
      'lang (which is not said)': { mean: 10.6, variance: 44, cmd: 3.1 },
      exact: { mean: 0.068, variance: 0.22 },
    },
    digest,
  ),
  ...numbers(
    'inpainting-high',
    {
      'rto-tu': { mean: 1.24, variance: 4.55 },
      'map-tu': { mean: 0.4, variance: 1.31 },
      'rto-ode': { mean: 1.15, variance: 5.71 },
      'map-ode': { mean: 0.59, variance: 1.03 },
      'lang-tu': { mean: 3.4, variance: 36.6 },
      exact: { mean: 0.129, variance: 0.335 },
    },
    rerun,
  ),
  ...numbers(
    'x-ray',
    {
      'rto-tu': { variance: 0.19, cmd: 0.04, mmd: 0.003 },
      'map-tu': { variance: 1.67 },
      'lang-tu': { variance: 0.25 },
      exact: { variance: 0.07 },
    },
    digest,
  ),
  ...numbers(
    'phase-retrieval',
    {
      'rto-tu': { variance: 5.98 },
      'map-tu': { variance: 5.63 },
      'lang (which is not said)': { variance: 5.73 },
      'lang-tc': { variance: 4.01 },
      exact: { mean: 0.24, variance: 0.79 },
    },
    digest,
  ),
]
