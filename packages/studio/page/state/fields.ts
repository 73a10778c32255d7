/**
 * One value of a room's state and how it stands in the address. `read` answers undefined for a text that does not fit, and
 * never throws; `write` of what `read` gave is read as the same again.
 */
export interface Field<T> {
  readonly default: T
  read(text: string): T | undefined
  write(value: T): string
}

/** The state of a room, by name. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** The values of fields. */
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** Limits of a number, both included. */
export interface Within {
  readonly min: number
  readonly max: number
  /** Digits after the point that are kept; 4 where left out. */
  readonly digits?: number
}

/** A number, kept to a few digits so that addresses stay short. */
export const numberField = (initial: number, { min, max, digits = 4 }: Within): Field<number> => ({
  default: initial,
  read: (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    return value >= min && value <= max ? value : undefined
  },
  write: (value) => String(Number(value.toFixed(digits))),
})

export const integerField = (initial: number, { min, max }: Within): Field<number> => ({
  default: initial,
  read: (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  },
  write: String,
})

/** An integer, or nothing. */
export const maybeInteger = (limits: Within): Field<number | undefined> => {
  const { read } = integerField(limits.min, limits)
  return { default: undefined, read, write: (value) => (value === undefined ? '' : String(value)) }
}

/** One of some words; the first where `initial` is left out. */
export const choiceField = <const W extends string>(
  words: readonly [W, ...W[]],
  initial: W = words[0],
): Field<W> => ({
  default: initial,
  read: (text) => words.find((word) => word === text),
  write: (value) => value,
})

export const flagField = (initial = false): Field<boolean> => ({
  default: initial,
  read: (text) => (text === '1' ? true : text === '0' ? false : undefined),
  write: (value) => (value ? '1' : '0'),
})

/** Any text that `fits`. */
export const textField = (initial: string, fits: (text: string) => boolean = () => true): Field<string> => ({
  default: initial,
  read: (text) => (fits(text) ? text : undefined),
  write: (value) => value,
})

/** Words of a list, in the order of the list: layers that are on. */
export const setField = <const W extends string>(
  words: readonly W[],
  initial: readonly W[],
): Field<readonly W[]> => ({
  default: initial,
  read: (text) => {
    const asked = text === '' ? [] : text.split('.')
    return asked.every((word) => words.some((known) => known === word))
      ? words.filter((word) => asked.includes(word))
      : undefined
  },
  write: (value) => words.filter((word) => value.includes(word)).join('.'),
})
