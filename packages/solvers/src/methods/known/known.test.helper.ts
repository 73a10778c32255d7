// What the tests of all methods have to know of each.
import type { Settings } from '../../options/index.ts'
import { first } from './first.test.helper.ts'
import { gradient } from './gradient.test.helper.ts'

/** What is known of a method. */
export interface Known {
  /** What it does where nothing is said, and who said so; options of every run aside. */
  readonly defaults: Readonly<Record<string, readonly [value: unknown, whose: string]>>
  /** What it draws before the first step and in each step, and the options with which it draws all that. */
  readonly draws: {
    readonly start: readonly string[]
    readonly step: readonly string[]
    readonly options?: Settings
  }
  /** For an option that matters only beside others: those others. */
  readonly matters?: Readonly<Record<string, Settings>>
  /** Options for problems of four numbers, where its defaults are for images. */
  readonly small?: Settings
}

/** By the name of the method. */
export const known: Readonly<Record<string, Known>> = {
  ...first,
  ...gradient,
}
