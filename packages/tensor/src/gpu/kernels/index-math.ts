import type { Shape } from '../../shape.ts'
import { rowMajorStrides } from '../../shape.ts'

/*
 * Integer expressions of kernel source, with the range of values they can take: sums of typed integer terms, so that no
 * address passes through a float, which would be exact only up to 2^24 and cost two conversions for each element read.
 */

interface Term {
  readonly text: string
  readonly factor: number
  /** The term's own values are 0 … max. */
  readonly max: number
}

/** constant + Σ factor · term. */
export interface Index {
  readonly constant: number
  readonly terms: readonly Term[]
}

export const constant = (value: number): Index => ({ constant: value, terms: [] })

/** A term of kernel source (no operator outside parentheses) whose values are 0 … extent − 1. */
export const variable = (text: string, extent: number): Index =>
  extent === 1 ? constant(0) : { constant: 0, terms: [{ text, factor: 1, max: extent - 1 }] }

export const scale = (x: Index, factor: number): Index => ({
  constant: x.constant * factor,
  terms: factor === 0 ? [] : x.terms.map((term) => ({ ...term, factor: term.factor * factor })),
})

export const add = (...parts: readonly Index[]): Index => ({
  constant: parts.reduce((total, part) => total + part.constant, 0),
  terms: parts.flatMap((part) => part.terms),
})

/** The smallest and the largest value. */
export function range({ constant: start, terms }: Index): [least: number, most: number] {
  let [least, most] = [start, start]
  for (const { factor, max } of terms) {
    if (factor < 0) least += factor * max
    else most += factor * max
  }
  return [least, most]
}

/** Kernel source of the expression; a single literal where it is constant. */
export function render({ constant: start, terms }: Index): string {
  if (terms.length === 0) return `${start}`
  const times = (term: Term, factor: number): string =>
    factor === 1 ? term.text : `${term.text} * ${factor}`
  const plus = terms.filter(({ factor }) => factor > 0).map((term) => times(term, term.factor))
  const minus = terms.filter(({ factor }) => factor < 0).map((term) => times(term, -term.factor))
  if (start > 0 || plus.length === 0) plus.push(`${Math.max(start, 0)}`)
  if (start < 0) minus.push(`${-start}`)
  return `(${[plus.join(' + '), ...minus].join(' - ')})`
}

export function divide(x: Index, by: number): Index {
  const [, most] = range(x)
  if (by === 1) return x
  return x.terms.length === 0
    ? constant(Math.floor(x.constant / by))
    : variable(`idiv(${render(x)}, ${by})`, Math.floor(most / by) + 1)
}

export function modulo(x: Index, by: number): Index {
  const [least, most] = range(x)
  if (least >= 0 && most < by) return x
  return x.terms.length === 0 ? constant(x.constant % by) : variable(`imod(${render(x)}, ${by})`, by)
}

/** Coordinates of element number `flat` of a row-major array. */
export function coordinates(flat: Index, shape: Shape): Index[] {
  const strides = rowMajorStrides(shape)
  return shape.map((extent, i) => (extent === 1 ? constant(0) : modulo(divide(flat, strides[i]!), extent)))
}

/** Where the element at `at` lies in a strided view. */
export function address(
  view: { readonly strides: readonly number[]; readonly offset: number },
  at: readonly Index[],
): Index {
  return add(constant(view.offset), ...at.map((index, i) => scale(index, view.strides[i]!)))
}

/** A condition that never holds. */
export const never = 'false'

/** Conditions (to be joined with &&) under which low ≤ x < high; none where the range of x says so already. */
export function within(x: Index, low: number, high: number): string[] {
  const [least, most] = range(x)
  if (most < low || least >= high) return [never]
  const tests: string[] = []
  if (least < low) tests.push(`${render(x)} >= ${low}`)
  if (most >= high) tests.push(`${render(x)} < ${high}`)
  return tests
}

/** `body` under conditions, bare where there are none, and nothing where one never holds. */
export function guarded(conditions: readonly string[], body: string): string {
  if (conditions.includes(never)) return ''
  return conditions.length === 0 ? body : `if (${conditions.join(' && ')}) {\n${body}\n}`
}

/** A loop with literal bounds; one that runs once is unrolled. */
export function loop(name: string, count: number, body: (index: Index) => string): string {
  const inner = body(variable(name, count))
  return count === 1 ? inner : `for (let ${name} = 0; ${name} < ${count}; ${name}++) {\n${inner}\n}`
}

/** Indices that a kernel works out once, before its loops. */
export class Once {
  readonly lines: string[] = []

  /** Several, as `at0`, `at1`, …. */
  all(indices: readonly Index[]): Index[] {
    return indices.map((x, i) => this.of(`at${i}`, x))
  }

  /** The index as a variable of a name; as it was where it is a constant. */
  of(name: string, x: Index): Index {
    if (x.terms.length === 0) return x
    const [least, most] = range(x)
    // What starts from a whole number and is counted up is an integer to gpu.js; any other variable would be a float.
    this.lines.push(`let ${name} = 0;`, `${name} = ${render(add(x, constant(-1)))};`, `${name}++;`)
    return add(constant(least), variable(least === 0 ? name : `(${name} - (${least}))`, most - least + 1))
  }
}
