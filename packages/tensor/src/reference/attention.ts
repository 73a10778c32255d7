import type { PrimitiveName } from '../primitives.ts'
import type { Shape } from '../shape.ts'
import { sizeOf } from '../shape.ts'
import type { ReferenceKernel } from './host.ts'
import { packed } from './host.ts'

/** The batch of heads: q [d, queries], k [d, keys], v [e, keys] each. */
export function sizesOfHeads(inputs: readonly { readonly shape: Shape }[]) {
  const [q, , v] = inputs.map(({ shape }) => shape) as [Shape, Shape, Shape]
  const heads = sizeOf(q.slice(0, -2))
  const [d, queries] = q.slice(-2) as [number, number]
  const [e, keys] = v.slice(-2) as [number, number]
  return { heads, d, e, queries, keys }
}

/** Weights of the keys for one query. */
function weightsOf(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  { d, queries, keys }: { d: number; queries: number; keys: number },
  head: number,
  query: number,
  scale: number,
): Float64Array {
  const scores = new Float64Array(keys)
  for (let n = 0; n < keys; n++) {
    let sum = 0
    for (let c = 0; c < d; c++) sum += q[(head * d + c) * queries + query]! * k[(head * d + c) * keys + n]!
    scores[n] = sum * scale
  }
  const top = scores.reduce((most, s) => Math.max(most, s), -Infinity)
  const e = scores.map((s) => Math.exp(s - top))
  const total = e.reduce((sum, x) => sum + x, 0)
  return e.map((x) => x / total)
}

/** Attention and its gradients, one query after the other. */
export const attentionKernels = {
  attention: (inputs, { scale }, out) => {
    const sizes = sizesOfHeads(inputs)
    const { heads, e, queries, keys } = sizes
    const q = packed(inputs[0]!)
    const k = packed(inputs[1]!)
    const v = packed(inputs[2]!)
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < queries; query++) {
        const p = weightsOf(q, k, sizes, head, query, scale)
        for (let c = 0; c < e; c++) {
          let sum = 0
          for (let n = 0; n < keys; n++) sum += p[n]! * v[(head * e + c) * keys + n]!
          out.data[(head * e + c) * queries + query] = sum
        }
      }
    }
  },
  attentionGrad: (inputs, { scale }, out) => {
    const sizes = sizesOfHeads(inputs)
    const { heads, d, e, queries, keys } = sizes
    const q = packed(inputs[0]!)
    const k = packed(inputs[1]!)
    const v = packed(inputs[2]!)
    const dy = packed(inputs[3]!)
    // The result: dq [… d, queries], then dk and dv with their axes swapped.
    const grads = new Float64Array(out.data.length)
    const dk = heads * d * queries
    const dv = dk + heads * keys * d
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < queries; query++) {
        const p = weightsOf(q, k, sizes, head, query, scale)
        const dp = new Float64Array(keys)
        for (let c = 0; c < e; c++) {
          const g = dy[(head * e + c) * queries + query]!
          for (let n = 0; n < keys; n++) {
            dp[n]! += g * v[(head * e + c) * keys + n]!
            grads[dv + (head * keys + n) * e + c]! += g * p[n]!
          }
        }
        const inner = p.reduce((sum, w, n) => sum + w * dp[n]!, 0)
        for (let c = 0; c < d; c++) {
          const at = (head * d + c) * queries + query
          for (let n = 0; n < keys; n++) {
            const ds = scale * p[n]! * (dp[n]! - inner)
            grads[at]! += ds * k[(head * d + c) * keys + n]!
            grads[dk + (head * keys + n) * d + c]! += ds * q[at]!
          }
        }
      }
    }
    out.data.set(grads)
  },
} satisfies { [P in PrimitiveName]?: ReferenceKernel<P> }
