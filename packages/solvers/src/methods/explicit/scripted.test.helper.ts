// Laws of runs without drawing, of methods whose every step is affine in x and in its noise. The streams of a run are
// replaced (`vi.mock` of run/streams.ts with `scripted`) by what the helper hands out.
import type { Key, Shape, Tensor } from '@tweedie/tensor'
import { fromData, zeros } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'

/** N copies of one measurement, [N, m]. */
export const repeated = (y: readonly number[], N: number): Tensor =>
  fromData(
    Float64Array.from({ length: N * y.length }, (_, i) => y[i % y.length]!),
    [N, y.length],
    {
      dtype: 'float64',
    },
  )

let hand: ((purpose: string, shape: Shape) => Tensor) | undefined

/** The module run/streams.ts for `vi.mock`: draws as scripted where there is a script, else as they are. */
export const scripted = <
  M extends { noiseStreams: (options: never) => { normal: unknown; keys: readonly Key[] } },
>(
  original: M,
): M => ({
  ...original,
  noiseStreams: (options: never) => {
    const streams = original.noiseStreams(options)
    const script = hand
    if (script === undefined) return streams
    return {
      ...streams,
      normal: (step: number, name: string, shape: Shape) => script(`${step} ${name}`, shape),
    }
  },
})

/** The mean (a column) and covariance of what `restore` returns for a batch of `rows` equal measurements. */
export async function lawOf(
  n: number,
  restore: (rows: number) => Promise<Tensor>,
): Promise<{ mean: Matrix; covariance: Matrix }> {
  const asked: string[] = []
  const dtype = 'float64'
  const numbers = async (rows: number, script: NonNullable<typeof hand>) => {
    hand = script
    try {
      return Matrix.from1DArray(rows, n, Array.from((await restore(rows)).dataSync()))
    } finally {
      hand = undefined
    }
  }
  const mean = await numbers(1, (purpose, shape) => {
    if (!asked.includes(purpose)) asked.push(purpose)
    return zeros([1, ...shape], { dtype })
  })
  const all = await numbers(asked.length * n, (purpose, shape) => {
    const z = new Float64Array(asked.length * n * n)
    const first = asked.indexOf(purpose) * n
    for (let j = 0; j < n; j++) z[(first + j) * n + j] = 1
    return fromData(z, [asked.length * n, ...shape], { dtype })
  })
  const columns = all.subRowVector(mean.to1DArray())
  return { mean: mean.transpose(), covariance: columns.transpose().mmul(columns) }
}
