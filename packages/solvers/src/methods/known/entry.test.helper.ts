import type { Settings } from '../../options/index.ts'

/** What the tests of all methods have to know of one. */
export interface Known {
  /** What it does where nothing is said, and who said so; options of every run aside. */
  readonly defaults: Readonly<Record<string, readonly [value: unknown, whose: string]>>
  /** What it draws before the first step and in each step, and the options with which it draws all that. */
  readonly draws: {
    readonly start: readonly string[]
    readonly step: readonly string[]
    /** Those of `step` that the step to the clean end does without. An ancestral 'step' it may. */
    readonly clean?: readonly string[]
    /** What only some steps draw, by index. */
    readonly some?: Readonly<Record<number, readonly string[]>>
    readonly options?: Settings
  }
  /** By an option: others, with which alone its value matters. */
  readonly beside?: Readonly<Record<string, Settings>>
  /** By an option: a value that differs from its default in three numbers, where half of it, or one more, does not. */
  readonly other?: Settings
  /** Options for problems of four numbers, where its defaults are for images. */
  readonly small?: Settings
  /** The same for the distances of docs/exact.md, where those of `small` are only quick. */
  readonly exact?: Settings
  /** What spares the comparison of defaults minutes, for options that are read off `info` alone. */
  readonly lighter?: Settings
  /** How many steps it makes with `small` of a grid of so many, where it makes a path of it. */
  readonly path?: (grid: number) => number
  /** Its steps are iterations: as many as are asked for, whatever the grid. */
  readonly iterations?: true
}
