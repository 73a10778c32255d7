import { vjp } from '@tweedie/autograd'
import type { DType, Shape, Tensor } from '@tweedie/tensor'
import { eye, fromData, memory, normal, randomKey, scope, sizeOf, zeros } from '@tweedie/tensor'
import type { LinearOperator, Operator } from '../types.ts'
import { isLinear } from '../types.ts'
import type { Law } from './law.ts'
import { dot, must, mustBeClose, mustEqual, mustThrow, norm } from './law.ts'

const batch = (shape: Shape, seed: number, n = 2, dtype: DType = 'float64') =>
  normal(
    Array.from({ length: n }, (_, i) => randomKey(seed).fold(i)),
    shape,
    { dtype },
  )

const rows = (x: Tensor, i: number) => x.slice([i, i + 1])

/** What a measurement that does not round holds to. */
const ofGradients = (operator: Operator, seed: number): Record<string, () => void> => ({
  'has gradients: the VJP agrees with differences': () => {
    const [x, v] = [batch(operator.inShape, seed), batch(operator.inShape, seed + 1)]
    const [y, pullback] = vjp((x: Tensor) => operator.forward(x), x)
    const u = batch(operator.outShape, seed + 2)
    const slope = dot(pullback(u)[0], v)
    // Central differences in two steps: the better of them is off by about h² or rounding/h.
    const differences = [1e-4, 1e-6].map((h) => {
      const [ahead, behind] = [operator.forward(x.add(v.mul(h))), operator.forward(x.sub(v.mul(h)))]
      return dot(ahead.sub(behind), u) / (2 * h)
    })
    const scale = 1 + Math.abs(slope) + norm(y) * norm(u)
    const off = Math.min(...differences.map((difference) => Math.abs(difference - slope)))
    must(off <= 1e-5 * scale, `⟨Jᵀu, v⟩ = ${slope}, by differences ${differences[0]}`)
  },
})

/** What any measurement holds to. */
const ofAll = (operator: Operator, seed: number): Record<string, () => void> => ({
  'yields [N, …outShape] in the element type of x': () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const y = operator.forward(batch(operator.inShape, seed, 3, dtype))
      mustEqual(y.shape, [3, ...operator.outShape], 'shape of A(x)')
      must(y.dtype === dtype, `A(x) is ${y.dtype} for an x of ${dtype}`)
      must(y.dataSync().every(Number.isFinite), 'A(x) is not finite for x ~ N(0, I)')
    }
  },
  'a batch equals its samples one by one': () => {
    const x = batch(operator.inShape, seed, 3)
    const y = operator.forward(x)
    for (let i = 0; i < 3; i++) {
      const single = operator.forward(rows(x, i)).dataSync()
      mustBeClose(single, rows(y, i).dataSync(), 1e-12 * (1 + norm(y)), `sample ${i}`)
    }
  },
  ...(operator.differentiable !== false && ofGradients(operator, seed)),
  'frees what it does not return, and keeps its input': () => {
    const x = batch(operator.inShape, seed)
    operator.forward(x).dispose() // makes its constants, which stay
    const before = memory().tensors
    const y = operator.forward(x)
    must(memory().tensors === before + 1, `A(x) leaves ${memory().tensors - before} tensors, should leave 1`)
    must(y !== x && !x.isDisposed, 'A(x) must be a new tensor, and x stay valid')
    y.dispose()
  },
  'refuses inputs of another shape': () =>
    mustThrow(
      () => operator.forward(zeros([1, ...operator.inShape.slice(1), (operator.inShape[0] ?? 1) + 1])),
      'ShapeError',
      '',
      'an x of another shape',
    ),
})

/** What a linear one holds to beside. */
const ofLinear = (operator: LinearOperator, seed: number): Record<string, () => void> => ({
  'is linear': () => {
    const [x, z] = [batch(operator.inShape, seed), batch(operator.inShape, seed + 1)]
    const whole = operator.forward(x.mul(2.5).sub(z))
    const parts = operator.forward(x).mul(2.5).sub(operator.forward(z))
    mustBeClose(whole.dataSync(), parts.dataSync(), 1e-11 * (norm(parts) + norm(x)), 'A(2.5x − z)')
  },
  '⟨Ax, y⟩ = ⟨x, Aᵀy⟩': () => {
    for (const [dtype, tolerance] of [
      ['float64', 1e-12],
      ['float32', 1e-6],
    ] as const) {
      for (let k = 0; k < 8; k++) {
        const x = batch(operator.inShape, seed + 2 * k, 2, dtype)
        const y = batch(operator.outShape, seed + 2 * k + 1, 2, dtype)
        const [ax, aty] = [operator.forward(x), operator.adjoint(y)]
        // Rounding grows with ‖A‖‖x‖‖y‖, of which both norms below are lower bounds.
        const scale = Math.max(norm(ax) * norm(y), norm(aty) * norm(x), 1e-30)
        const [left, right] = [dot(ax, y), dot(x, aty)]
        must(
          Math.abs(left - right) <= 8 * tolerance * scale,
          `in ${dtype} ⟨Ax, y⟩ = ${left}, ⟨x, Aᵀy⟩ = ${right}`,
        )
      }
    }
  },
})

/** What an A† that undoes a measurement as far as that can be holds to. */
const ofUndoing = (
  operator: Operator,
  pinv: (y: Tensor) => Tensor,
  seed: number,
): Record<string, () => void> => ({
  'A(A†(A(x))) = A(x)': () => {
    const y = operator.forward(batch(operator.inShape, seed))
    mustBeClose(operator.forward(pinv(y)).dataSync(), y.dataSync(), 1e-9 * (1 + norm(y)), 'A A† A x')
  },
})

/** What a pseudo-inverse holds to: the conditions of Moore and Penrose that a batch can show. */
const ofPinv = (
  operator: LinearOperator,
  pinv: (y: Tensor) => Tensor,
  seed: number,
): Record<string, () => void> => ({
  'A A⁺ A = A and A⁺ A A⁺ = A⁺': () => {
    const [x, y] = [batch(operator.inShape, seed), batch(operator.outShape, seed + 1)]
    const [ax, plus] = [operator.forward(x), pinv(y)]
    mustBeClose(operator.forward(pinv(ax)).dataSync(), ax.dataSync(), 1e-9 * (1 + norm(ax)), 'A A⁺ A x')
    mustBeClose(
      pinv(operator.forward(plus)).dataSync(),
      plus.dataSync(),
      1e-9 * (1 + norm(plus)),
      'A⁺ A A⁺ y',
    )
  },
  'A A⁺ and A⁺ A are symmetric': () => {
    const [x, z] = [batch(operator.inShape, seed), batch(operator.inShape, seed + 1)]
    const [y, w] = [batch(operator.outShape, seed + 2), batch(operator.outShape, seed + 3)]
    const [across, project] = [
      (x: Tensor) => pinv(operator.forward(x)),
      (y: Tensor) => operator.forward(pinv(y)),
    ]
    const off = [dot(across(x), z) - dot(x, across(z)), dot(project(y), w) - dot(y, project(w))]
    must(
      Math.max(...off.map(Math.abs)) <= 1e-9 * (norm(x) * norm(z) + norm(y) * norm(w)),
      `off by ${off.join(' and ')}`,
    )
  },
})

const ofSvd = (
  operator: LinearOperator,
  svd: NonNullable<LinearOperator['svd']>,
): Record<string, () => void> => ({
  'A = U Σ Vᵀ, V orthogonal, U orthonormal where A sees': () => {
    const { singularValues, vt, v, ut, u } = svd()
    const n = sizeOf(operator.inShape)
    must(singularValues.length === n, `${singularValues.length} singular values, should be ${n}`)
    must(
      singularValues.every((s) => s >= 0 && Number.isFinite(s)),
      'a singular value is negative or not finite',
    )
    const basis = eye(n, { dtype: 'float64' })
    const unit = basis.reshape([n, ...operator.inShape])
    const s = fromData(singularValues, [n])
    const sees = fromData(
      singularValues.map((value) => (value > 0 ? 1 : 0)),
      [n],
    )
    const bound = 1e-9 * Math.sqrt(n)
    mustBeClose(vt(v(basis)).dataSync(), basis.dataSync(), bound, 'Vᵀ V')
    mustBeClose(v(vt(unit)).dataSync(), unit.dataSync(), bound, 'V Vᵀ')
    mustBeClose(ut(u(basis)).dataSync(), basis.mul(sees).dataSync(), bound, 'Uᵀ U')
    const a = operator.forward(unit)
    mustBeClose(u(vt(unit).mul(s)).dataSync(), a.dataSync(), bound + 1e-9 * norm(a), 'U Σ Vᵀ')
  },
})

/**
 * What every operator has to hold to: {@link Law}s for a test runner. Linear ones are told by their `adjoint`, a
 * pseudo-inverse and an SVD are tested where there is one, gradients unless it says that it is not `differentiable`.
 *
 * @param operator - Of moderate size: the SVD is tested on all unit vectors.
 * @param options.seed - Of the random x and y; default 0.
 * @example
 * ```ts
 * import { sr } from '@tweedie/solvers'
 * import { operatorLaws } from '@tweedie/solvers/laws'
 * for (const { holds } of operatorLaws(sr([1, 8, 8], { factor: 2 }))) await holds()
 * ```
 */
export function operatorLaws(operator: Operator, { seed = 0 }: { seed?: number } = {}): Law[] {
  const linear = isLinear(operator) ? operator : undefined
  const svd = linear?.svd
  const { pinv } = operator
  const laws = {
    ...ofAll(operator, seed),
    ...(linear === undefined ? {} : ofLinear(linear, seed)),
    ...(pinv === undefined
      ? {}
      : linear === undefined
        ? ofUndoing(operator, pinv.bind(operator), seed)
        : ofPinv(linear, pinv.bind(linear), seed)),
    ...(linear === undefined || svd === undefined ? {} : ofSvd(linear, svd.bind(linear))),
  }
  return Object.entries(laws).map(([name, check]) => ({ name, holds: async () => await scope(check) }))
}
