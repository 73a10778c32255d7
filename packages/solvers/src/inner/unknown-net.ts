import type { CreateOptions, Key, Shape, Tensor } from '@tweedie/tensor'
import { clamp, fromData, matmul, sizeOf, uniform } from '@tweedie/tensor'
import { requirePositive } from '../schedules/levels.ts'

/** A perceptron for each sample from a fixed input [N, inputs] to logits [N, …shape]; its parameters are a row [N, size]. */
export interface UnknownNet {
  readonly inputs: number
  readonly size: number
  /** Drawn by a key of each sample. */
  init(keys: readonly Key[], like: CreateOptions): Tensor
  /** Differentiable in both. */
  logits(params: Tensor, input: Tensor): Tensor
}

/**
 * One hidden layer with ReLU6, as BIRD's network of a kernel (arXiv 2405.19572; `fcn` of its repository):
 *
 *     logits = W₂·min(max(W₁·v + b₁, 0), 6) + b₂,     W, b ~ U(±1/√fan-in), as PyTorch's.
 *
 * @throws {OptionError} where a count is no positive integer.
 */
export function unknownNet(shape: Shape, { inputs = 200, hidden = 1000 } = {}): UnknownNet {
  for (const [name, value] of Object.entries({ inputs, hidden })) requirePositive(name, value)
  const m = sizeOf(shape)
  const parts = [inputs * hidden, hidden, hidden * m, m]
  const size = parts.reduce((sum, part) => sum + part, 0)
  const ends = parts.map((_, k) => parts.slice(0, k + 1).reduce((sum, part) => sum + part, 0))
  /** Where a part ends: of the first layer two, of the second two. */
  const [, first = 0] = ends
  return {
    inputs,
    size,
    init: (keys, like) => {
      const bounds = Float64Array.from({ length: size }, (_, j) => 1 / Math.sqrt(j < first ? inputs : hidden))
      return uniform(keys, [size], like)
        .mul(2)
        .sub(1)
        .mul(fromData(bounds, [1, size], like))
    },
    logits: (params, input) => {
      const [N = 0] = params.shape
      const part = (k: number, ...of: number[]) =>
        params.slice(null, [ends[k - 1] ?? 0, ends[k] ?? 0]).reshape([N, ...of])
      const layer = (x: Tensor, k: number, from: number, to: number) =>
        matmul(x, part(k, from, to)).add(part(k + 1, 1, to))
      const within = clamp(layer(input.reshape([N, 1, inputs]), 0, inputs, hidden), 0, 6)
      return layer(within, 2, hidden, m).reshape([N, ...shape])
    },
  }
}
