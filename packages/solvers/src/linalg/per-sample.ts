import type { DType, Tensor } from '@tweedie/tensor'
import { fromData, mul, scope, sum, where } from '@tweedie/tensor'

/** N of a batch [N, …]; 0 where there is no axis. */
export const batchOf = ({ shape: [n = 0] }: Tensor): number => n

/** How many elements a sample of a batch [N, …] has. */
export const sampleSize = (x: Tensor): number => x.size / Math.max(batchOf(x), 1)

/** Σ x over each sample of a batch [N, …], [N]. */
export function sumPerSample(x: Tensor): Tensor {
  const axes = x.shape.slice(1).map((_, i) => i + 1)
  return axes.length === 0 ? x : sum(x, axes)
}

/** ⟨a, b⟩ of each sample, on the host. */
export const dots = (a: Tensor, b: Tensor): number[] =>
  scope(() => Array.from(sumPerSample(mul(a, b)).dataSync()))

/** One number per sample as a tensor [N, 1, …] that meets x. */
export const perSample = (values: readonly number[], like: Tensor, dtype: DType = like.dtype): Tensor =>
  fromData(values, [values.length, ...like.shape.slice(1).map(() => 1)], { dtype, device: like.device })

/** The samples of `yes` where `which`, else those of `no`, bit for bit. */
export function choose(which: readonly boolean[], yes: Tensor, no: Tensor): Tensor {
  if (!which.includes(false)) return yes
  if (!which.includes(true)) return no
  return where(perSample(which.map(Number), yes, 'bool'), yes, no)
}
