// The law of what a run returns, without drawing, where it is affine in all that it draws, by streams or by keys. A test file that uses
// it listens to every normal draw:
//   vi.mock('@tweedie/tensor', async (original) => {
//     const { heard } = await import('./whole-law.test.helper.ts')
//     return heard(await original())
//   })
import type { Key, Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Moments } from '../../guidance/under-samplers.test.helper.ts'

type Draw = (name: string, rows: number, shape: readonly number[]) => Tensor
let draw: Draw | undefined

/** The package of tensors, whose normal draws are ours while a law is worked out. A draw is named by the key of sample 0. */
export const heard = <T extends { readonly normal: typeof import('@tweedie/tensor').normal }>(
  module: T,
): T => ({
  ...module,
  normal: ((keys, shape, options) =>
    draw === undefined || !Array.isArray(keys)
      ? module.normal(keys, shape, options)
      : draw((keys as readonly Key[])[0]!.words.join(), keys.length, shape)) as typeof module.normal,
})

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** @param restore - The numbers of a run on so many equal measurements, [rows, n]. */
export async function wholeLaw(restore: (rows: number) => Promise<Tensor>): Promise<Moments> {
  const places = new Map<string, number>()
  let total = 0
  const numbers = async (rows: number, by: Draw) => {
    draw = by
    try {
      const x = await restore(rows)
      return Matrix.from1DArray(rows, x.size / rows, Array.from(x.dataSync()))
    } finally {
      draw = undefined
    }
  }
  const mean = await numbers(1, (name, rows, shape) => {
    if (places.has(name)) throw new Error(`drawn twice: ${name}`)
    places.set(name, total)
    total += size(shape)
    return fromData(new Float64Array(rows * size(shape)), [rows, ...shape])
  })
  const all = await numbers(total, (name, rows, shape) => {
    const z = new Float64Array(rows * size(shape))
    for (let j = 0; j < size(shape); j++) z[((places.get(name) ?? Number.NaN) + j) * size(shape) + j] = 1
    return fromData(z, [rows, ...shape])
  })
  const columns = all.subRowVector(mean.to1DArray())
  return { mean: mean.transpose(), covariance: columns.transpose().mmul(columns) }
}

const root = (m: Matrix): Matrix => {
  const { realEigenvalues, eigenvectorMatrix: Q } = new EigenvalueDecomposition(m, { assumeSymmetric: true })
  return Q.mmul(Matrix.diag(realEigenvalues.map((v) => Math.sqrt(Math.max(v, 0))))).mmul(Q.transpose())
}

/** W₂ of two Gaussians. */
export function w2(a: Moments, b: Moments): number {
  const half = root(a.covariance)
  const cross = root(half.mmul(b.covariance).mmul(half)).trace()
  const moved = Matrix.sub(a.mean, b.mean).norm() ** 2
  return Math.sqrt(Math.max(0, moved + a.covariance.trace() + b.covariance.trace() - 2 * cross))
}
