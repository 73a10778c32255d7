// The law of one step of a method, without drawing, where it is affine in x and in all that it draws: those of inner chains,
// which draw by keys, as well. A test file that uses it listens to every normal draw:
//   vi.mock('@tweedie/tensor', async (original) => {
//     const { listening } = await import('../affine-step.test.helper.ts')
//     return listening(await original())
//   })
import type { Key, Tensor } from '@tweedie/tensor'
import { eye, fromData, zeros } from '@tweedie/tensor'
import { inverse, Matrix, solve } from 'ml-matrix'
import type { Moments } from '../guidance/under-samplers.test.helper.ts'
import type { Checkpoint, StateTree, Step } from '../types.ts'

const float64 = { dtype: 'float64' } as const
type Draw = (name: string, rows: number, shape: readonly number[]) => Tensor
let draw: Draw | undefined

/** The package of tensors, whose normal draws are ours while a law is worked out. A draw is named by the key of sample 0. */
export const listening = <T extends { readonly normal: typeof import('@tweedie/tensor').normal }>(
  module: T,
): T => ({
  ...module,
  normal: ((keys, shape, options) =>
    draw === undefined || !Array.isArray(keys)
      ? module.normal(keys, shape, options)
      : draw((keys as readonly Key[])[0]!.words.join(), keys.length, shape)) as typeof module.normal,
})

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** x' = F·x + f + noise of covariance Q. */
export interface AffineStep {
  readonly F: Matrix
  readonly f: Matrix
  readonly Q: Matrix
}

/** A run of a batch of `count` of one measurement, from a checkpoint. */
export type RunFrom<S extends Step> = (count: number, resume: Checkpoint) => AsyncGenerator<S, Tensor>

/**
 * What step i of a run makes of x, of n numbers.
 *
 * @param read - What of it is asked for, x where left out.
 * @param state - The state of which x is a part.
 */
export async function affineStep<S extends Step>(
  run: RunFrom<S>,
  i: number,
  n: number,
  read: (step: S) => Tensor = ({ x }) => x,
  state: (x: Tensor) => StateTree = (x) => ({ x }),
): Promise<AffineStep> {
  const after = async (x: Tensor, by: Draw) => {
    const rows = x.shape[0]!
    draw = by
    const steps = run(rows, { next: i, state: state(x) })
    try {
      const { value, done } = await steps.next()
      if (done === true) throw new Error('no step')
      const out = read(value)
      return Matrix.from1DArray(rows, out.size / rows, Array.from(out.dataSync()))
    } finally {
      draw = undefined
      await steps.return(zeros([1]))
    }
  }
  const offsets = new Map<string, number>()
  let total = 0
  const starts = fromData(
    [...new Array<number>(n).fill(0), ...eye(n, float64).dataSync()],
    [1 + n, n],
    float64,
  )
  const still = await after(starts, (name, rows, shape) => {
    if (offsets.has(name)) throw new Error(`drawn twice: ${name}`)
    offsets.set(name, total)
    total += size(shape)
    return zeros([rows, ...shape], float64)
  })
  const f = still.getRow(0)
  const F = still
    .subMatrix(1, n, 0, still.columns - 1)
    .subRowVector(f)
    .transpose()
  let Q = Matrix.zeros(f.length, f.length)
  if (total > 0) {
    const G = await after(zeros([total, n], float64), (name, rows, shape) => {
      const z = new Float64Array(rows * size(shape))
      for (let j = 0; j < size(shape); j++) z[((offsets.get(name) ?? Number.NaN) + j) * size(shape) + j] = 1
      return fromData(z, [rows, ...shape], float64)
    })
    G.subRowVector(f)
    Q = G.transpose().mmul(G)
  }
  return { F, f: Matrix.columnVector(f), Q }
}

/** The law that x' = F·x + f + noise settles at: Σ = F Σ Fᵀ + Q. */
export function stationary({ F, f, Q }: AffineStep): Moments {
  const n = F.rows
  const mean = solve(Matrix.sub(Matrix.eye(n), F), f)
  const vec = solve(Matrix.sub(Matrix.eye(n * n), F.kroneckerProduct(F)), Matrix.columnVector(Q.to1DArray()))
  return { mean, covariance: Matrix.from1DArray(n, n, vec.to1DArray()) }
}

/** The law after the step. */
export const stepped = ({ F, f, Q }: AffineStep, { mean, covariance }: Moments): Moments => ({
  mean: F.mmul(mean).add(f),
  covariance: F.mmul(covariance).mmul(F.transpose()).add(Q),
})

/** The slope of log error against log x, by least squares. */
export function slope(errors: readonly number[], x: readonly number[]): number {
  const [u, v] = [x.map(Math.log), errors.map(Math.log)]
  const average = (w: readonly number[]) => w.reduce((a, b) => a + b, 0) / w.length
  const [mu, mv] = [average(u), average(v)]
  return average(u.map((a, k) => (a - mu) * (v[k]! - mv))) / average(u.map((a) => (a - mu) ** 2))
}

/** (C⁻¹ + H)⁻¹ and the mean that goes with it, for H = AᵀR⁻¹A and b = AᵀR⁻¹y. */
export function gaussianPosterior(mu: Matrix, C: Matrix, H: Matrix, b: Matrix): Moments {
  const precision = Matrix.add(inverse(C), H)
  const covariance = inverse(precision)
  return { mean: covariance.mmul(inverse(C).mmul(mu).add(b)), covariance }
}

/** Largest difference of two matrices. */
export const apart = (a: Matrix, b: Matrix): number => Matrix.sub(a, b).abs().max()
