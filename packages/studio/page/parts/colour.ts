/** Red, green and blue, 0 … 255, of a colour such as `#1f5fbf`, or `#fff` as style sheets shorten it. */
export function partsOf(colour: string): readonly [red: number, green: number, blue: number] {
  const digits = colour.replace(/^#/, '')
  const long = digits.length === 3 ? Array.from(digits, (digit) => digit + digit).join('') : digits
  const value = Number.parseInt(long, 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}
