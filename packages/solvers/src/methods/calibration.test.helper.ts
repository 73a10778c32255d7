// Simulation-based calibration (Talts et al., arXiv 1804.06788): where x₀ is drawn from a law and y given x₀, the rank of a number of
// x₀ among draws given y is uniform on 0 … draws if and only if, as far as ranks can tell, they are draws of the posterior.
import type { Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'

/** What χ² of so many draws exceeds with a chance of 6e-7 and 4e-7, as five standard deviations on both sides: of 9 and 19 degrees of freedom. */
export const limits = { 9: 46, 19: 66 } as const

/** Each row `draws` times over, [N·draws, …]. */
export function repeated(y: Tensor, draws: number): Tensor {
  const [n = 0, ...shape] = y.shape
  const [data, size] = [y.dataSync(), y.size / n]
  const all = Array.from({ length: n }, (_, i) => Array.from(data.slice(i * size, (i + 1) * size)))
  const rows = all.flatMap((row) => Array.from({ length: draws }, () => row))
  return fromData(Float64Array.from(rows.flat()), [n * draws, ...shape], { dtype: y.dtype, device: y.device })
}

/** χ² of the ranks of each number of the truth [N, n] among its draws [N·draws, n], of mean `draws` where they are uniform. */
export function chiSquares(x: Tensor, truth: Tensor, draws: number): number[] {
  const [cases = 0, n = 0] = truth.shape
  const [all, of] = [x.dataSync(), truth.dataSync()]
  const wanted = cases / (draws + 1)
  return Array.from({ length: n }, (_, j) => {
    const counts = new Array<number>(draws + 1).fill(0)
    for (let k = 0; k < cases; k++) {
      const below = (l: number) =>
        (all[n * (k * draws + l) + j] ?? Number.NaN) < (of[n * k + j] ?? Number.NaN)
      const rank = Array.from({ length: draws }, (_, l) => below(l)).filter(Boolean).length
      counts[rank] = (counts[rank] ?? 0) + 1
    }
    const chi = counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0)
    if (process.env['SHOW']) console.log('χ²', chi)
    return chi
  })
}
