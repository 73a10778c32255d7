// Laws of one number as densities at even nodes, integrated by the trapezoidal rule, which for smooth densities that vanish at the
// ends has no error to speak of once the nodes are closer than what is narrow in them.
import { Matrix, solve } from 'ml-matrix'
import { logNormalOf } from './chain.test.helper.ts'

export type Density = Float64Array<ArrayBuffer>
/** The density before a step to that after it. */
export type Carry = (p: Density) => Density

/** N(m, v) at x. */
export const normalAt = (x: number, m: number, v: number): number => Math.exp(logNormalOf(x, m, v))

/** Nodes from −reach to reach. */
export interface Line {
  readonly nodes: Density
  /** ∫ f(x)·p(x) dx. */
  mean(p: Density, f: (x: number, j: number) => number): number
  total(p: Density): number
  normalised(p: Density): Density
  /** x ↦ m(x) + √v·z, by m at the nodes. */
  carry(m: ArrayLike<number>, v: number): Carry
  /** The law that x ↦ m(x) + √v·z settles at. */
  settled(m: ArrayLike<number>, v: number): Density
}

export function lineOf(reach: number, step: number): Line {
  const n = Math.round((2 * reach) / step) + 1
  const nodes = Float64Array.from({ length: n }, (_, j) => step * j - reach)
  const mean: Line['mean'] = (p, f) => p.reduce((sum, v, j) => sum + v * f(nodes[j] ?? 0, j) * step, 0)
  const total = (p: Density) => mean(p, () => 1)

  /** The weights of the nodes from `first` on. */
  interface Row {
    readonly first: number
    readonly weights: Float64Array
  }
  /** By the density of the noise, where the nodes resolve it: within eight deviations. */
  const wide = (at: number, v: number): Row => {
    const from = Math.max(0, Math.floor((at - 8 * Math.sqrt(v) + reach) / step))
    const to = Math.min(n, Math.ceil((at + 8 * Math.sqrt(v) + reach) / step) + 1)
    return { first: from, weights: nodes.slice(from, to).map((u) => step * normalAt(u, at, v)) }
  }
  /** Else three points for the noise, each put on four nodes by Lagrange's weights: right for cubics. */
  const narrow = (at: number, v: number): Row => {
    const points = [[-Math.sqrt(3 * v), 1 / 6], [0, 2 / 3], [Math.sqrt(3 * v), 1 / 6]] as const // biome-ignore format: a list
    const placed = points.map(([off, part]) => {
      const place = (at + off + reach) / step
      const first = Math.min(n - 4, Math.max(0, Math.floor(place) - 1))
      const u = place - first
      const each = [
        -((u - 1) * (u - 2) * (u - 3)) / 6,
        (u * (u - 2) * (u - 3)) / 2,
        -(u * (u - 1) * (u - 3)) / 2,
        (u * (u - 1) * (u - 2)) / 6,
      ]
      return { first, each: each.map((w) => w * part) }
    })
    const first = Math.min(...placed.map((one) => one.first))
    const weights = new Float64Array(Math.max(...placed.map((one) => one.first)) - first + 4)
    for (const one of placed)
      one.each.forEach((w, k) => {
        weights[one.first - first + k] = (weights[one.first - first + k] ?? 0) + w
      })
    return { first, weights }
  }
  const carry: Line['carry'] = (m, v) => {
    const row = v > (1.2 * step) ** 2 ? wide : narrow
    const rows = Array.from(m, (at) => row(at, v))
    return (p) => {
      const next = new Float64Array(n)
      rows.forEach(({ first, weights }, j) => {
        const mass = p[j] ?? 0
        for (let k = 0; k < weights.length; k++)
          next[first + k] = (next[first + k] ?? 0) + mass * (weights[k] ?? 0)
      })
      return next
    }
  }
  return {
    nodes,
    mean,
    total,
    normalised: (p) => {
      const all = total(p)
      return p.map((v) => v / all)
    },
    carry,
    settled: (m, v) => {
      // (K − 1)p = 0, and in the place of its last row ∫p = 1.
      const kernel = new Matrix(n, n)
      nodes.forEach((u, k) => {
        for (let j = 0; j < n; j++)
          kernel.set(k, j, k === n - 1 ? step : step * normalAt(u, m[j] ?? 0, v) - Number(j === k))
      })
      const one = new Matrix(n, 1)
      one.set(n - 1, 0, 1)
      return Float64Array.from(solve(kernel, one).to1DArray())
    },
  }
}
