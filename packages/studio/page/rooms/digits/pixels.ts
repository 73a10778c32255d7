/** Pixels of a side of a digit. */
export const side = 28
/** Pixels of a digit. */
export const size = side * side

/** The highest level of a picture in an address: 64 greys, one letter each. */
export const topLevel = 63

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** The shortest run that is worth a count. */
const shortest = 4

/** Numbers 0 … 63 as letters; a run of equal ones is `letter.count`, the count a letter as well. */
function written(values: ArrayLike<number>): string {
  let text = ''
  for (let i = 0; i < values.length; ) {
    let run = 1
    while (i + run < values.length && values[i + run] === values[i] && run < shortest + topLevel) run++
    const letter = letters[values[i] ?? 0] ?? ''
    text += run < shortest ? letter.repeat(run) : `${letter}.${letters[run - shortest]}`
    i += run
  }
  return text
}

/** The numbers of a text; undefined unless there are exactly `count`. */
function read(text: string, count: number): Uint8Array<ArrayBuffer> | undefined {
  const out = new Uint8Array(count)
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = letters.indexOf(text.charAt(i))
    let run = 1
    if (text[i + 1] === '.') {
      const more = letters.indexOf(text.charAt(i + 2))
      if (i + 2 >= text.length || more < 0) return undefined
      run = more + shortest
      i += 2
    }
    if (value < 0 || at + run > count) return undefined
    out.fill(value, at, at + run)
    at += run
  }
  return at === count ? out : undefined
}

/** A picture of levels 0 … 63 as a text for an address. */
export const pictureText = (levels: ArrayLike<number>): string => written(levels)

/** The levels of a picture in an address; undefined for a text that is none. */
export const levelsOf = (text: string): Uint8Array<ArrayBuffer> | undefined => read(text, size)

/** The grey 0 … 255 of a level. */
export const greyOfLevel = (level: number): number => Math.round((255 * level) / topLevel)

/** The level nearest to a grey 0 … 255. */
export const levelOfGrey = (grey: number): number => Math.round((topLevel * grey) / 255)

const packed = Math.ceil(size / 6)

/** Which pixels are hidden, 1 for each that is, as a text for an address. */
export function maskText(hidden: ArrayLike<number>): string {
  const sixes = new Uint8Array(packed)
  for (let i = 0; i < size; i++)
    if (hidden[i]) sixes[Math.floor(i / 6)] = (sixes[Math.floor(i / 6)] ?? 0) | (1 << (i % 6))
  return written(sixes)
}

/** Which pixels a text hides; undefined for a text that is none. */
export function hiddenOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  const sixes = read(text, packed)
  return (
    sixes && Uint8Array.from({ length: size }, (_, i) => ((sixes[Math.floor(i / 6)] ?? 0) >> (i % 6)) & 1)
  )
}

/** The middle of the picture, hidden. */
export const hiddenBox = (box: number): Uint8Array<ArrayBuffer> => {
  const from = (side - box) >> 1
  const inside = (v: number) => v >= from && v < from + box
  return Uint8Array.from({ length: size }, (_, i) => Number(inside(Math.floor(i / side)) && inside(i % side)))
}
