// What the tests of all methods have to know of each.
import { blackBoxes } from './blackbox.test.helper.ts'
import { blind } from './blind.test.helper.ts'
import { csgm } from './csgm.test.helper.ts'
import { decoupled } from './decoupled.test.helper.ts'
import type { Known } from './entry.test.helper.ts'
import { first } from './first.test.helper.ts'
import { flow } from './flow.test.helper.ts'
import { flows } from './flows.test.helper.ts'
import { gradient } from './gradient.test.helper.ts'
import { latent } from './latent.test.helper.ts'
import { midpoint } from './midpoint.test.helper.ts'
import { particles } from './particles.test.helper.ts'
import { projection } from './projection.test.helper.ts'
import { spectral } from './spectral.test.helper.ts'
import { splitting } from './splitting.test.helper.ts'
import { variational } from './variational.test.helper.ts'
import { weightedDiffusions } from './weighted.test.helper.ts'

export type { Known }

/** By the name of the method. */
export const known: Readonly<Record<string, Known>> = {
  ...first,
  ...blackBoxes,
  ...blind,
  ...csgm,
  ...flow,
  ...decoupled,
  ...flows,
  ...gradient,
  ...latent,
  ...midpoint,
  ...particles,
  ...projection,
  ...spectral,
  ...variational,
  ...splitting,
  ...weightedDiffusions,
}
