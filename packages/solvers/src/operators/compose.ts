import { normal, OptionError, randomKey, ShapeError, sameShape, scope, sizeOf } from '@tweedie/tensor'
import { dots } from '../linalg/per-sample.ts'
import { preciseDevice } from '../linalg/precise.ts'
import type { Blind, LinearOperator, Operator, Svd } from '../types.ts'
import { isLinear } from '../types.ts'
import type { ShownOperator } from './parts.ts'
import { linearOperator, shownOperator } from './parts.ts'

const hasDisplay = (operator: Operator): operator is ShownOperator => 'display' in operator

/** What is unknown of A ∘ B: what is of the one or of the other. */
function blindOf(a: Operator, b: Operator): Blind | undefined {
  if (a.blind && b.blind)
    throw new OptionError('compose', `'${a.name}' and '${b.name}' both leave something unknown; one may`)
  if (a.blind) {
    const { apply, at } = a.blind
    return { ...a.blind, apply: (x, phi) => apply(b.forward(x), phi), at: (phi) => compose(at(phi), b) }
  }
  if (b.blind) {
    const { apply, at } = b.blind
    return {
      ...b.blind,
      linear: b.blind.linear === true && isLinear(a),
      apply: (x, phi) => a.forward(apply(x, phi)),
      at: (phi) => compose(a, at(phi)),
    }
  }
  return undefined
}

/**
 * Whether Qᵀ = Q⁻¹: as many numbers out as in, and QᵀQx = x for a random x, which of another Q holds by an accident of
 * probability 10⁻¹⁰ or so only. In float32 first, which is fast.
 */
function isOrthogonal(q: LinearOperator): boolean {
  if (sizeOf(q.inShape) !== sizeOf(q.outShape)) return false
  const holds = (dtype: 'float32' | 'float64', tolerance: number) =>
    scope(() => {
      const x = normal([randomKey(0).fold('orthogonal')], q.inShape, { dtype, device: preciseDevice() })
      const off = q.adjoint(q.forward(x)).sub(x)
      return (dots(off, off)[0] ?? 0) <= tolerance ** 2 * (dots(x, x)[0] ?? 0)
    })
  return holds('float32', 1e-4) && holds('float64', 1e-11)
}

/** That of A ∘ B where B is orthogonal, U Σ (BᵀV)ᵀ, or where A is, (A U) Σ Vᵀ. */
function spectrumOf(a: LinearOperator, b: LinearOperator): (() => Svd) | undefined {
  const [ofA, ofB] = [a.svd, b.svd]
  if (ofA && isOrthogonal(b))
    return () => {
      const { singularValues, vt, v, ut, u } = ofA()
      return { singularValues, vt: (x) => vt(b.forward(x)), v: (c) => b.adjoint(v(c)), ut, u }
    }
  if (ofB && isOrthogonal(a))
    return () => {
      const { singularValues, vt, v, ut, u } = ofB()
      return { singularValues, vt, v, ut: (y) => ut(a.adjoint(y)), u: (c) => a.forward(u(c)) }
    }
  return undefined
}

/**
 * A ∘ B, x ↦ A(B(x)): linear where both are, with the adjoint BᵀAᵀ. It shows a measurement as A does. What is unknown
 * of one of them is of the composition. Where one is orthogonal and the other has a singular value decomposition, the
 * composition has one as well, with the same singular values, and a pseudo-inverse; for that, both are tried on a vector.
 *
 * @throws {ShapeError} where A does not take what B yields.
 * @throws {OptionError} where both leave something unknown.
 * @example
 * ```ts
 * import { blur, compose, csWalshHadamard, sr } from '@tweedie/solvers'
 * const shape = [1, 8, 8]
 * const camera = compose(sr(shape, { factor: 2 }), blur(shape, { size: 3, std: 1 }))
 * camera.name // => 'sr ∘ blur'
 * camera.outShape // => [1, 4, 4]
 * camera.svd // => undefined
 * compose(csWalshHadamard([1, 4, 4], { ratio: 1 }), sr(shape, { factor: 2 })).svd?.().singularValues[0] // ≈ 0.5
 * ```
 */
export function compose(a: LinearOperator, b: LinearOperator): LinearOperator & ShownOperator
export function compose(a: Operator, b: Operator): ShownOperator
export function compose(a: Operator, b: Operator): ShownOperator {
  const name = `${a.name} ∘ ${b.name}`
  if (!sameShape(a.inShape, b.outShape)) {
    throw new ShapeError(name, `'${a.name}' must take what '${b.name}' yields`, [a.inShape, b.outShape])
  }
  const blind = blindOf(a, b)
  const parts = {
    inShape: b.inShape,
    outShape: a.outShape,
    forward: (x) => a.forward(b.forward(x)),
    ...([a, b].some(({ differentiable }) => differentiable === false) && { differentiable: false }),
    ...(blind && { blind }),
    ...(hasDisplay(a) && { display: (y) => a.display(y) }),
  } satisfies Parameters<typeof shownOperator>[1]
  if (!isLinear(a) || !isLinear(b)) return shownOperator(name, parts)
  const spectrum = spectrumOf(a, b)
  return linearOperator(name, {
    ...parts,
    adjoint: (y) => b.adjoint(a.adjoint(y)),
    ...(spectrum && { spectrum }),
  })
}
