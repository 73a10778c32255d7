// What the tests of all methods have to know of each.
import { unknownGain } from '../../operators/index.ts'
import type { Operator } from '../../types.ts'
import type { MethodInfo } from '../index.ts'
import { blind } from './blind.test.helper.ts'
import type { Known } from './entry.test.helper.ts'
import { first } from './first.test.helper.ts'
import { gradient } from './gradient.test.helper.ts'
import { projection } from './projection.test.helper.ts'

export type { Known }

import { spectral } from './spectral.test.helper.ts'

/** By the name of the method. */
export const known: Readonly<Record<string, Known>> = {
  ...first,
  ...blind,
  ...gradient,
  ...projection,
  ...spectral,
}

/** Whether a method looks for something unknown of the measurement. */
export const takesUnknown = ({ needs }: MethodInfo): boolean =>
  needs.includes('blind') || needs.includes('blindSvd')

/** The operator as a method takes it: one that looks for an unknown gets it with an unknown gain. */
export const askedOf = <O extends Operator>(info: MethodInfo, operator: O): O | Operator =>
  takesUnknown(info) && operator.blind === undefined ? unknownGain(operator) : operator
