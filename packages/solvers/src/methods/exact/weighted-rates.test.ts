// Weighted diffusions with as many particles as there are: on a line their law is a density at nodes, which a step weighs where
// it stands and carries by the means of the method itself. What is left of the steps falls as one over their number, for any drift.
import type { Tensor } from '@tweedie/tensor'
import { fromData, sin, tensor, zeros } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import type { DriftControl, WeightedOptions } from '../../particles/index.ts'
import { weightedDiffusion } from '../../particles/index.ts'
import { gaussianMixturePrior } from '../../priors/index.ts'
import { noiseStreams } from '../../run/index.ts'
import { ve, vpLinear } from '../../schedules/index.ts'
import type { Fitted, Schedule } from '../../types.ts'
import { rewardProblem } from '../index.ts'
import { slopeOf } from './chain.test.helper.ts'
import type { Density } from './line.test.helper.ts'
import { lineOf } from './line.test.helper.ts'

const modes = { weights: [1, 2], means: [[-0.7], [0.7]] } as const
const [v, y, sigmaY] = [0.2, 0.3, 0.7]
const priorOn = (schedule: Schedule, more = 0) =>
  gaussianMixturePrior({ ...modes, covariances: v + more, schedule })
const white = gaussianNoise(sigmaY)
if (white.likelihood === undefined) throw new Error('no likelihood')
type Posed = Fitted<'likelihood'>
const measured: Posed = {
  operator: matrixOperator(tensor([[0.9]], { dtype: 'float64' })),
  noise: { ...white, likelihood: white.likelihood },
  y: tensor([[y]], { dtype: 'float64' }),
}
/** A reward that is no measurement. */
const reward = (x: Tensor) => sin(x.mul(2)).sum(1)
const rewarded: Posed = rewardProblem(priorOn(ve()), reward, { dtype: 'float64' })

const line = lineOf(8, 0.125)
const nodes = fromData(line.nodes, [line.nodes.length, 1])
const defaults: WeightedOptions = {
  ...{ c: 0.5, anneal: 'auto', gamma: 1, guidance: 'auto', weigh: 'potential', trace: 'exact', probes: 1 },
}

/** What the particles say: log p(y), the mean and the variance. */
function said(
  problem: Posed,
  schedule: Schedule,
  steps: number,
  options: Partial<WeightedOptions>,
  control?: DriftControl,
) {
  const prior = priorOn(schedule)
  const level = (t: number) => schedule.sigma(t) / schedule.alpha(t)
  // EDM's levels, from one whose law the line holds.
  const levels = Array.from({ length: steps }, (_, i) => 1.5 * (1 - i / steps) ** 7)
  const ts = levels.map((one) => schedule.timeOfNoiseLevel(one))
  const times = ts.map((t, i) => ({ t, s: ts[i + 1] ?? schedule.clean }))
  const streams = noiseStreams({ count: 1, dtype: 'float64' })
  const K = line.nodes.length
  const run = {
    ...{ problem, prior, times, start: ts[0] ?? 0, keys: streams.keysOf, z: streams.normal },
    options: { particles: K, resampler: 'systematic', threshold: 0 } as const,
  }
  const moves = weightedDiffusion(run, { ...defaults, ...options }, control)
  const noised = priorOn(schedule, level(ts[0] ?? 0) ** 2).law
  const first =
    problem === measured && options.anneal !== 'linear'
      ? sigmaY ** 2 / (sigmaY ** 2 + (options.gamma ?? 1) ** 2 * 0.81 * level(ts[0] ?? 0) ** 2)
      : 0
  const r = problem.noise.likelihood
    .log(problem.y.broadcastTo([K, 1]), problem.operator.forward(nodes))
    .dataSync()
  let p: Density = line.nodes.map((x, j) => Math.exp(noised.logDensity([x]) + first * (r[j] ?? 0)))
  let log = 0
  const reweigh = (by: Tensor) => {
    const w = by.dataSync()
    p = p.map((q, j) => (q > 1e-250 ? q * Math.exp(w[j] ?? 0) : 0))
    const total = line.total(p)
    log += Math.log(total)
    p = p.map((q) => q / total)
  }
  let values = line.nodes
  times.forEach((at, i) => {
    const weights = {
      logWeights: fromData(
        p.map((q) => Math.log(Math.max(q, 0))),
        [1, K],
      ),
      logEvidence: zeros([1], { dtype: 'float64' }),
    }
    const { logWeight, found } = moves.weigh({ x: nodes.mul(schedule.alpha(at.t)) }, {}, at, i, weights)
    reweigh(logWeight)
    if (i < times.length - 1) {
      p = line.carry(found.mean.dataSync(), level(at.t) ** 2 - level(at.s) ** 2)(p)
      return
    }
    const moved = moves.move(found, {}, at, i)
    if (moved.logWeight) reweigh(moved.logWeight)
    values = Float64Array.from(moved.particles.x.dataSync())
  })
  const average = (f: (x: number) => number) => line.mean(p, (_, j) => f(values[j] ?? 0)) / line.total(p)
  const mean = average((x) => x)
  return { log, mean, variance: average((x) => (x - mean) ** 2) }
}

/** The same of the law that they tend to, integrated. */
function exactly(problem: Posed) {
  const law = priorOn(ve()).law
  const fine = lineOf(6, 0.05)
  const x = fromData(fine.nodes, [fine.nodes.length, 1])
  const r = problem.noise.likelihood
    .log(problem.y.broadcastTo(x.shape), problem.operator.forward(x))
    .dataSync()
  const p = fine.nodes.map((at, j) => Math.exp(law.logDensity([at]) + (r[j] ?? 0)))
  const total = fine.total(p)
  const mean = fine.mean(p, (at) => at) / total
  return { log: Math.log(total), mean, variance: fine.mean(p, (at) => (at - mean) ** 2) / total }
}

const all = ['reward', 'score', 'position'] as const
it.each([
  ['c = 0', measured, { c: 0 }, undefined],
  ['c = ½', measured, {}, undefined],
  ['c = ½, VP', measured, {}, undefined, vpLinear()],
  ['c = 1', measured, { c: 1 }, undefined],
  ['β = 1', measured, { c: 0.3, gamma: 0 }, undefined],
  ['β of the steps, explicit', measured, { c: 1, anneal: 'linear', guidance: 'explicit' }, undefined],
  ['VCG', measured, {}, { by: 'variance', basis: all }],
  ['VCG of the score', measured, { c: 0 }, { by: 'variance', basis: ['score'] }],
  ['ECG', measured, {}, { by: 'energy', basis: ['reward', 'position'] }],
  ['a reward, c = 1', rewarded, { c: 1 }, undefined],
  ['a reward, VCG', rewarded, { c: 0 }, { by: 'variance', basis: ['reward'] }],
] satisfies [string, Posed, Partial<WeightedOptions>, DriftControl | undefined, Schedule?][])(
  'tends to the posterior and its evidence as one over the steps: %s',
  (_, problem, options, control, schedule: Schedule = ve({ sigmaMax: 3 })) => {
    const exact = exactly(problem)
    const counts = [40, 80, 160]
    const found = counts.map((steps) => said(problem, schedule, steps, options, control))
    const off = found.map((one) =>
      Math.hypot(one.log - exact.log, one.mean - exact.mean, one.variance - exact.variance),
    )
    if (process.env['SHOW'])
      console.log(_, slopeOf(counts, off).toFixed(3), off.map((o) => o.toPrecision(3)).join(' '))
    expect(Math.abs(slopeOf(counts, off) + 1)).toBeLessThan(0.25)
    expect(off.at(-1)).toBeLessThan(0.15)
  },
)
