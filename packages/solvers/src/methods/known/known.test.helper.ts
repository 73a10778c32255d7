// What the tests of all methods have to know of each.
import { unknownGain } from '../../operators/index.ts'
import type { Settings } from '../../options/index.ts'
import type { Operator } from '../../types.ts'
import type { MethodInfo } from '../index.ts'
import { blind } from './blind.test.helper.ts'
import { first } from './first.test.helper.ts'

/** What is known of a method. */
export interface Known {
  /** What it does where nothing is said, and who said so; options of every run aside. */
  readonly defaults: Readonly<Record<string, readonly [value: unknown, whose: string]>>
  /** What it draws before the first step and in each step, and the options with which it draws all that. */
  readonly draws: {
    readonly start: readonly string[]
    readonly step: readonly string[]
    readonly options?: Settings
    /** Those of a step that the last one does without. */
    readonly clean?: readonly string[]
  }
  /** Options for problems of four numbers, where its defaults are for images. */
  readonly small?: Settings
}

/** By the name of the method. */
export const known: Readonly<Record<string, Known>> = {
  ...first,
  ...blind,
}

/** Whether a method looks for something unknown of the measurement. */
export const takesUnknown = ({ needs }: MethodInfo): boolean =>
  needs.includes('blind') || needs.includes('blindSvd')

/** The operator as a method takes it: one that looks for an unknown gets it with an unknown gain. */
export const askedOf = <O extends Operator>(info: MethodInfo, operator: O): O | Operator =>
  takesUnknown(info) && operator.blind === undefined ? unknownGain(operator) : operator
