import type { DType, TypedArray } from './dtype.ts'
import type { Shape } from './shape.ts'
import { formatShape, sizeOf } from './shape.ts'
import { times } from './times.ts'

/** Values in arrays nested as deep as the shape is long; a number or truth value for a scalar. */
export type NestedValues = number | boolean | NestedValues[]

/** The elements of a tensor where the host can see them: a strided window on `data`. */
export interface Window {
  readonly data: TypedArray
  readonly dtype: DType
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly offset: number
}

/** With this many elements or more, long axes show their ends only. */
const threshold = 1000
/** Elements shown at either end of a long axis. */
const edge = 3
/** Most digits behind the point. */
const precision = 8
const lineWidth = 75
const ellipsis = '...'

/** Indices to show along an axis, with undefined for those left out between. */
function shownAlong(extent: number, abridged: boolean): (number | undefined)[] {
  const all = times(extent, (i) => i)
  return abridged && extent > 2 * edge ? [...all.slice(0, edge), undefined, ...all.slice(-edge)] : all
}

/** Visits the shown elements in order. */
function shownValues({ data, shape, strides, offset }: Window, abridged: boolean): number[] {
  let places = [offset]
  shape.forEach((extent, axis) => {
    const along = shownAlong(extent, abridged).filter((i) => i !== undefined)
    places = places.flatMap((at) => along.map((i) => at + i * strides[axis]!))
  })
  return places.map((at) => data[at]!)
}

/** x with `digits` digits behind the point; a tie goes to the even last digit. */
function roundedText(x: number, digits: number, form: 'toFixed' | 'toExponential'): string {
  const text = x[form](digits)
  const [mantissa] = text.split('e')
  const [exact, power] = x[form](100).split('e')
  const rest = exact!.slice(mantissa!.length).replace('.', '')
  const below = exact!.slice(0, mantissa!.length)
  if (!/^50*$/.test(rest) || Number(below.at(-1)) % 2 !== 0) return text
  return power === undefined ? below : `${below}e${power}`
}

/** The fewest digits that tell a number from its neighbours, as d.ddde±x. */
function shortest(x: number, dtype: DType): string {
  if (dtype !== 'float32') return x.toExponential()
  for (let digits = 0; digits < 8; digits++) {
    const text = roundedText(x, digits, 'toExponential')
    if (Math.fround(Number(text)) === x) return text
  }
  return x.toExponential(8)
}

const withoutZeros = (fraction: string): string => fraction.replace(/0+$/, '')

/** A number in a column: what stands before the point, behind it, and the exponent. */
interface Parts {
  readonly whole: string
  readonly fraction: string
  readonly exponent: string
}

/** x in powers of ten. */
function scientific(x: number, dtype: DType): Parts {
  const short = shortest(x, dtype)
  const digits = short.match(/\.(\d+)/)?.[1]?.length ?? 0
  const [mantissa, power] = (digits > precision ? roundedText(x, precision, 'toExponential') : short).split(
    'e',
  )
  const [magnitude, fraction = ''] = mantissa!.split('.')
  const whole = Object.is(x, -0) ? '-0' : magnitude!
  const exponent = Number(power)
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return { whole, fraction: withoutZeros(fraction), exponent: `e${exponent < 0 ? '-' : '+'}${size}` }
}

/** x with its digits in place; −0 keeps its sign. */
function positional(x: number, dtype: DType): Parts {
  const [mantissa, power] = shortest(x, dtype).split('e')
  const digits = Math.max(0, (mantissa!.split('.')[1]?.length ?? 0) - Number(power))
  // Where all digits fit, those of the shortest text: rounding that number, not x, keeps them.
  const value = digits <= precision ? Number(`${mantissa}e${power}`) : x
  const [whole, fraction = ''] = roundedText(value, Math.min(digits, precision), 'toFixed').split('.')
  const sign = (x < 0 || Object.is(x, -0)) && !whole!.startsWith('-') ? '-' : ''
  return { whole: `${sign}${whole}`, fraction: withoutZeros(fraction), exponent: '' }
}

const longest = (texts: readonly string[]): number =>
  texts.reduce((top, text) => Math.max(top, text.length), 0)

function nonFinite(x: number): string {
  if (Number.isNaN(x)) return 'nan'
  return x < 0 ? '-inf' : 'inf'
}

/** How floats are written so that their points stand in one column. */
function floatFormat(values: readonly number[], dtype: DType): (x: number) => string {
  const finite = values.filter(Number.isFinite)
  const sizes = finite.filter((x) => x !== 0).map(Math.abs)
  const top = Math.max(...sizes)
  const least = Math.min(...sizes)
  const [held, most] = dtype === 'float32' ? [Math.fround, 1e6] : [(x: number) => x, 1e8]
  const wide = sizes.length > 0 && (top >= most || least < held(1e-4) || held(top / least) > 1000)
  const partsOf = (x: number) => (wide ? scientific(x, dtype) : positional(x, dtype))
  const all = finite.map(partsOf)
  const before = longest(all.map(({ whole }) => whole))
  const behind = longest(all.map(({ fraction }) => fraction))
  const power = longest(all.map(({ exponent }) => exponent))
  const others = longest(values.filter((x) => !Number.isFinite(x)).map(nonFinite))
  const width = Math.max(before + (finite.length > 0 ? 1 : 0) + behind + power, others)
  return (x) => {
    if (!Number.isFinite(x)) return nonFinite(x).padStart(width)
    const { whole, fraction, exponent } = partsOf(x)
    if (!wide) return `${whole}.${fraction.padEnd(behind)}`.padStart(width)
    const [mantissa] = roundedText(x, behind, 'toExponential').split('e')
    const point = behind === 0 ? '.' : ''
    const sign = Object.is(x, -0) ? '-' : ''
    return `${sign}${mantissa}${point}${exponent.slice(0, 2)}${exponent.slice(2).padStart(power - 2, '0')}`.padStart(
      width,
    )
  }
}

const truth = (x: number): string => (x === 0 ? 'false' : 'true')

/** The text of one element, all of one width. */
function elementFormat(values: readonly number[], dtype: DType): (x: number) => string {
  if (dtype === 'float32' || dtype === 'float64') return floatFormat(values, dtype)
  const text = dtype === 'bool' ? truth : String
  const width = longest(values.map(text))
  return (x) => text(x).padStart(width)
}

/** Words side by side, on as many lines as they need. */
function wrapped(words: readonly string[], indent: string, width: number): string {
  const lines: string[] = []
  let line = indent
  words.forEach((word, i) => {
    if (line.length > indent.length && line.length + word.length > width) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += i < words.length - 1 ? `${word}, ` : word
  })
  return [...lines, line].join('\n').slice(indent.length)
}

/**
 * The values as NumPy prints them: nested brackets, columns aligned, floats with a point and at most 8 digits behind it,
 * in powers of ten where they span more than three decades, reach 10⁶ (float32) or 10⁸ (float64), or are below 10⁻⁴; of more than 1000 elements, three
 * at either end of each axis.
 */
export function formatValues(x: Window): string {
  if (sizeOf(x.shape) === 0) return '[]'
  const abridged = sizeOf(x.shape) > threshold
  const format = elementFormat(shownValues(x, abridged), x.dtype)
  const rank = x.shape.length
  const render = (axis: number, at: number, indent: string, width: number): string => {
    if (axis === rank) return format(x.data[at]!)
    const parts = shownAlong(x.shape[axis]!, abridged).map((i) =>
      i === undefined ? ellipsis : render(axis + 1, at + i * x.strides[axis]!, `${indent} `, width - 1),
    )
    const text =
      axis === rank - 1
        ? wrapped(parts, indent, width - 1)
        : parts.join(`,${'\n'.repeat(rank - 1 - axis)}${indent}`)
    return `[${text}]`
  }
  return render(0, x.offset, ' ', lineWidth)
}

/** A tensor as far as its description goes. */
export interface Described {
  readonly shape: Shape
  readonly dtype: DType
  readonly device: { readonly name: string }
}

/** Shape, element type and device. */
export const formatHead = ({ shape, dtype, device }: Described): string =>
  `Tensor ${formatShape(shape)} ${dtype} on ${device.name}`

/** Head and values, on one line where they fit. */
export function formatTensor(head: string, x: Window): string {
  const values = formatValues(x)
  const fits = !values.includes('\n') && head.length + values.length + 2 <= lineWidth
  return `${head}:${fits ? ' ' : '\n'}${values}`
}

/** The elements in nested arrays; of a bool tensor true and false. */
export function nestedValues({ data, dtype, shape, strides, offset }: Window): NestedValues {
  const build = (axis: number, at: number): NestedValues => {
    if (axis === shape.length) return dtype === 'bool' ? data[at] !== 0 : data[at]!
    return times(shape[axis]!, (i) => build(axis + 1, at + i * strides[axis]!))
  }
  return build(0, offset)
}

/** A tensor as JSON: what JSON has no number for is 'NaN', 'Infinity' or '-Infinity'. */
export interface TensorJson {
  readonly shape: Shape
  readonly dtype: DType
  /** The elements in row-major order; of a bool tensor true and false. */
  readonly data: readonly (number | boolean | string)[]
}

/** The elements as JSON can hold them. */
export const jsonValues = (values: TypedArray, dtype: DType): TensorJson['data'] =>
  Array.from(values, (x) => {
    if (dtype === 'bool') return x !== 0
    return Number.isFinite(x) ? x : String(x)
  })
