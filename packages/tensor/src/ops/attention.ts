import { dispatch } from '../dispatch.ts'
import { ShapeError } from '../errors.ts'
import type { AttentionParams } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import { mul } from './elementwise.ts'
import { matmul } from './matmul.ts'
import { matrixTranspose } from './shape-ops.ts'
import { softmax } from './softmax.ts'

/** 1/√d; 1 where there are no channels, so that the scores are sums of nothing, 0, and not 0·∞. */
const scaleFor = (channels: number | undefined): number => 1 / Math.sqrt(channels || 1)

function requireMatrices(op: string, tensors: readonly Tensor[]): void {
  if (tensors.some(({ shape }) => shape.length < 2)) {
    const shapes = tensors.map(({ shape }) => shape)
    throw new ShapeError(op, 'queries, keys and values need at least two axes', shapes)
  }
}

/**
 * Attention (arXiv 1706.03762 eq. 1): softmax(scale·Q·Kᵀ)·V for queries [… M, d], keys [… N, d] and values
 * [… N, e] of the same leading axes (samples, heads), giving [… M, e]. `scale` is 1/√d where left out. The
 * matrix of weights is never held: memory grows with M + N, forwards and backwards (docs/adr/0010).
 * @throws {ShapeError} where the shapes do not fit, or there is no key; {DTypeError} for other than floats.
 * @example
 * ```ts
 * import { scaledDotProductAttention, tensor } from '@tweedie/tensor'
 * const [q, k] = [tensor([[1, 0]]), tensor([[20, 0], [0, 20]])]
 * const y = scaledDotProductAttention(q, k, tensor([[5], [7]]), { scale: 1 })
 * y.shape // => [1, 1]
 * y.dataSync()[0] // ≈ 5
 * ```
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: { scale?: number } = {},
): Tensor {
  requireMatrices('scaledDotProductAttention', [q, k, v])
  const { scale = scaleFor(q.shape.at(-1)) } = options
  return matrixTranspose(
    channelAttention(matrixTranspose(q), matrixTranspose(k), matrixTranspose(v), { scale }),
  )
}

/**
 * {@link scaledDotProductAttention} with tokens in the last axis, as the pixels of images lie: q [… d, M],
 * k [… d, N] and v [… e, N] give [… e, M].
 */
export function channelAttention(q: Tensor, k: Tensor, v: Tensor, options: { scale?: number } = {}): Tensor {
  return dispatch('attention', [q, k, v], { scale: options.scale ?? scaleFor(q.shape.at(-2)) })
}

/** Attention with tokens in the last axis out of simpler primitives: the meaning of the fused one. */
export function attentionComposed(q: Tensor, k: Tensor, v: Tensor, { scale }: AttentionParams): Tensor {
  const weights = softmax(mul(matmul(matrixTranspose(q), k), scale)) // [… M, N]
  return matmul(v, matrixTranspose(weights))
}
