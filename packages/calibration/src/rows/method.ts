import { drive } from '@tweedie/runs'
import type { AnyMethod, GuidedStep, Settings } from '@tweedie/solvers'
import { countCalls, formatSpec, lackOf, systematicResampling } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { memory, randomKey, resetPeak, scope, TweedieError } from '@tweedie/tensor'
import type { Points } from '../points.ts'
import { pointAt, pointsOf, pointsOfTensor } from '../points.ts'
import type { Case, Draw, Drawn, Row } from '../types.ts'
import { countOperator } from './count-operator.ts'

/** What steps of methods with particles show. */
interface Shown extends GuidedStep {
  readonly logEvidence?: readonly number[]
  /** [N·K, …] each. */
  readonly particles?: { readonly x: Tensor }
  /** Normalised, [K] of each of N samples. */
  readonly weights?: readonly Float64Array[]
}

/** How N samples come about: each of a run of its own, or all of the particles of one run. */
export type SamplesAre = 'runs' | 'one run'

/** Options of {@link methodRow}. */
export interface MethodRowOptions {
  /** Of the row; that of the method where left out. */
  readonly name?: string | undefined
  /** Default 'runs'. */
  readonly samplesAre?: SamplesAre
  readonly most?: number | undefined
}

/**
 * Whether a method moves weighted particles for each of its samples, so that one run has many to give.
 * @example
 * ```ts
 * import { hasPopulation } from '@tweedie/calibration'
 * import { rlsd, tds } from '@tweedie/solvers'
 * const both = [hasPopulation(tds), hasPopulation(rlsd)]
 * both // => [true, false]
 * ```
 */
export const hasPopulation = ({ info }: AnyMethod): boolean =>
  'particles' in info.options && 'resampler' in info.options

/**
 * A method with its settings as a row of a table: a batch of runs, each of which restores one sample of the posterior.
 *
 * With `samplesAre: 'one run'`, of methods that move particles, the samples are particles of a single run, as many as
 * samples are asked for (more where the settings say so), drawn systematically by its final weights: independent of each
 * other they are not, but N of them cost N particles rather than N runs.
 *
 * @param settings - Over the method's defaults; `seed` is that of the draw.
 * @example
 * ```ts
 * import { methodRow, suites } from '@tweedie/calibration'
 * import { mcgDiff } from '@tweedie/solvers'
 * const row = methodRow(mcgDiff, { steps: 5, eta: 0.6 }, { samplesAre: 'one run' })
 * row.name // => 'mcg-diff (one run)'
 * const drawn = await row.draw(suites[0]!.problems[0]!.pose(0), { samples: 20, seed: 0 })
 * const numbers = [drawn.count, drawn.cost.nfe]
 * numbers // => [20, 5]
 * ```
 */
export function methodRow(
  method: AnyMethod,
  settings: Settings = {},
  { name = method.info.name, samplesAre = 'runs', most }: MethodRowOptions = {},
): Row {
  const suffix = samplesAre === 'one run' ? ' (one run)' : ''
  return {
    name: `${name}${suffix}`,
    kind: 'method',
    words: `${formatSpec(method.info.name, settings)}${suffix}`,
    ...(most !== undefined && { most }),
    lacks: ({ problem, prior }) => lackOf(method.info, problem, prior)?.why,
    draw: (posed, draw) => (suffix === '' ? drawRuns : drawOneRun)(method, settings, posed, draw),
  }
}

const drawRuns = (method: AnyMethod, settings: Settings, posed: Case, draw: Draw): Promise<Drawn> =>
  watched(method, settings, posed, draw, draw.samples, (x) => pointsOfTensor(x))

async function drawOneRun(method: AnyMethod, settings: Settings, posed: Case, draw: Draw): Promise<Drawn> {
  const own = Number(settings['particles'] ?? 0)
  const particles = Math.max(draw.samples, own)
  let cloud: { x: Points; weights: Float64Array } | undefined
  return watched(
    method,
    { ...settings, particles },
    posed,
    draw,
    1,
    () => {
      if (cloud === undefined)
        throw new TweedieError(`${method.info.name}: its last step shows no particles with their weights`)
      const { x, weights } = cloud
      const key = randomKey(draw.seed).fold('samples of the particles')
      const chosen = systematicResampling(key, weights, draw.samples)
      const values = new Float64Array(chosen.length * x.dimension)
      chosen.forEach((k, i) => {
        values.set(pointAt(x, k), i * x.dimension)
      })
      return pointsOf(values, x.dimension)
    },
    async ({ particles: shown, weights: [weights] = [] }) => {
      if (shown !== undefined && weights !== undefined) cloud = { x: await pointsOfTensor(shown.x), weights }
    },
  )
}

/** A run on a batch of `batch` measurements, its evaluations, memory and time taken down. */
async function watched(
  method: AnyMethod,
  settings: Settings,
  posed: Case,
  { seed, signal, onProgress }: Draw,
  batch: number,
  samplesOf: (x: Tensor) => Points | Promise<Points>,
  atLast?: (step: Shown) => Promise<void>,
): Promise<Drawn> {
  const prior = countCalls(posed.prior)
  const operator = countOperator(posed.problem.operator)
  using y = scope(() => posed.problem.y.broadcastTo([batch, ...operator.outShape]).mul(1))
  const problem = { ...posed.problem, operator, y }
  resetPeak()
  const before = memory().bytes
  const began = performance.now()
  let logEvidence: readonly number[] | undefined
  using x = await drive<Shown>(method.run(problem, prior, { ...settings, seed }), {
    signal,
    onStep: async (step) => {
      logEvidence = step.logEvidence
      if (step.i + 1 === step.steps) await atLast?.(step)
      onProgress?.((step.i + 1) / step.steps)
    },
  })
  const seconds = (performance.now() - began) / 1000
  return {
    ...(await samplesOf(x)),
    ...(logEvidence && { logEvidence }),
    cost: {
      nfe: prior.calls.total,
      vjps: prior.calls.recorded,
      operatorCalls: operator.calls.total,
      peakBytes: memory().peakBytes - before,
      seconds,
    },
  }
}
