// The tables that encoders start from (ITU-T T.81, Annex K.1), row by row of an 8×8 block.

// biome-ignore format: a table
const luma = [
  16, 11, 10, 16, 24, 40, 51, 61,
  12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77,
  24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
]

// biome-ignore format: a table
const chroma = [
  17, 18, 24, 47, 99, 99, 99, 99,
  18, 21, 26, 66, 99, 99, 99, 99,
  24, 26, 56, 99, 99, 99, 99, 99,
  47, 66, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
]

/**
 * The steps of the coefficients of an 8×8 block, in units of 255 levels, at a quality from 1 to 100, by the formula of
 * the Independent JPEG Group: ⌊(s·base + 50)/100⌋ from 1 to 255, where s = ⌊5000/quality⌋ below 50 and 200 − 2·quality
 * from there.
 */
export function quantisationTables(quality: number): { luma: number[]; chroma: number[] } {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality
  const scaled = (base: readonly number[]) =>
    base.map((step) => Math.min(255, Math.max(1, Math.floor((scale * step + 50) / 100))))
  return { luma: scaled(luma), chroma: scaled(chroma) }
}
