import type { ArgumentRange, PrimitiveName, PrimitiveParams, Tensor, Tolerance } from '@tweedie/tensor'
import {
  dispatch,
  fromData,
  isFloat,
  normal,
  primitiveNames,
  randomKey,
  scope,
  tolerances,
} from '@tweedie/tensor'
import type { Call } from './calls.ts'
import { drawFrom, randomCall } from './calls.ts'

/** Unit roundoff of float32. */
const roundoff = 2 ** -24
/** Random calls of each primitive for the page. */
const draws = 40
/** Arguments, evenly spread over each range of a function. */
const points = 20_000

const bits = new DataView(new ArrayBuffer(4))

/** Distance of float32 numbers near y. */
function ulpAt(y: number): number {
  bits.setFloat32(0, Math.abs(y))
  return 2 ** (Math.min(254, Math.max(1, bits.getUint32(0) >>> 23)) - 150)
}

type Values = ArrayLike<number>

const most = (values: Values): number => Array.from(values).reduce((top, v) => Math.max(top, Math.abs(v)), 0)

/** An error in units of its tolerance, and how many are allowed. */
export interface Measured {
  readonly units: number
  readonly allowed: number
}

/** The largest error in ulp of the exact element; infinite for a wrong NaN or infinity. */
export function ulps(actual: Values, exact: Values): number {
  let worst = 0
  for (let i = 0; i < exact.length; i++) {
    const [a, e] = [actual[i]!, exact[i]!]
    // Infinity where float32 rounds to it, and NaN where it is NaN.
    if (a === e || (!Number.isFinite(a) && Object.is(a, Math.fround(e)))) continue
    const error = Math.abs(a - e) / ulpAt(e)
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error
  }
  return worst
}

/** The largest difference in units of u·scale. */
function absolute(actual: Values, exact: Values, scale: number): number {
  let worst = 0
  for (let i = 0; i < exact.length; i++) {
    const error = Math.abs(actual[i]! - exact[i]!)
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error
  }
  return worst === 0 ? 0 : worst / (roundoff * scale)
}

/** The same numbers in float64 on the reference device, or a function of them. */
const widened = (x: Tensor, of: (v: number) => number = (v) => v): Tensor =>
  fromData(Array.from(x.dataSync(), of), x.shape, {
    dtype: isFloat(x.dtype) ? 'float64' : x.dtype,
    device: 'reference',
  })

/**
 * The error of a call in float32, whose inputs are moved to `wasm`, against float64 on the reference device, by
 * the tolerance of its primitive.
 */
export function measureCall<P extends PrimitiveName>(primitive: P, { inputs, params }: Call<P>): Measured {
  const tolerance: Tolerance<P> = tolerances[primitive]
  return scope(() => {
    const values = (x: Tensor) => x.dataSync()
    const onWasm = inputs.map((x) =>
      x.device.name === 'wasm' ? x : fromData(values(x), x.shape, { dtype: x.dtype, device: 'wasm' }),
    )
    const actual = values(dispatch(primitive, onWasm, params))
    const wide = inputs.map((x) => widened(x))
    const exact = values(dispatch(primitive, wide, params))
    switch (tolerance.kind) {
      case 'ulp':
        return { units: ulps(actual, exact), allowed: tolerance.units }
      case 'largest': {
        const scale = Math.max(most(exact), ...wide.map((x) => most(values(x))))
        return { units: absolute(actual, exact, scale), allowed: tolerance.units }
      }
      case 'sum': {
        const magnitudes = inputs.map((x) => (isFloat(x.dtype) ? widened(x, Math.abs) : widened(x)))
        const scale = most(values(dispatch(primitive, magnitudes, params)))
        const terms = tolerance.terms(
          inputs.map(({ shape }) => shape),
          params,
        )
        return { units: absolute(actual, exact, scale), allowed: terms + 2 }
      }
    }
  })
}

/** A random call in float32 on `wasm`. */
export const drawCall = <P extends PrimitiveName>(primitive: P, seed: number): Call<P> =>
  randomCall(primitive, drawFrom(seed, 'float32', 'wasm'))

const draw = (name: string, shape: readonly number[]): Tensor =>
  normal(randomKey(5).fold(name), shape, { device: 'wasm' })

/** Calls of the size of a network's, where sums are long; a primitive without one is drawn small only. */
const longCalls: { readonly [P in PrimitiveName]?: () => Call<P> } = {
  reduceSum: () => ({ inputs: [draw('sum', [3, 40_000])], params: { axes: [1], keepDims: false } }),
  cumsum: () => ({ inputs: [draw('cumsum', [3, 5000])], params: { axis: 1 } }),
  matmul: () => ({ inputs: [draw('a', [40, 1000]), draw('b', [1000, 50])], params: {} }),
  conv2d: () => ({
    inputs: [draw('x', [1, 64, 16, 16]), draw('w', [32, 64, 3, 3])],
    params: {
      ...{ stride: [1, 1], padding: [[1, 1] as const, [1, 1] as const], lhsDilation: [1, 1] },
      ...{ rhsDilation: [1, 1], groups: 1 },
    },
  }),
  groupNorm: () => normalised(3),
  groupNormGradInput: () => normalised(4),
  groupNormGradAffine: () => normalised(4),
  groupNormGrad: () => normalised(4),
  softmax: () => ({ inputs: [draw('scores', [4, 3000])], params: {} }),
  softmaxGrad: () => ({ inputs: [draw('y', [4, 3000]), draw('dy', [4, 3000])], params: {} }),
  attention: () => attended(3),
  attentionGrad: () => attended(4),
}

function attended(count: 3 | 4): { inputs: Tensor[]; params: PrimitiveParams['attention'] } {
  const inputs = ['q', 'k', 'v', 'dy'].map((name) => draw(name, [2, 32, 400]))
  return { inputs: inputs.slice(0, count), params: { scale: 32 ** -0.5 } }
}

function normalised(count: 3 | 4): { inputs: Tensor[]; params: PrimitiveParams['groupNorm'] } {
  const shape = [2, 32, 24, 24]
  const inputs = [draw('x', shape), draw('weight', [32]), draw('bias', [32]), draw('dy', shape)]
  return { inputs: inputs.slice(0, count), params: { groups: 8, eps: 1e-5, silu: true } }
}

/** The long call of a primitive, where it has one. */
export const longCall = <P extends PrimitiveName>(primitive: P): Call<P> | undefined =>
  longCalls[primitive]?.()

/** Parameters of a function of one number over its ranges. */
const functionParams: Partial<PrimitiveParams> = { powScalar: { exponent: 1.5 } }

/** A function of one number, at points evenly spread over a range. */
export function rangeCall<P extends PrimitiveName>(primitive: P, [low, high]: ArgumentRange): Call<P> {
  const x = Float32Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1))
  const params = (functionParams[primitive] ?? {}) as PrimitiveParams[P]
  return { inputs: [fromData(x, [points], { device: 'wasm' })], params }
}

/** The ranges for which a primitive promises its tolerance; none but for functions of one number. */
export function rangesOf(primitive: PrimitiveName): readonly ArgumentRange[] {
  const tolerance = tolerances[primitive]
  return tolerance.kind === 'ulp' ? (tolerance.ranges ?? []) : []
}

/** The largest error of all calls above, in units of the tolerance. */
export function largestError(primitive: PrimitiveName): number {
  const measure = (make: () => Call<PrimitiveName> | undefined) =>
    scope(() => {
      const call = make()
      return call === undefined ? 0 : measureCall(primitive, call).units
    })
  return Math.max(
    ...Array.from({ length: draws }, (_, seed) => measure(() => drawCall(primitive, seed))),
    ...rangesOf(primitive).map((range) => measure(() => rangeCall(primitive, range))),
    measure(() => longCall(primitive)),
  )
}

/** Three digits; powers of ten from 10⁶ on and below 10⁻³. */
function number(x: number): string {
  const [size, short] = [Math.abs(x), Number(x.toPrecision(3))]
  return size !== 0 && (size >= 1e6 || size < 1e-3) ? short.toExponential().replace('e+', 'e') : `${short}`
}

function boundText(tolerance: Tolerance): string {
  if (tolerance.kind === 'sum') return `(K + 2)·u·Σ, K: ${tolerance.over}`
  if (tolerance.kind === 'largest') return `${tolerance.units}·u·max`
  return tolerance.units === 0 ? 'the same' : `${tolerance.units} ulp`
}

/** A number as the page shows it, in the unit of its bound. */
function measuredText({ kind }: Tolerance, units: number): string {
  if (units === 0) return '0'
  return `${number(units)} ${{ ulp: 'ulp', largest: 'u·max', sum: 'u·Σ' }[kind]}`
}

/** One row of the page. */
export interface Row {
  readonly primitive: PrimitiveName
  readonly bound: string
  readonly measured: string
  readonly ranges: string
}

/** The row of a primitive with a largest error. */
export function rowOf(primitive: PrimitiveName, units: number): Row {
  const tolerance: Tolerance = tolerances[primitive]
  const ranges = rangesOf(primitive).map(([low, high]) => `${number(low)} … ${number(high)}`)
  return {
    primitive,
    bound: boundText(tolerance),
    measured: measuredText(tolerance, units),
    ranges: ranges.join(', '),
  }
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** The table in Markdown, measured here. */
export function toleranceTable(names: readonly PrimitiveName[] = primitiveNames): string {
  const rows = names.map((name) => rowOf(name, largestError(name)))
  return [
    line(['primitive', 'bound', 'largest error measured', 'arguments']),
    '|---|---|---|---|',
    ...rows.map((row) => line([`\`${row.primitive}\``, row.bound, row.measured, row.ranges])),
  ].join('\n')
}

/** The rows of a table that {@link toleranceTable} wrote; the measured error as a number of units. */
export function rowsOf(table: string): (Omit<Row, 'primitive'> & { primitive: string; units: number })[] {
  const body = table.split('\n').slice(2)
  return body.map((text) => {
    const [primitive, bound, measured, ranges] = text
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim())
    return {
      primitive: primitive!.slice(1, -1),
      bound: bound!,
      measured: measured!,
      ranges: ranges ?? '',
      units: Number.parseFloat(measured!),
    }
  })
}
