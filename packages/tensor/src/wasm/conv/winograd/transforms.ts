import { times } from '../../../times.ts'
import type { Expr, FunctionBuilder, Local } from '../../asm/index.ts'
import { f32x4 } from '../../asm/index.ts'
import type { Lanes } from '../../lanes/math.ts'

/** Outputs per tile and axis: F(2×2, 3×3) or F(4×4, 3×3). */
export type TileSize = 2 | 4

/**
 * The register tile of Winograd's products, fixed: transforms write panels of this shape, eight tiles or four channels
 * to a step.
 */
export const winogradTile = { mr: 4, nr: 8 } as const

/** A linear map of a few vectors, lane by lane. */
type Emit = (x: readonly Local<'v128'>[]) => Expr<'v128'>[]
/** Sets up a map's constants before the loops; the result emits its body. */
export type LinearMap = (f: FunctionBuilder, k: Lanes) => Emit

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
  input: () => (x) => {
    const [d0, d1, d2, d3] = x as Four
    return [sub(d2, d0), add(d2, d1), sub(d2, d1), sub(d3, d1)]
  },
  weight: (f, k) => {
    const [half, zero] = [k.f32(0.5), k.f32(0)]
    return (x) => {
      const [g0, g1, g2] = x as Three
      const even = f.vector(mul(half, add(g0, g2)))
      const odd = f.vector(mul(half, g1))
      return [sub(zero, g0), add(even, odd), sub(even, odd), g2]
    }
  },
  output: () => (x) => {
    const [m0, m1, m2, m3] = x as Four
    return [add(m0, add(m1, m2)), add(m3, sub(m1, m2))]
  },
  outputGradient: () => (x) => {
    const [g0, g1] = x as unknown as Three
    return [g0, add(g0, g1), sub(g0, g1), g1]
  },
  weightGradient: (f, k) => {
    const half = k.f32(0.5)
    return (x) => {
      const [m0, m1, m2, m3] = x as Four
      const even = f.vector(mul(half, add(m1, m2)))
      return [sub(even, m0), mul(half, sub(m1, m2)), add(even, m3)]
    }
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
  input: (f, k) => {
    const [ka, kb, ka2, kb2] = [k.f32(a), k.f32(b), k.f32(a2), k.f32(b2)]
    const [sum, product] = [k.f32(a2 + b2), k.f32(a2 * b2)]
    return (x) => {
      const [d0, d1, d2, d3, d4, d5] = x as Six
      const evenA = f.vector(k.nmadd(kb2, d2, d4))
      const oddA = f.vector(k.nmadd(kb2, d1, d3))
      const evenB = f.vector(k.nmadd(ka2, d2, d4))
      const oddB = f.vector(k.nmadd(ka2, d1, d3))
      return [
        k.madd(product, d0, k.nmadd(sum, d2, d4)),
        k.madd(ka, oddA, evenA),
        k.nmadd(ka, oddA, evenA),
        k.madd(kb, oddB, evenB),
        k.nmadd(kb, oddB, evenB),
        k.madd(product, d1, k.nmadd(sum, d3, d5)),
      ]
    }
  },
  weight: (f, k) => {
    const [k0, ka, kb] = [k.f32(c0), k.f32(ca), k.f32(cb)]
    const [kaa, kbb, ka2, kb2] = [k.f32(ca * a), k.f32(cb * b), k.f32(a2), k.f32(b2)]
    return (x) => {
      const [g0, g1, g2] = x as Three
      const evenA = f.vector(mul(ka, k.madd(ka2, g2, g0)))
      const evenB = f.vector(mul(kb, k.madd(kb2, g2, g0)))
      return [
        mul(k0, g0),
        k.madd(kaa, g1, evenA),
        k.nmadd(kaa, g1, evenA),
        k.madd(kbb, g1, evenB),
        k.nmadd(kbb, g1, evenB),
        g2,
      ]
    }
  },
  output: (f, k) => {
    const [ka, kb, ka2, kb2, ka3, kb3] = [a, b, a2, b2, a * a2, b * b2].map((c) => k.f32(c)) as unknown as Six
    return (x) => {
      const [m0, m1, m2, m3, m4, m5] = x as Six
      const [evenA, oddA] = [f.vector(add(m1, m2)), f.vector(sub(m1, m2))]
      const [evenB, oddB] = [f.vector(add(m3, m4)), f.vector(sub(m3, m4))]
      return [
        add(m0, add(evenA, evenB)),
        k.madd(kb, oddB, mul(ka, oddA)),
        k.madd(kb2, evenB, mul(ka2, evenA)),
        k.madd(kb3, oddB, k.madd(ka3, oddA, m5)),
      ]
    }
  },
  outputGradient: (f, k) => {
    const [ka, kb, ka2, kb2] = [k.f32(a), k.f32(b), k.f32(a2), k.f32(b2)]
    return (x) => {
      const [g0, g1, g2, g3] = x as Four
      const [evenA, oddA] = [f.vector(k.madd(ka2, g2, g0)), f.vector(k.madd(ka2, g3, g1))]
      const [evenB, oddB] = [f.vector(k.madd(kb2, g2, g0)), f.vector(k.madd(kb2, g3, g1))]
      return [
        g0,
        k.madd(ka, oddA, evenA),
        k.nmadd(ka, oddA, evenA),
        k.madd(kb, oddB, evenB),
        k.nmadd(kb, oddB, evenB),
        g3,
      ]
    }
  },
  weightGradient: (f, k) => {
    const [k0, ka, kb] = [k.f32(c0), k.f32(ca), k.f32(cb)]
    const [kaa, kbb, kaa2, kbb2] = [k.f32(ca * a), k.f32(cb * b), k.f32(ca * a2), k.f32(cb * b2)]
    return (x) => {
      const [m0, m1, m2, m3, m4, m5] = x as Six
      const [evenA, oddA] = [f.vector(add(m1, m2)), f.vector(sub(m1, m2))]
      const [evenB, oddB] = [f.vector(add(m3, m4)), f.vector(sub(m3, m4))]
      return [
        k.madd(kb, evenB, k.madd(ka, evenA, mul(k0, m0))),
        k.madd(kbb, oddB, mul(kaa, oddA)),
        k.madd(kbb2, evenB, k.madd(kaa2, evenA, m5)),
      ]
    }
  },
}

export const transforms: Readonly<Record<TileSize, Transforms>> = { 2: two, 4: four }

/**
 * A map along both axes of a square of vectors: rows one by one as `row(i)` gives them (so that few are alive at
 * once), then the columns; `put(i, j, value)` takes the results.
 */
export function emitSquare(
  f: FunctionBuilder,
  map: Emit,
  rows: number,
  row: (i: number) => readonly Expr<'v128'>[],
  put: (i: number, j: number, value: Expr<'v128'>) => void,
): void {
  const local = (x: Expr<'v128'>) => f.vector(x)
  const mapped = times(rows, (i) => map(row(i).map(local)).map(local))
  mapped[0]!.forEach((_, j) => {
    map(mapped.map((values) => values[j]!)).forEach((value, i) => {
      put(i, j, value)
    })
  })
}
