import { customVjp, stopGradient, vjp } from '@tweedie/autograd'
import type { DType, Tensor } from '@tweedie/tensor'
import {
  NonFiniteError,
  OptionError,
  ShapeError,
  sameShape,
  scope,
  TweedieError,
  zerosLike,
} from '@tweedie/tensor'
import { batchOf, choose, dots, perSample } from './per-sample.ts'

/**
 * Why a sample ended: its residual fell below the tolerance; `maxIterations` were done; or `breakdown`, a
 * search direction p with pᵀAp ≤ 0, which no positive definite A has.
 */
export type ConjugateGradientStatus = 'converged' | 'iterations' | 'breakdown'

/** Options of {@link conjugateGradient}. */
export interface ConjugateGradientOptions<Params extends readonly Tensor[] = readonly Tensor[]> {
  /** Where to start, like b. Default 0. No gradient flows to it: the solution does not depend on it. */
  x0?: Tensor
  /** Default 10·n for n unknowns per sample, at most 1000. */
  maxIterations?: number
  /** A sample ends where ‖r‖ ≤ tolerance·‖b‖. Default 1e-10 in float64, 1e-5 in float32. */
  tolerance?: number
  /** What A depends on, handed to it after x. Gradients flow to these tensors and to b. */
  params?: Params
  /** `implicit` (default) differentiates x = A⁻¹b; `stop` lets no gradient through. */
  gradient?: 'implicit' | 'stop'
  /** On a breakdown `throw` (default), or `keep` the sample's last x and say so in its status. */
  onBreakdown?: 'throw' | 'keep'
}

/** A solution, and how each sample of the batch came to it. */
export interface ConjugateGradientResult {
  /** Like b. */
  readonly x: Tensor
  /** ‖r‖₂ of each sample at its end, by the recursion r ← r − α·A·p. */
  readonly residual: readonly number[]
  /** Applications of A that moved each sample. */
  readonly iterations: readonly number[]
  readonly status: readonly ConjugateGradientStatus[]
}

type LinearMap<Params extends readonly Tensor[]> = (x: Tensor, ...params: Params) => Tensor

/**
 * Solves A·x = b for each sample of a batch by conjugate gradients (Hestenes & Stiefel 1952; Nocedal & Wright
 * 2006, Algorithm 5.2), A symmetric and positive definite; or semidefinite with b in its range. Samples end
 * one by one and then stay as they are: a batch of k equals k single solves, bit for bit, where A treats
 * samples apart.
 *
 * On a tape this is one node: no iteration is recorded. Its gradient is implicit, by a second solve: with
 * w = A⁻¹·∂x, ∂b = w and ∂θ = −∂⟨w, A(θ)·x⟩/∂θ for the `params` θ, to the same tolerance and to any order.
 * What A closes over counts as constant; with `gradient: 'stop'`, so does everything.
 *
 * Where A may be singular or not symmetric the answer is wrong without notice, unless pᵀAp ≤ 0 shows it.
 *
 * @param A - x ↦ A·x on batches [N, …shape].
 * @param b - [N, …shape], of float elements.
 * @throws {TweedieError} on a breakdown, unless told to keep it; always in the solve of a gradient, and there
 *   too where it does not converge.
 * @throws {NonFiniteError} where b, x0 or an A·p is not finite; {ShapeError} where A·x is not shaped like x.
 * @throws {OptionError} for options out of range; {DeviceError} on a device the host cannot read at once.
 * @example
 * ```ts
 * import { conjugateGradient } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const matrix = tensor([[4, 1], [1, 3]], { dtype: 'float64' })
 * const b = tensor([[1, 2], [0, 0]], { dtype: 'float64' })
 * const { x, iterations } = conjugateGradient((v: Tensor) => v.matmul(matrix), b)
 * x.dataSync() // ≈ [0.0909091, 0.6363636, 0, 0]
 * iterations // => [2, 0]
 * ```
 */
export function conjugateGradient<const Params extends readonly Tensor[] = readonly []>(
  A: LinearMap<Params>,
  b: Tensor,
  options: ConjugateGradientOptions<Params> = {},
): ConjugateGradientResult {
  const settings = checked(b, options)
  const params = (options.params ?? []) as unknown as Params
  let report: Omit<ConjugateGradientResult, 'x'> | undefined
  const solve = customVjp(
    (rhs: Tensor, ...theta: readonly Tensor[]): Tensor => {
      const map = (x: Tensor) => A(x, ...(theta as unknown as Params))
      const { x, ...rest } = conjugateSteps(map, rhs, settings, options.x0)
      report = rest
      return x
    },
    ({ inputs: [, ...theta], output: x }, dx) => implicit(A, x, dx, theta as unknown as Params, settings),
  )
  const inputs: readonly [Tensor, ...Tensor[]] = [b, ...params]
  const x = solve(...(settings.gradient === 'stop' ? stopGradient(inputs) : inputs))
  return { x, ...report! }
}

/** The gradients in b and in the parameters: w = A⁻¹·∂x, and −∂⟨w, A(θ)·x⟩/∂θ. */
function implicit<Params extends readonly Tensor[]>(
  A: LinearMap<Params>,
  x: Tensor,
  dx: Tensor,
  params: Params,
  { tolerance, maxIterations }: Settings,
): readonly Tensor[] {
  const { x: w, status } = conjugateGradient(A, dx, { params, tolerance, maxIterations })
  const stuck = status.findIndex((s) => s !== 'converged')
  if (stuck >= 0) {
    throw new TweedieError(
      `conjugateGradient: the solve for the gradient of sample ${stuck} has not converged after ${maxIterations} iterations`,
    )
  }
  if (params.length === 0) return [w]
  const [, pullback] = vjp((...theta: readonly Tensor[]) => A(x, ...(theta as unknown as Params)), ...params)
  return [w, ...pullback(w.neg())]
}

interface Settings {
  readonly maxIterations: number
  readonly tolerance: number
  readonly gradient: 'implicit' | 'stop'
  readonly onBreakdown: 'throw' | 'keep'
}

const unit = (dtype: DType): number => (dtype === 'float64' ? 2 ** -52 : 2 ** -23)

function checked(b: Tensor, options: ConjugateGradientOptions): Settings {
  if (b.rank === 0) throw new ShapeError('conjugateGradient', 'b needs a batch axis', [b.shape])
  const n = b.size / Math.max(batchOf(b), 1)
  const { maxIterations = Math.max(1, Math.min(10 * n, 1000)), gradient = 'implicit', x0 } = options
  const { tolerance = b.dtype === 'float64' ? 1e-10 : 1e-5, onBreakdown = 'throw' } = options
  if (!(Number.isInteger(maxIterations) && maxIterations > 0))
    throw new OptionError('maxIterations', `must be a positive integer, got ${maxIterations}`)
  if (!(tolerance >= 0)) throw new OptionError('tolerance', `must be at least 0, got ${tolerance}`)
  if (x0 !== undefined && !sameShape(x0.shape, b.shape))
    throw new ShapeError('conjugateGradient', 'x0 must have the shape of b', [x0.shape, b.shape])
  return { maxIterations, tolerance, gradient, onBreakdown }
}

function conjugateSteps(
  A: (x: Tensor) => Tensor,
  b: Tensor,
  { maxIterations, tolerance, onBreakdown }: Settings,
  x0: Tensor | undefined,
): ConjugateGradientResult {
  const apply = (x: Tensor): Tensor => {
    const y = A(x)
    if (sameShape(y.shape, x.shape)) return y
    throw new ShapeError('conjugateGradient', 'A·x must have the shape of x', [y.shape, x.shape])
  }
  return scope(() => {
    const bb = dots(b, b)
    const goal = bb.map((square) => tolerance ** 2 * square)
    // A sample with b = 0 is solved by 0, which no start has to find.
    const nonzero = bb.map((square) => square !== 0)
    const start = x0 === undefined ? zerosLike(b) : choose(nonzero, x0, zerosLike(b))
    let r = x0 === undefined ? b : scope(() => b.sub(apply(start)))
    let x = start
    let p = r
    let rr = finite('the first residual', dots(r, r))
    const status: (ConjugateGradientStatus | undefined)[] = rr.map((v, i) =>
      v <= goal[i]! ? 'converged' : undefined,
    )
    const iterations = rr.map(() => 0)
    // The largest pᵀAp/pᵀp so far: what is this much smaller is 0 to rounding.
    const scale = rr.map(() => 0)

    for (let k = 0; k < maxIterations && status.includes(undefined); k++) {
      const next = scope(() => {
        const ap = apply(p)
        const curvature = finite(`A·p of iteration ${k}`, dots(p, ap))
        const pp = dots(p, p)
        curvature.forEach((value, i) => {
          if (status[i] !== undefined) return
          scale[i] = Math.max(scale[i]!, Math.abs(value) / pp[i]!)
          if (value > unit(b.dtype) * scale[i]! * pp[i]!) return
          // Where p itself has underflown, with a tolerance of 0, there is nothing left to solve.
          status[i] = pp[i] === 0 ? 'converged' : 'breakdown'
          if (pp[i] === 0 || onBreakdown === 'keep') return
          throw new TweedieError(
            `conjugateGradient: A is not positive definite to ${b.dtype} rounding: pᵀAp = ${value} for a direction ` +
              `with pᵀp = ${pp[i]} (sample ${i}, iteration ${k})`,
          )
        })
        const active = status.map((s) => s === undefined)
        if (!active.includes(true)) return { x, r, p, rr }
        const step = (a: number[], c: readonly number[]) =>
          perSample(
            a.map((v, i) => (active[i] ? v / c[i]! : 0)),
            b,
          )
        const alpha = step(rr, curvature)
        const nextR = choose(active, r.sub(alpha.mul(ap)), r)
        const nextRr = finite(`the residual of iteration ${k}`, dots(nextR, nextR))
        const beta = step(nextRr, rr)
        return {
          x: choose(active, x.add(alpha.mul(p)), x),
          r: nextR,
          p: choose(active, nextR.add(beta.mul(p)), p),
          rr: nextRr,
        }
      })
      for (const [old, now] of [
        [x, next.x],
        [r, next.r],
        [p, next.p],
      ] as const) {
        if (old !== now && old !== b && old !== x0 && old !== next.r) old.dispose()
      }
      ;({ x, r, p, rr } = next)
      status.forEach((s, i) => {
        if (s !== undefined) return
        iterations[i]!++
        if (rr[i]! <= goal[i]!) status[i] = 'converged'
      })
    }
    return {
      x: x === x0 ? x.detach() : x,
      residual: rr.map(Math.sqrt),
      iterations,
      status: status.map((s) => s ?? 'iterations'),
    }
  })
}

/** @throws {NonFiniteError} which names the first sample that is not. */
function finite(what: string, values: number[]): number[] {
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return values
  throw new NonFiniteError(`conjugateGradient: ${what} is ${values[at]} for sample ${at}`)
}
