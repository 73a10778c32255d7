import type { Device, DType, Key, Shape, Tensor } from '@tweedie/tensor'
import {
  fromData,
  mul,
  OptionError,
  randomWords,
  ShapeError,
  sameShape,
  scope,
  sizeOf,
  stack,
  sum,
} from '@tweedie/tensor'

/** Options of {@link hutchinsonTrace} and {@link hutchinsonDiagonal}. */
export interface HutchinsonOptions {
  /** One key per sample; a sample's probes depend on its key alone, so that a batch of k equals k singles. */
  keys: readonly Key[]
  /** Shape of one sample, n elements. */
  shape: Shape
  /** Probes per sample, each one application of A to the batch. Default 1. */
  probes?: number
  /** Of the probes; float32 on the default device where left out. */
  dtype?: DType
  device?: Device
}

/** An estimated trace of each sample. */
export interface TraceEstimate {
  /** [N]. */
  readonly trace: Tensor
  /** Of the estimate, [N]: the spread of the probes over √probes; NaN for a single one. */
  readonly standardError: Tensor
}

/**
 * Signs ±1, each with probability ½: one sample of `shape` per key, [N, …shape].
 * @example
 * ```ts
 * import { rademacher } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * const key = randomKey(1)
 * const both = rademacher([key.fold(0), key.fold(1)], [2]).dataSync()
 * both.every((sign) => Math.abs(sign) === 1) // => true
 * ```
 */
export function rademacher(
  keys: readonly Key[],
  shape: Shape,
  options: { dtype?: DType; device?: Device } = {},
): Tensor {
  const n = sizeOf(shape)
  const signs = new Float32Array(keys.length * n)
  keys.forEach((key, k) => {
    const words = randomWords(key, Math.ceil(n / 32))
    for (let i = 0; i < n; i++) signs[k * n + i] = (words[i >>> 5]! >>> (i & 31)) & 1 ? 1 : -1
  })
  return fromData(signs, [keys.length, ...shape], options)
}

type Reduce = (v: Tensor, av: Tensor) => Tensor

/** (j, reduce) ↦ what `reduce` makes of probe j and A times it. */
function prober(op: string, A: (v: Tensor) => Tensor, options: HutchinsonOptions) {
  const { keys, shape, probes = 1, dtype = 'float32', device } = options
  if (!(Number.isInteger(probes) && probes > 0))
    throw new OptionError('probes', `must be a positive integer, got ${probes}`)
  const create = device === undefined ? { dtype } : { dtype, device }
  const named = keys.map((key) => key.fold('rademacher'))
  const probe = (j: number, reduce: Reduce): Tensor =>
    scope(() => {
      const v = rademacher(
        named.map((key) => key.fold(j)),
        shape,
        create,
      )
      const av = A(v)
      if (sameShape(av.shape, v.shape)) return reduce(v, av)
      throw new ShapeError(op, 'A·v must have the shape of v', [av.shape, v.shape])
    })
  return { probes, probe }
}

/**
 * tr(A) of each sample by Hutchinson's estimator (1989; as a divergence in arXiv 1810.01367 §3.1): the mean of
 * vᵀA·v over Rademacher probes v. Unbiased; exact, from a single probe, for diagonal A. The variance of one
 * probe is 2·Σ_{i≠j} a_ij² for symmetric A. Differentiable in what A depends on, for fixed keys.
 *
 * @param A - v ↦ A·v on batches [N, …shape], linear, samples apart; it need not be symmetric.
 * @throws {OptionError} for `probes` that is no positive integer; {ShapeError} where A·v is not shaped like v.
 * @example
 * ```ts
 * import { hutchinsonTrace } from '@tweedie/solvers'
 * import { randomKey, type Tensor } from '@tweedie/tensor'
 * const { trace } = hutchinsonTrace((v: Tensor) => v.mul(3), { keys: [randomKey(0)], shape: [5] })
 * trace.dataSync() // => [15]
 * ```
 */
export function hutchinsonTrace(A: (v: Tensor) => Tensor, options: HutchinsonOptions): TraceEstimate {
  return scope(() => {
    const { probes, probe } = prober('hutchinsonTrace', A, options)
    const axes = options.shape.map((_, i) => i + 1)
    const form: Reduce = (v, av) => (axes.length === 0 ? mul(v, av) : sum(mul(v, av), axes))
    const forms = stack(Array.from({ length: probes }, (_, j) => probe(j, form)))
    const trace = forms.mean(0)
    const squares = forms.sub(trace).square().sum(0)
    // 0/0 = NaN for one probe: its spread is unknown.
    return {
      trace,
      standardError: squares
        .div(probes - 1)
        .div(probes)
        .sqrt(),
    }
  })
}

/**
 * diag(A) of each sample, [N, …shape], by the estimator of Bekas, Kokiopoulou & Saad (2007): the mean of
 * v ⊙ A·v over Rademacher probes v. Unbiased; exact, from a single probe, for diagonal A. The variance of
 * element i of one probe is Σ_{j≠i} a_ij². Differentiable in what A depends on, for fixed keys.
 *
 * @param A - v ↦ A·v on batches [N, …shape], linear, samples apart.
 * @throws {OptionError} for `probes` that is no positive integer; {ShapeError} where A·v is not shaped like v.
 * @example
 * ```ts
 * import { hutchinsonDiagonal } from '@tweedie/solvers'
 * import { randomKey, type Tensor, tensor } from '@tweedie/tensor'
 * const twice = (v: Tensor) => v.mul(tensor([1, 2, 3]))
 * hutchinsonDiagonal(twice, { keys: [randomKey(0)], shape: [3] }).dataSync() // => [1, 2, 3]
 * ```
 */
export function hutchinsonDiagonal(A: (v: Tensor) => Tensor, options: HutchinsonOptions): Tensor {
  return scope(() => {
    const { probes, probe } = prober('hutchinsonDiagonal', A, options)
    let total = probe(0, mul)
    for (let j = 1; j < probes; j++) {
      const before = total
      total = probe(j, (v, av) => before.add(mul(v, av)))
      before.dispose()
    }
    return probes === 1 ? total : total.div(probes)
  })
}
