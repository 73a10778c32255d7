import type { CreateOptions, Key, Shape, Tensor } from '@tweedie/tensor'
import {
  concat,
  flip,
  fromData,
  gather,
  matmul,
  normal,
  OptionError,
  randomKey,
  randomPermutation,
  ShapeError,
  sameShape,
  silu,
  sizeOf,
  tanh,
  zeros,
} from '@tweedie/tensor'

/** Options of {@link realNvp}. */
export interface RealNvpOptions {
  /** n, numbers of a sample. */
  dimension: number
  /** Each of two couplings, so that every number is changed in each. Default 4. */
  blocks?: number
  /** Hidden units of a coupling's network. Default n/8, and at least 16. */
  width?: number
}

/** A fully connected layer: [in, out] and [1, out], after the axes of the flows. */
export interface DenseLayer<T = Tensor> {
  readonly weight: T
  readonly bias: T
}

/** An affine coupling and the normalisation after it. */
export interface CouplingParams<T = Tensor> {
  /** From the first half to what scales and shifts the second; none where n = 1. */
  readonly net: readonly DenseLayer<T>[]
  /** [1, n] each, after the axes of the flows: x ← x·e^{logScale} + loc. */
  readonly logScale: T
  readonly loc: T
}

/** The parameters of a flow, or of many of one shape with axes in front. */
export type RealNvpParams<T = Tensor> = readonly CouplingParams<T>[]

/** x = G(z) with log|det ∂x/∂z| of each sample. */
export interface FlowForward {
  readonly x: Tensor
  readonly logDet: Tensor
}

/** z = G⁻¹(x) with log|det ∂z/∂x| of each sample. */
export interface FlowInverse {
  readonly z: Tensor
  readonly logDet: Tensor
}

/** See {@link realNvp}. Samples are [K, n], and [N, K, n] for N flows at once; log-determinants [K], [N, K]. */
export interface RealNvp {
  readonly dimension: number
  /** How many numbers the parameters of a flow are. */
  readonly size: number
  /** The identity, with networks drawn by a key; by N keys N flows. */
  init(key: Key | readonly Key[], options?: CreateOptions): RealNvpParams
  forward(params: RealNvpParams, z: Tensor): FlowForward
  inverse(params: RealNvpParams, x: Tensor): FlowInverse
  /** log q(x) of x = G(z), z ~ N(0, I). */
  logDensity(params: RealNvpParams, x: Tensor): Tensor
  /** All parameters of a flow in a row, [size], or [N, size]; differentiable, as is its inverse. */
  pack(params: RealNvpParams): Tensor
  unpack(flat: Tensor): RealNvpParams
}

/** What is at a place of the parameters, by the shape there and the standard deviation that it is drawn with. */
type Take<T> = (shape: Shape, deviation: number) => T

/**
 * RealNVP (arXiv 1605.08803) in vectors, in the arrangement of Deep Probabilistic Imaging (DPI, arXiv 2010.14462): blocks of a
 * permutation (fixed, drawn by the block's index) and twice
 *
 *     (a, b) ← (a, b·e^{s(a)} + t(a)),   x ← x·e^{logScale} + loc,   x ← x reversed,
 *
 * (a, b) the first ⌊n/2⌋ numbers and the rest, s = tanh of a network's output: a coupling scales by e^{±1} at most, the
 * learned normalisation (ActNorm, arXiv 1807.03039) without limit. DPI normalises its hidden layers over the batch, which we do
 * not: a sample does not depend on others. Networks have two hidden layers with SiLU; their last layer starts at 0, so that a
 * flow starts as a permutation, which is N(0, I) → N(0, I). At n = 1 there is no coupling: the flow is affine.
 *
 * @throws {OptionError} where a count is no positive integer; {ShapeError} for what does not fit n.
 * @example
 * ```ts
 * import { realNvp } from '@tweedie/solvers'
 * import { normal, randomKey } from '@tweedie/tensor'
 * const flow = realNvp({ dimension: 3, blocks: 2 })
 * const params = flow.init(randomKey(0), { dtype: 'float64' })
 * const z = normal(randomKey(1), [5, 3], { dtype: 'float64' })
 * const { x, logDet } = flow.forward(params, z)
 * logDet.shape // => [5]
 * flow.inverse(params, x).z.sub(z).abs().max().dataSync()[0]! < 1e-12 // => true
 * ```
 */
export function realNvp({ dimension: n, blocks = 4, width }: RealNvpOptions): RealNvp {
  const hidden = width ?? Math.max(16, Math.ceil(n / 8))
  for (const [name, value] of Object.entries({ dimension: n, blocks, width: hidden }))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw new OptionError(name, `must be a positive integer, got ${value}`)
  const half = Math.floor(n / 2)
  const rest = n - half

  const build = <T>(take: Take<T>): RealNvpParams<T> => {
    const dense = (from: number, to: number, deviation = 1 / Math.sqrt(from)): DenseLayer<T> => ({
      weight: take([from, to], deviation),
      bias: take([1, to], 0),
    })
    return Array.from({ length: 2 * blocks }, () => ({
      net: half === 0 ? [] : [dense(half, hidden), dense(hidden, hidden), dense(hidden, 2 * rest, 0)],
      logScale: take([1, n], 0),
      loc: take([1, n], 0),
    }))
  }
  const leavesOf = <T>(params: RealNvpParams<T>): T[] =>
    params.flatMap(({ net, logScale, loc }) => [
      ...net.flatMap(({ weight, bias }) => [weight, bias]),
      logScale,
      loc,
    ])
  const size = leavesOf(build(sizeOf)).reduce((sum, count) => sum + count, 0)

  const permutations = Array.from({ length: blocks }, (_, k) => randomPermutation(randomKey(k), n))
  /** Where a block begins; undefined between its couplings. */
  const orderBefore = (coupling: number) => (coupling % 2 === 0 ? permutations[coupling / 2] : undefined)
  const permuted = (x: Tensor, order: Int32Array) =>
    gather(x, fromData(order, [n], { device: x.device }), x.shape.length - 1)
  const reversed = (x: Tensor) => flip(x, [x.shape.length - 1])
  const requireSamples = (x: Tensor) => {
    if (x.shape.at(-1) !== n) throw new ShapeError('realNvp', `samples must have ${n} numbers`, [x.shape])
  }

  /** What a coupling does to the second half: log-scale (none of the first half counts) and shift. */
  const affine = ({ net }: CouplingParams, a: Tensor) => {
    const out = net.reduce((x, { weight, bias }, i) => {
      const y = matmul(x, weight).add(bias)
      return i === net.length - 1 ? y : silu(y)
    }, a)
    return { logScale: tanh(columns(out, 0, rest)), shift: columns(out, rest, 2 * rest) }
  }

  const forward = (params: RealNvpParams, z: Tensor): FlowForward => {
    requireSamples(z)
    let x = z
    let logDet = z.sum(z.shape.length - 1).mul(0)
    params.forEach((layer, k) => {
      const order = orderBefore(k)
      if (order !== undefined) x = permuted(x, order)
      if (layer.net.length > 0) {
        const [a, b] = [columns(x, 0, half), columns(x, half, n)]
        const { logScale, shift } = affine(layer, a)
        x = concat([a, b.mul(logScale.exp()).add(shift)], x.shape.length - 1)
        logDet = logDet.add(sumLast(logScale))
      }
      x = reversed(x.mul(layer.logScale.exp()).add(layer.loc))
      logDet = logDet.add(sumLast(layer.logScale))
    })
    return { x, logDet }
  }

  const inverse = (params: RealNvpParams, x: Tensor): FlowInverse => {
    requireSamples(x)
    let z = x
    let logDet = x.sum(x.shape.length - 1).mul(0)
    for (const [k, layer] of [...params.entries()].reverse()) {
      z = reversed(z).sub(layer.loc).mul(layer.logScale.neg().exp())
      logDet = logDet.sub(sumLast(layer.logScale))
      if (layer.net.length > 0) {
        const [a, b] = [columns(z, 0, half), columns(z, half, n)]
        const { logScale, shift } = affine(layer, a)
        z = concat([a, b.sub(shift).mul(logScale.neg().exp())], z.shape.length - 1)
        logDet = logDet.sub(sumLast(logScale))
      }
      const order = orderBefore(k)
      if (order !== undefined) z = permuted(z, inverted(order))
    }
    return { z, logDet }
  }

  return {
    dimension: n,
    size,
    init: (key, options = {}) => {
      let leaf = 0
      const [keys, lead] = 'words' in key ? [[key], []] : [key, [key.length]]
      return build((shape, deviation) => {
        const at = leaf++
        if (deviation === 0) return zeros([...lead, ...shape], options)
        const drawn = normal(
          keys.map((one) => one.fold(at)),
          shape,
          options,
        )
        return drawn.mul(deviation).reshape([...lead, ...shape])
      })
    },
    forward,
    inverse,
    logDensity: (params, x) => {
      const { z, logDet } = inverse(params, x)
      return sumLast(z.square())
        .add(n * Math.log(2 * Math.PI))
        .mul(-0.5)
        .add(logDet)
    },
    pack: (params) => {
      const flat = leavesOf(params).map((leaf) => leaf.reshape([...leaf.shape.slice(0, -2), -1]))
      return concat(flat, (flat[0]?.shape.length ?? 1) - 1)
    },
    unpack: (flat) => {
      const lead = flat.shape.slice(0, -1)
      if (!sameShape(flat.shape, [...lead, size]))
        throw new ShapeError('realNvp', `the flow has ${size} parameters`, [flat.shape])
      let from = 0
      return build((shape) => {
        const to = from + sizeOf(shape)
        const leaf = columns(flat, from, to).reshape([...lead, ...shape])
        from = to
        return leaf
      })
    },
  }
}

/** Places from … to − 1 of the last axis. */
const columns = (x: Tensor, from: number, to: number): Tensor =>
  x.slice(...x.shape.slice(1).map(() => null), [from, to])

const sumLast = (x: Tensor): Tensor => x.sum(x.shape.length - 1)

const inverted = (order: Int32Array): Int32Array => {
  const back = new Int32Array(order.length)
  order.forEach((from, to) => {
    back[from] = to
  })
  return back
}
