import { times } from '../../../times.ts'
import type { Expr, FunctionBuilder, Local, V128 } from '../../asm/index.ts'
import { f32x4, i32, v128 } from '../../asm/index.ts'

/** Outputs per tile and axis: F(2×2, 3×3) or F(4×4, 3×3). */
export type TileSize = 2 | 4

/**
 * The register tile of Winograd's products, fixed: transforms write panels of this shape, eight tiles or four channels
 * to a step.
 */
export const winogradTile = { mr: 4, nr: 8 } as const

/** Emits a linear map of a few vectors, lane by lane. */
export type LinearMap = (x: readonly Local<'v128'>[], f: FunctionBuilder) => Expr<'v128'>[]

/**
 * The one-dimensional maps of F(m, 3), n = m + 2: y = Aᵀ[(G g) ⊙ (Bᵀ d)] are the m outputs of the three-tap
 * filter g over the n inputs d (arXiv 1509.09308, eq. 5 and 6; eq. 8 applies them along both axes).
 */
export interface Transforms {
  /** Bᵀ: n → n. */
  readonly input: LinearMap
  /** G: 3 → n. */
  readonly weight: LinearMap
  /** Aᵀ: n → m. */
  readonly output: LinearMap
  /** A: m → n. */
  readonly outputGradient: LinearMap
  /** Gᵀ: n → 3. */
  readonly weightGradient: LinearMap
}

type Six = readonly [Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>]
type Four = readonly [Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>]
type Three = readonly [Local<'v128'>, Local<'v128'>, Local<'v128'>]

const { add, sub, mul } = f32x4

/** Points 0, ±1, ∞. */
const two: Transforms = {
  input: (x) => {
    const [d0, d1, d2, d3] = x as Four
    return [sub(d2, d0), add(d2, d1), sub(d2, d1), sub(d3, d1)]
  },
  weight: (x, f) => {
    const [g0, g1, g2] = x as Three
    const even = f.vector(mul(f.f32(0.5), add(g0, g2)))
    const odd = f.vector(mul(f.f32(0.5), g1))
    return [sub(f.f32(0), g0), add(even, odd), sub(even, odd), g2]
  },
  output: (x) => {
    const [m0, m1, m2, m3] = x as Four
    return [add(m0, add(m1, m2)), add(m3, sub(m1, m2))]
  },
  outputGradient: (x) => {
    const [g0, g1] = x as unknown as Three
    return [g0, add(g0, g1), sub(g0, g1), g1]
  },
  weightGradient: (x, f) => {
    const [m0, m1, m2, m3] = x as Four
    const even = f.vector(mul(f.f32(0.5), add(m1, m2)))
    return [sub(even, m0), mul(f.f32(0.5), sub(m1, m2)), add(even, m3)]
  },
}

/**
 * Points 0, ±a, ±b, ∞. Of all a, b in sixteenths, those near ⅝ and 1½ (with products exact in float32) round
 * least: half as much as the customary ±1, ±2 (measured, see docs/adr/0008-winograd.md).
 */
const [a, b] = [5 / 8, 3 / 2]
const [a2, b2] = [a * a, b * b]
/** 1 / Π (point − other points), the scales of G. */
const [c0, ca, cb] = [1 / (a2 * b2), 1 / (2 * a2 * (a2 - b2)), 1 / (2 * b2 * (b2 - a2))]

const four: Transforms = {
  input: (x, f) => {
    const [d0, d1, d2, d3, d4, d5] = x as Six
    const evenA = f.vector(f.nmadd(f.f32(b2), d2, d4))
    const oddA = f.vector(f.nmadd(f.f32(b2), d1, d3))
    const evenB = f.vector(f.nmadd(f.f32(a2), d2, d4))
    const oddB = f.vector(f.nmadd(f.f32(a2), d1, d3))
    return [
      f.madd(f.f32(a2 * b2), d0, f.nmadd(f.f32(a2 + b2), d2, d4)),
      f.madd(f.f32(a), oddA, evenA),
      f.nmadd(f.f32(a), oddA, evenA),
      f.madd(f.f32(b), oddB, evenB),
      f.nmadd(f.f32(b), oddB, evenB),
      f.madd(f.f32(a2 * b2), d1, f.nmadd(f.f32(a2 + b2), d3, d5)),
    ]
  },
  weight: (x, f) => {
    const [g0, g1, g2] = x as Three
    const evenA = f.vector(mul(f.f32(ca), f.madd(f.f32(a2), g2, g0)))
    const evenB = f.vector(mul(f.f32(cb), f.madd(f.f32(b2), g2, g0)))
    return [
      mul(f.f32(c0), g0),
      f.madd(f.f32(ca * a), g1, evenA),
      f.nmadd(f.f32(ca * a), g1, evenA),
      f.madd(f.f32(cb * b), g1, evenB),
      f.nmadd(f.f32(cb * b), g1, evenB),
      g2,
    ]
  },
  output: (x, f) => {
    const [m0, m1, m2, m3, m4, m5] = x as Six
    const evenA = f.vector(add(m1, m2))
    const oddA = f.vector(sub(m1, m2))
    const evenB = f.vector(add(m3, m4))
    const oddB = f.vector(sub(m3, m4))
    return [
      add(m0, add(evenA, evenB)),
      f.madd(f.f32(b), oddB, mul(f.f32(a), oddA)),
      f.madd(f.f32(b2), evenB, mul(f.f32(a2), evenA)),
      f.madd(f.f32(b * b2), oddB, f.madd(f.f32(a * a2), oddA, m5)),
    ]
  },
  outputGradient: (x, f) => {
    const [g0, g1, g2, g3] = x as Four
    const evenA = f.vector(f.madd(f.f32(a2), g2, g0))
    const oddA = f.vector(f.madd(f.f32(a2), g3, g1))
    const evenB = f.vector(f.madd(f.f32(b2), g2, g0))
    const oddB = f.vector(f.madd(f.f32(b2), g3, g1))
    return [
      g0,
      f.madd(f.f32(a), oddA, evenA),
      f.nmadd(f.f32(a), oddA, evenA),
      f.madd(f.f32(b), oddB, evenB),
      f.nmadd(f.f32(b), oddB, evenB),
      g3,
    ]
  },
  weightGradient: (x, f) => {
    const [m0, m1, m2, m3, m4, m5] = x as Six
    const evenA = f.vector(add(m1, m2))
    const oddA = f.vector(sub(m1, m2))
    const evenB = f.vector(add(m3, m4))
    const oddB = f.vector(sub(m3, m4))
    return [
      f.madd(f.f32(cb), evenB, f.madd(f.f32(ca), evenA, mul(f.f32(c0), m0))),
      f.madd(f.f32(cb * b), oddB, mul(f.f32(ca * a), oddA)),
      f.madd(f.f32(cb * b2), evenB, f.madd(f.f32(ca * a2), evenA, m5)),
    ]
  },
}

export const transforms: Readonly<Record<TileSize, Transforms>> = { 2: two, 4: four }

/**
 * A map along both axes of a square of vectors: rows one by one as `row(i)` gives them (so that few are alive at
 * once), then the columns; `put(i, j, value)` takes the results.
 */
export function emitSquare(
  f: FunctionBuilder,
  map: LinearMap,
  rows: number,
  row: (i: number) => readonly Expr<'v128'>[],
  put: (i: number, j: number, value: Expr<'v128'>) => void,
): void {
  const local = (x: Expr<'v128'>) => f.vector(x)
  const mapped = times(rows, (i) => map(row(i).map(local), f).map(local))
  mapped[0]!.forEach((_, j) => {
    map(
      mapped.map((values) => values[j]!),
      f,
    ).forEach((value, i) => {
      put(i, j, value)
    })
  })
}

/** The next n vectors for {@link emitSquare} from `at` on, `xiStep` bytes apart. */
export const loadXis = (
  f: FunctionBuilder,
  n: number,
  at: Local<'i32'>,
  xiStep: Local<'i32'>,
): readonly Local<'v128'>[] =>
  times(n, () => {
    const value = f.vector(v128.load(at))
    f.add(at, xiStep)
    return value
  })

/** Stores the results of {@link emitSquare}: number ξ = row·n + column at `to` + ξ·`xiStep`. */
export function storeXis(f: FunctionBuilder, n: number, to: Local<'i32'>, xiStep: Local<'i32'>) {
  const nextRow = f.let(i32.mul(xiStep, n))
  const [at, column] = f.locals('i32', 2)
  return (row: number, nth: number, value: V128): void => {
    if (row === 0) {
      if (nth > 0) f.add(column, xiStep)
      else f.set(column, to)
      f.set(at, column)
    } else f.add(at, nextRow)
    f.emit(v128.store(at, value))
  }
}
