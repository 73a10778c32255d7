import type { Judged, Points } from '@tweedie/calibration'
import { drawKeys, mixturePosterior, pointsOf, slicedWasserstein } from '@tweedie/calibration'
import { systematicResampling } from '@tweedie/solvers'
import { normal, randomKey, scope } from '@tweedie/tensor'
import type { Law } from '../law.ts'
import { densityOf, momentsOf, noised, posterior } from '../law.ts'
import type { PlaneProblem } from './problem.ts'
import { posed } from './problem.ts'

/** How far particles are from the exact law at their time. */
export interface Numbers {
  /** Sliced Wasserstein distance to as many exact draws, and what exact draws themselves have. */
  readonly sw: number
  readonly floor: number
  /** The part of the particles in the region of highest density that holds nine tenths of the exact law. */
  readonly coverage: number
  /** The total variance of the particles over that of the exact law. */
  readonly spread: number
  /** Parts of the particles, and of exact draws, nearest to each component. */
  readonly occupancy: readonly number[]
  readonly exactOccupancy: readonly number[]
}

/** What is asked of them. */
export interface NumbersRequest {
  readonly plane: PlaneProblem
  /** [N, 2]. */
  readonly x: Float32Array
  readonly alpha: number
  readonly sigma: number
  readonly weights?: Float32Array
}

/** Exact draws of p(x₀ | y), twice as many as asked for, and noise for each: of the last problem. */
interface Exact {
  readonly key: string
  readonly clean: Float64Array
  readonly noise: Float64Array
}
let latest: Exact | undefined

async function exactDraws(plane: PlaneProblem, count: number): Promise<Exact> {
  const key = JSON.stringify([plane, count])
  if (latest?.key === key) return latest
  const { prior, problem } = await posed(plane)
  const found = prior.law.posterior(problem.operator, [plane.stripe.offset], plane.stripe.sigma)
  const clean = mixturePosterior(found).sample(drawKeys(0, 'plane', 2 * count)).values
  const noise = scope(() =>
    Float64Array.from(normal(randomKey(0).fold('plane noise'), [2 * count, 2]).dataSync(), Number),
  )
  latest = { key, clean, noise }
  return latest
}

/** Forgets the draws of the last problem. */
export function forgetDraws(): void {
  latest = undefined
}

/** Half of the exact draws at a level of noise. */
function drawsAt({ clean, noise }: Exact, alpha: number, sigma: number, half: 0 | 1): Points {
  const n = clean.length / 2
  const values = clean.slice(half * n, (half + 1) * n)
  for (let i = 0; i < n; i++) values[i] = alpha * (values[i] ?? 0) + sigma * (noise[half * n + i] ?? 0)
  return pointsOf(values, 2)
}

/** The particles, each once; of weighted ones as many drawn by their weights. */
function particles({ x, weights }: NumbersRequest): Points {
  const all = pointsOf(Float64Array.from(x), 2)
  if (weights === undefined) return all
  const key = randomKey(0).fold('plane particles')
  const chosen = systematicResampling(key, Float64Array.from(weights), all.count)
  const values = new Float64Array(all.values.length)
  chosen.forEach((k, i) => {
    values.set(all.values.subarray(2 * k, 2 * k + 2), 2 * i)
  })
  return pointsOf(values, 2)
}

const eachOf = <T>({ values, count }: Points, f: (x: number, y: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => f(values[2 * i] ?? 0, values[2 * i + 1] ?? 0))

function occupancyOf(points: Points, law: Law): number[] {
  const { nearest } = densityOf(law)
  const counts = law.map(() => 0)
  for (const k of eachOf(points, nearest)) counts[k] = (counts[k] ?? 0) + 1 / points.count
  return counts
}

/** Σ of the variances of both coordinates. */
function varianceOf(points: Points): number {
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length
  return [eachOf(points, (x) => x), eachOf(points, (_, y) => y)].reduce((sum, list) => {
    const centre = mean(list)
    return sum + mean(list.map((v) => (v - centre) ** 2))
  }, 0)
}

/** The numbers of particles that should follow p(x_t | y), where x_t = α·x₀ + σ·ε. */
export async function numbersOf(request: NumbersRequest): Promise<Numbers> {
  const { plane, x, alpha, sigma } = request
  const exact = await exactDraws(plane, x.length / 2)
  const law = noised(posterior(plane.law, plane.stripe).law, alpha, sigma)
  const [draws, others] = [drawsAt(exact, alpha, sigma, 0), drawsAt(exact, alpha, sigma, 1)]
  const own = particles(request)
  const distance = (points: Points) => slicedWasserstein.of(points, { draws } as Judged)[0] ?? Number.NaN
  const density = densityOf(law)
  const logs = eachOf(others, density.log).toSorted((a, b) => a - b)
  const threshold = logs[Math.floor(logs.length / 10)] ?? -Infinity
  const inside = eachOf(own, density.log).filter((log) => log >= threshold).length
  const { xx, yy } = momentsOf(law)
  return {
    sw: distance(own),
    floor: distance(others),
    coverage: inside / own.count,
    spread: varianceOf(own) / (xx + yy),
    occupancy: occupancyOf(own, law),
    exactOccupancy: occupancyOf(draws, law),
  }
}
