// How the weight of a mode depends on the steps, where particles abound. What SMCDiff and FPS-SMC draw given a path y_T … y_0 of the
// measurement is p_θ(x₀ | y_T, …, y_0), over a mixture an integral over the one number that is hidden, carried through the steps as a
// density; mixtures.test.ts holds the methods to it. The path is drawn by the noising.
//
// Were the steps the exact reverse of the noising, every path would leave p(x₀ | y): what y_s has beside y is noise that the hidden
// number has no part in. Of a chain of n steps the density of a path is off by log-ratios of mean O(1/n²) and spread O(1/n) a step, Σ of
// them by O(1/n) and O(n^−½). So the weight given a path is off by O(n^−½) at most, and the mean over paths, which is what the
// method draws, by O(1/n): of p_θ(x₀ | y) by what it shares with the density of the path, a product of two O(n^−½).
import { fromData, normal, randomKey } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { gaussianMixturePrior } from '../../priors/index.ts'
import type { Spacing, TimePair } from '../../schedules/index.ts'
import { respace, vpLinear } from '../../schedules/index.ts'
import type { Steps } from './chain.test.helper.ts'
import { ddimOf, estimated, large, slopeOf, transitionOf } from './chain.test.helper.ts'
import { lineOf, normalAt } from './line.test.helper.ts'

const width = 0.15
const pair = { weights: [1, 2], means: [[-0.8, -1], [0.4, 1]] } // biome-ignore format: a list
const prior = gaussianMixturePrior({ ...pair, covariances: width, schedule: vpLinear() })
const { schedule } = prior
const line = lineOf(6, 0.12)
const { nodes } = line

/** x̂₀ of (measured, u) for all nodes u: of the measured number, and of the hidden one. */
function denoised(measured: number, t: number): { seen: Float64Array; hidden: Float64Array } {
  const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
  const total = alpha ** 2 * width + sigma ** 2
  const gain = (alpha * width) / total
  const [seen, hidden] = [new Float64Array(nodes.length), new Float64Array(nodes.length)]
  nodes.forEach((u, j) => {
    const parts = pair.means.map(([a = 0, b = 0], k) => {
      const [da, db] = [measured - alpha * a, u - alpha * b]
      const log = Math.log(pair.weights[k] ?? 0) - (da ** 2 + db ** 2) / (2 * total)
      return { log, seen: a + gain * da, hidden: b + gain * db }
    })
    const [p, q] = parts
    if (p === undefined || q === undefined) throw new Error('two modes')
    const right = 1 / (1 + Math.exp(p.log - q.log))
    seen[j] = (1 - right) * p.seen + right * q.seen
    hidden[j] = (1 - right) * p.hidden + right * q.hidden
  })
  return { seen, hidden }
}

/** The chance of x + ε < 0, ε ~ logistic(0.15): smooth, so that integrals over nodes are right. */
const below = (x: number) => 1 / (1 + Math.exp(x / 0.15))

/** The weight of the mode below 0 in p_θ(hidden | the path), of a path to y by its draws z_0, z_1, …. */
function shareOf(y: number, times: readonly TimePair[], kernel: Steps, z: ArrayLike<number>): number {
  const T = times[0]?.t ?? 0
  let path = schedule.alpha(T) * y + schedule.sigma(T) * (z[0] ?? 0)
  let p = nodes.map((u) => normalAt(u, 0, schedule.sigma(T) ** 2))
  for (const [i, at] of times.entries()) {
    const { seen, hidden } = denoised(path, at.t)
    const { fromX0, fromX, variance } = transitionOf(schedule, at, kernel)
    if (i === times.length - 1) {
      // The last kernel: N(x̂₀, (σ_t/α_t)²).
      const level = (schedule.sigma(at.t) / schedule.alpha(at.t)) ** 2
      p = p.map((mass, j) => mass * normalAt(y, seen[j] ?? 0, level))
      return line.mean(p, (_, j) => below(hidden[j] ?? 0)) / line.total(p)
    }
    const drawn = transitionOf(schedule, at, ddimOf(1))
    const next = drawn.fromX0 * y + drawn.fromX * path + Math.sqrt(drawn.variance) * (z[i + 1] ?? 0)
    p = p.map((mass, j) => mass * normalAt(next, fromX0 * (seen[j] ?? 0) + fromX * path, variance))
    const top = line.total(p)
    // What has no mass need not be carried.
    const held = p.map((mass) => (mass > 1e-12 * top ? mass / top : 0))
    p = line.carry(
      nodes.map((u, j) => fromX0 * (hidden[j] ?? 0) + fromX * u),
      variance,
    )(held)
    path = next
  }
  throw new Error('no steps')
}

/** That weight in p(hidden | y). */
function truthOf(y: number): number {
  const { law } = prior.law.posterior([[1, 0]], [y], 0)
  return law.components.reduce((sum, { weight, mean }) => {
    const p = nodes.map((u) => normalAt(u, mean[1] ?? 0, width))
    return sum + weight * line.mean(p, below)
  }, 0)
}

/** How far the weights of paths to y are from that, for each number of steps. */
function missed(y: number, counts: readonly number[], spacing: Spacing, kernel: Steps, paths: number) {
  const truth = truthOf(y)
  return counts.map((steps) => {
    const times = respace(schedule, steps, spacing)
    return Array.from({ length: paths }, (_, k) => {
      using z = normal(randomKey(k).fold(steps), [steps], { dtype: 'float64', device: 'reference' })
      return shareOf(y, times, kernel, z.dataSync()) - truth
    })
  })
}

it('the denoiser is that of the prior', () => {
  const xs = fromData(Float64Array.from([...nodes].flatMap((u) => [0.4, u])), [nodes.length, 2])
  const found = denoised(0.4, 300)
  prior
    .denoise(xs, 300)
    .dataSync()
    .forEach((value, k) => {
      expect(value).toBeCloseTo((k % 2 ? found.hidden : found.seen)[k >> 1] ?? Number.NaN, 10)
    })
})

it('SMCDiff: off by what falls as one over the steps', () => {
  const counts = [20, 40, 80]
  const off = missed(0.25, counts, 'guided', large, 16).map(estimated)
  const slope = slopeOf(
    counts,
    off.map(({ mean }) => Math.abs(mean)),
  )
  // Standard errors of the logarithms of the outer two, over the logarithm of what is between them.
  const error = Math.hypot(...[off[0], off[2]].map((o) => (o ? o.error / o.mean : 1))) / Math.log(4)
  if (process.env['SHOW']) console.log('SMCDiff', slope, error, off)
  // −1.08 ± 0.06; 0.1 for the next order in 1/n.
  expect(error).toBeLessThan(0.1)
  expect(Math.abs(slope + 1)).toBeLessThan(5 * error + 0.1)
})

it('FPS-SMC without noise: of a path off by what falls as the root of the steps or sooner', () => {
  const counts = [20, 40, 80]
  const each = missed(-0.2, counts, 'quadratic', ddimOf(1), 32)
  const off = each.map((of) => Math.sqrt(estimated(of.map((o) => o ** 2)).mean))
  const slope = slopeOf(counts, off)
  if (process.env['SHOW']) console.log('FPS-SMC', slope, off, each.map(estimated))
  // −1.15; of 32 paths its standard error is √2/(8·ln 4) = 0.13.
  expect(slope).toBeLessThan(-0.5)
  expect(off.at(-1)).toBeLessThan(0.1)
})
