// The law of what a method returns, without drawing, where every step of it is affine in x and in its noise.
// A test file that uses it listens to the streams of runs:
//   vi.mock('../../run/streams.ts', async (original) => {
//     const { probed } = await import('../law-of-method.test.helper.ts')
//     return probed(await original())
//   })
import type { Tensor } from '@tweedie/tensor'
import { eye, fromData, zeros } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Moments } from '../guidance/under-samplers.test.helper.ts'
import type { noiseStreams } from '../run/index.ts'
import type { Checkpoint, Step } from '../types.ts'

const float64 = { dtype: 'float64' } as const
type Streams = { readonly noiseStreams: typeof noiseStreams }
type Draw = (purpose: string, rows: number, n: number) => Tensor
let draw: Draw | undefined

/** The module of random streams, whose normal draws are ours while a law is worked out. */
export const probed = ({ noiseStreams }: Streams): Streams => ({
  noiseStreams: (options) => {
    const streams = noiseStreams(options)
    const normal: typeof streams.normal = (step, name, shape) =>
      draw?.(
        `${step} ${name}`,
        options.count,
        shape.reduce((a, b) => a * b, 1),
      ).reshape([options.count, ...shape]) ?? streams.normal(step, name, shape)
    return { ...streams, normal }
  },
})

/** A run of a batch of `count`, of one measurement; its state is x alone. */
export type RunOf = (count: number, resume?: Checkpoint) => AsyncGenerator<Step, Tensor>

/** x after one step, from a batch or from the start, with the noise of `by`: rows of numbers. */
async function after(steps: AsyncGenerator<Step, Tensor>, by: Draw) {
  draw = by
  try {
    const { value, done } = await steps.next()
    if (done === true) throw new Error('no step')
    const x = value.x.reshape([value.x.shape[0] ?? 0, -1])
    return { x: Matrix.from1DArray(x.shape[0]!, x.shape[1]!, Array.from(x.dataSync())), steps: value.steps }
  } finally {
    draw = undefined
    await steps.return(zeros([1]))
  }
}

/** Each coordinate of each draw alone, a row each: purpose after purpose. */
const unitDraw =
  (purposes: readonly string[], n: number): Draw =>
  (purpose, rows) => {
    const z = new Float64Array(rows * n)
    for (let j = 0; j < n; j++) z[(purposes.indexOf(purpose) * n + j) * n + j] = 1
    return fromData(z, [rows, n], float64)
  }

/** Mean and covariance after each step of a run of n numbers, in `shape`. */
export async function lawsOfMethod(run: RunOf, shape: readonly number[]): Promise<Moments[]> {
  const n = shape.reduce((a, b) => a * b, 1)
  const laws: Moments[] = []
  let count = 1
  for (let i = 0; i < count; i++) {
    const asked: string[] = []
    const silent: Draw = (purpose, rows) => {
      asked.push(purpose)
      return zeros([rows, n], float64)
    }
    const from = (x: Tensor) =>
      run(x.shape[0]!, { next: i, state: { x: x.reshape([x.shape[0]!, ...shape]) } })
    const before = laws.at(-1)
    // Rows: f, then f plus a column of F each; from the start there is no x.
    const starts = fromData(
      [...new Array<number>(n).fill(0), ...eye(n, float64).dataSync()],
      [1 + n, n],
      float64,
    )
    const affine = await after(before === undefined ? run(1) : from(starts), silent)
    count = affine.steps
    const f = affine.x.getRow(0)
    const purposes = [...new Set(asked)]
    if (purposes.length < asked.length) throw new Error(`drawn twice: ${asked.join(', ')}`)
    const rows = purposes.length * n
    let covariance = Matrix.zeros(n, n)
    if (rows > 0) {
      const start = before === undefined ? run(rows) : from(zeros([rows, n], float64))
      const G = (await after(start, unitDraw(purposes, n))).x.subRowVector(f)
      covariance = G.transpose().mmul(G)
    }
    let mean = Matrix.columnVector(f)
    if (before !== undefined) {
      const F = affine.x
        .subMatrix(1, n, 0, n - 1)
        .subRowVector(f)
        .transpose()
      mean = F.mmul(before.mean).add(mean)
      covariance = F.mmul(before.covariance).mmul(F.transpose()).add(covariance)
    }
    laws.push({ mean, covariance })
  }
  return laws
}

/** The law of what a run returns. */
export const lawOfMethod = async (run: RunOf, shape: readonly number[]): Promise<Moments> =>
  (await lawsOfMethod(run, shape)).at(-1)!

/** N copies of one measurement, [N, m]. */
export const repeated = (y: readonly number[], N: number): Tensor =>
  fromData(
    Float64Array.from({ length: N * y.length }, (_, i) => y[i % y.length]!),
    [N, y.length],
    float64,
  )

/**
 * The law of what `restore` returns for a batch of `rows` equal measurements of n numbers each: the same as
 * {@link lawOfMethod}, in two whole runs, for methods whose state is more than x.
 */
export async function lawOf(n: number, restore: (rows: number) => Promise<Tensor>): Promise<Moments> {
  const asked: string[] = []
  const numbers = async (rows: number, by: Draw) => {
    draw = by
    try {
      return Matrix.from1DArray(rows, n, Array.from((await restore(rows)).dataSync()))
    } finally {
      draw = undefined
    }
  }
  const mean = await numbers(1, (purpose, rows) => {
    if (!asked.includes(purpose)) asked.push(purpose)
    return zeros([rows, n], float64)
  })
  const all = await numbers(asked.length * n, unitDraw(asked, n))
  const columns = all.subRowVector(mean.to1DArray())
  return { mean: mean.transpose(), covariance: columns.transpose().mmul(columns) }
}
