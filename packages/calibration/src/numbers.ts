// Numbers as tables write them.

/** A number to three digits, without an exponent where it can be. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replaceAll('-', '−')
  const text = size >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
  return text.replace('-', '−')
}

/** A p-value: it has no interval, and below 0.001 its size says no more. */
export const chance = (p: number): string => (p < 1e-3 ? '<0.001' : short(p))
