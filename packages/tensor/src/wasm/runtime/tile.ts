import { OptionError } from '../../errors.ts'

/** Register tile of a matrix product: `mr` rows by `nr` columns (a multiple of 4) of the result. */
export interface Tile {
  readonly mr: number
  readonly nr: number
}

/**
 * The tiles worth trying, the default first. A tile needs mr·nr/4 + nr/4 + 1 vector registers: the first six fit the
 * 16 of x86-64 (6×8 and 2×16 with few to spare, which some compilers do not manage), 8×8 wants the 32 of ARM.
 */
export const tiles = {
  '4x8': { mr: 4, nr: 8 },
  '5x8': { mr: 5, nr: 8 },
  '6x8': { mr: 6, nr: 8 },
  '3x12': { mr: 3, nr: 12 },
  '2x16': { mr: 2, nr: 16 },
  '8x8': { mr: 8, nr: 8 },
} as const satisfies Record<string, Tile>

/** Name of a tile, rows × columns. */
export type TileName = keyof typeof tiles

export const tileNames = Object.keys(tiles) as TileName[]

/** The tile where nothing speaks for another one. */
export const defaultTile: TileName = '4x8'

/** Bytes of a scratch tile that fits any tile. */
export const spillBytes = 4 * Math.max(...Object.values(tiles).map(({ mr, nr }) => mr * nr))

/**
 * A tile's name, checked; `option` says where it comes from.
 * @throws {OptionError} for a name that is not in {@link tiles}.
 */
export function checkedTile(option: string, name: string): TileName {
  if (Object.hasOwn(tiles, name)) return name as TileName
  throw new OptionError(option, `there is no tile '${name}'; take one of ${tileNames.join(', ')}`)
}

/**
 * Which tile products take. It may change between two primitives, never within one: so whatever outlives a call and
 * is laid out in panels must know the tile it was made for. Results do not depend on it: with any tile an element is
 * the same sum in the same order, cut at the same depths.
 */
export interface TileChoice {
  /** Tile of the primitive that runs. */
  readonly tile: Tile
  /** To be called before a primitive with its count of multiply-adds; it may settle the tile. */
  expect(multiplyAdds: number): void
  /** For people: the tile, and why this one. */
  readonly note: string
}

/** Always the same tile. */
export const fixedTile = (name: TileName, reason: string): TileChoice => ({
  tile: tiles[name],
  expect: () => undefined,
  note: `tile ${name.replace('x', '×')}: ${reason}`,
})
