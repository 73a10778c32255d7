// Methods of sequential Monte Carlo once more in plain numbers: one sample, each particle of every step followed.
import type { Tensor } from '@tweedie/tensor'
import { expect } from 'vitest'
import type { ResamplerName, SmcShown } from '../../particles/index.ts'
import { resamplers } from '../../particles/index.ts'
import type { TimePair } from '../../schedules/index.ts'
import type { GuidedStep } from '../../types.ts'
import type { Rows, Vector } from '../written-out.test.helper.ts'
import { evaluate, length, plus, times } from '../written-out.test.helper.ts'
import { A, close, list, n, network, streams, y } from '../written-out-problem.test.helper.ts'

/** A step in which a particle finds itself. */
export interface At {
  readonly i: number
  readonly t: number
  readonly s: number
  readonly last: boolean
}

/** What the method does, in plain numbers. */
export interface Says {
  /** The particles x_T, and their log-weights, or one for all. */
  start(): { readonly xs: readonly Vector[]; readonly log: number | Vector }
  /** All particles of a step with x̂₀ and the weights that they come with, before each is asked. */
  all?(xs: readonly Vector[], x0s: readonly Vector[], weights: Vector, at: At): void
  /** Whether no ancestors are drawn in a step, whatever the weights. */
  keeps?(at: At): boolean
  /** log of the potential at x_t. */
  weigh(x: Vector, x0: Vector, at: At): number
  /** x_s of an ancestor by the draw of its place among the particles, 0 in the last step, and the log of what the move weighs. */
  move(x: Vector, x0: Vector, z: Vector, at: At, place: number): { readonly x: Vector; readonly log: number }
}

/** The draws of all particles in a step. */
export const drawnAll = (i: number, name: string, K: number): number[][] => {
  const z = list(streams.normal(i, name, [K, n]))
  return Array.from({ length: K }, (_, k) => z.slice(k * n, (k + 1) * n))
}
export const logNormalOf = (value: number, mean: number, variance: number): number =>
  -((value - mean) ** 2) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2
const sum = (v: Vector) => v.reduce((a, b) => a + b, 0)

/** Runs a method and holds all that each step shows to `says`, to 1e-9; ancestors to the resampler on our weights. */
export async function followParticles(
  steps: AsyncGenerator<GuidedStep & SmcShown<{ x: Tensor }>, Tensor>,
  { times: path, particles: K, resampler, threshold }: {
    readonly times: readonly TimePair[]
    readonly particles: number
    readonly resampler: ResamplerName
    readonly threshold: number
  }, // biome-ignore format: one line
  says: Says,
  matrix: Rows = A,
): Promise<{ resampled: number }> {
  const { xs, log } = says.start()
  let particles = xs
  let logs: number[] = typeof log === 'number' ? xs.map(() => log) : [...log]
  let banked = 0
  let [seen, resampled] = [0, 0]
  const normalised = (of: Vector) => {
    const top = Math.max(...of)
    const total = sum(of.map((l) => Math.exp(l - top)))
    return { weights: of.map((l) => Math.exp(l - top) / total), logMean: top + Math.log(total / K) }
  }
  const sizeOf = (weights: Vector) => 1 / sum(weights.map((w) => w * w))
  for await (const step of steps) {
    const { i } = step
    const last = i === path.length - 1
    const at = { ...path[i]!, i, last }
    const x0s = particles.map((x) => evaluate(network, x, at.t))
    says.all?.(particles, x0s, normalised(logs).weights, at)
    logs = logs.map((l, k) => l + says.weigh(particles[k]!, x0s[k]!, at))
    const before = normalised(logs)
    const ess = sizeOf(before.weights)
    const draws = says.keeps?.(at) !== true && ess < threshold * K
    const ancestors = draws
      ? Array.from(resamplers[resampler](streams.keysOf(i, 'resample')[0]!, before.weights, K))
      : particles.map((_, k) => k)
    expect(Array.from(step.ancestors[0]!), `ancestors of step ${i}`).toEqual(ancestors)
    const parents = normalised(draws ? logs.map(() => 0) : logs).weights
    if (draws) {
      resampled++
      banked += before.logMean
      logs = logs.map(() => 0)
    } else logs = ancestors.map((k) => logs[k]!)
    const z = last ? particles.map(() => new Array<number>(n).fill(0)) : drawnAll(i, 'step', K)
    const moved = ancestors.map((k, j) => says.move(particles[k]!, x0s[k]!, z[j]!, at, j))
    logs = logs.map((l, j) => l + moved[j]!.log)
    particles = moved.map(({ x }) => x)
    const now = normalised(logs)
    const shown = last ? now.weights : parents
    const picked = resamplers.multinomial(streams.keysOf(i, 'pick')[0]!, shown, 1)[0]!
    close(step.particles.x.dataSync(), particles.flat(), `particles of step ${i}`)
    close(step.weights[0]!, shown, `weights of step ${i}`)
    close(step.ess, [last ? sizeOf(now.weights) : ess], `ess of step ${i}`)
    close(
      step.logEvidence,
      [last ? banked + now.logMean : draws ? banked : banked + before.logMean],
      `evidence of step ${i}`,
    )
    close(list(step.x), particles[picked]!, `x of step ${i}`)
    const parent = x0s[ancestors[picked]!]!
    close(list(step.x0hat), parent, `x̂₀ of step ${i}`)
    close(step.residual, [length(plus([1, y], [-1, times(matrix, parent)]))], `residual of step ${i}`)
    seen++
  }
  expect(seen).toBe(path.length)
  return { resampled }
}
