import { inspect, isDeepStrictEqual } from 'node:util'

/** Throws unless the value is what the comment after it says. */
export function check(actual: unknown, sign: string, expected: string, where: string): void {
  const fits = sign === '≈' ? approximates(actual, expected) : equals(actual, expected)
  if (!fits) throw new Error(`${where}: expected ${sign} ${expected}, got ${show(actual)}`)
}

const show = (value: unknown): string =>
  inspect(value, { depth: null, breakLength: Infinity, compact: true, maxArrayLength: null })

/** Equal as printed by `inspect`, as a string, or as a JavaScript literal (a typed array equals a plain one). */
function equals(actual: unknown, expected: string): boolean {
  const printed = [show(actual), inspect(actual), String(actual)].map((text) => text.replace(/\s+/g, ' '))
  if (printed.includes(expected.replace(/\s+/g, ' '))) return true
  try {
    return isDeepStrictEqual(plain(actual), plain(literal(expected)))
  } catch {
    return false // the comment is prose or an inspect form, not a literal
  }
}

/** Number by number, each within half a unit of the last digit that the comment shows. */
function approximates(actual: unknown, expected: string): boolean {
  const texts = expected.match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi) ?? []
  const numbers = typeof actual === 'number' ? [actual] : (plain(actual) as unknown[]).flat(Infinity)
  if (texts.length === 0 || texts.length !== numbers.length) return false
  return texts.every((text, i) => {
    const [digits = '', exponent = '0'] = text.toLowerCase().split('e')
    const unit = 10 ** (Number(exponent) - (digits.split('.')[1]?.length ?? 0))
    return Math.abs(Number(numbers[i]) - Number(text)) <= 0.5 * unit * (1 + 1e-6)
  })
}

const literal = (text: string): unknown => new Function(`return (${text})`)()

/** The value with typed arrays as arrays, at any depth. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]))
}
