// The law of a run under a Gaussian prior, worked out without sampling: every step is affine in x and its draws, so mean and
// variance follow from a batch of probes, one for each draw.
import type { Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import type { TimePair } from '../schedules/index.ts'
import type { Prior } from '../types.ts'
import type { Sampler } from './index.ts'
import { walk } from './path.test.helper.ts'

/** Numbers as a batch of samples of one element. */
export const column = (values: ArrayLike<number>): Tensor =>
  fromData(Float64Array.from(values), [values.length, 1], { dtype: 'float64' })

export interface Law {
  readonly mean: number
  readonly variance: number
}

/** The law of x at the end of a path, from that at its start. */
export function lawAfter(sampler: Sampler, prior: Prior, times: readonly TimePair[], start: Law): Law {
  const draws = new Map<string, number>()
  const run = (x: Tensor, z: (name: string) => Tensor) => {
    const path = walk({ sampler, prior, times, x, z: (i, purpose) => z(`${i} ${purpose}`) })
    return Array.from(path.at(-1)!.dataSync())
  }
  run(column([0]), (name) => {
    draws.set(name, draws.get(name) ?? draws.size)
    return column([0])
  })
  // Row 0 is all zeros, row 1 has x = 1, row 2 + k has the k-th draw 1.
  const rows = 2 + draws.size
  const probe = (k: number) => column(Float64Array.from({ length: rows }, (_, row) => (row === k ? 1 : 0)))
  const [offset = 0, ...ends] = run(probe(1), (name) => probe(2 + (draws.get(name) ?? 0)))
  const [gain = 0, ...noises] = ends.map((end) => end - offset)
  return {
    mean: offset + gain * start.mean,
    variance: gain ** 2 * start.variance + noises.reduce((total, a) => total + a * a, 0),
  }
}
