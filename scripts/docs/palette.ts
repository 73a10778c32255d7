import { decode, encode } from 'fast-png'

/** Colours of a palette: as many as a byte counts; the commonest are kept as they are. */
const [most, kept] = [256, 24]

type Colour = readonly [red: number, green: number, blue: number]

const partsOf = (code: number): Colour => [code >> 16, (code >> 8) & 255, code & 255]
const channels = [0, 1, 2] as const

/** The channel in which colours differ most, and by how much. */
function widest(colours: readonly number[]): { readonly channel: 0 | 1 | 2; readonly width: number } {
  const widths = channels.map((channel) => {
    const values = colours.map((code) => partsOf(code)[channel])
    return {
      channel,
      width: values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b)),
    }
  })
  return widths.reduce((best, one) => (one.width > best.width ? one : best))
}

/** Median cut: sets of colours that are near to each other, `count` at most. */
function cut(colours: readonly number[], count: number): readonly number[][] {
  const sets: number[][] = colours.length > 0 ? [[...colours]] : []
  while (sets.length < count) {
    const at = sets
      .map((set, index) => ({ index, ...widest(set) }))
      .reduce((best, one) => (one.width > best.width ? one : best), { index: -1, channel: 0, width: 0 })
    const set = sets[at.index]
    if (set === undefined) break // every set is one colour
    set.sort((a, b) => partsOf(a)[at.channel] - partsOf(b)[at.channel])
    sets.push(set.splice(set.length >> 1))
  }
  return sets
}

/** A PNG with a palette of 256 colours, a third as large as the screenshot that it is of. */
export function withPalette(png: Uint8Array): Uint8Array {
  const { width, height, data, channels: each } = decode(png)
  const counts = new Map<number, number>()
  const codes = Uint32Array.from({ length: width * height }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = data.subarray(i * each, i * each + 3)
    const code = (red << 16) | (green << 8) | blue
    counts.set(code, (counts.get(code) ?? 0) + 1)
    return code
  })
  const byUse = [...counts].sort((a, b) => b[1] - a[1]).map(([code]) => code)
  const sets = [...byUse.slice(0, kept).map((code) => [code]), ...cut(byUse.slice(kept), most - kept)]
  const placeOf = new Map<number, number>()
  const palette = sets.map((set, place) => {
    const total = set.reduce((sum, code) => sum + (counts.get(code) ?? 0), 0)
    for (const code of set) placeOf.set(code, place)
    return channels.map((channel) =>
      Math.round(
        set.reduce((sum, code) => sum + (counts.get(code) ?? 0) * partsOf(code)[channel], 0) / total,
      ),
    )
  })
  const places = Uint8Array.from(codes, (code) => placeOf.get(code) ?? 0)
  return encode(
    { width, height, data: places, depth: 8, channels: 1, palette: palette as [number, number, number][] },
    { zlib: { level: 9 } },
  )
}
