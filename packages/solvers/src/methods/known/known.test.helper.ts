// What the tests of all methods have to know of each.
import type { Known } from './entry.test.helper.ts'
import { first } from './first.test.helper.ts'
import { gradient } from './gradient.test.helper.ts'
import { projection } from './projection.test.helper.ts'

export type { Known }

import { spectral } from './spectral.test.helper.ts'

/** By the name of the method. */
export const known: Readonly<Record<string, Known>> = {
  ...first,
  ...gradient,
  ...projection,
  ...spectral,
}
