import type { Suite } from '../types.ts'
import { bipsda } from './bipsda.ts'
import { calibration1d } from './calibration-1d.ts'
import { gmm } from './gmm.ts'
import { ksd } from './ksd.ts'
import { levy } from './levy.ts'
import { mgps } from './mgps.ts'
import { tilt } from './tilt.ts'

/** All suites. */
export const suites: readonly Suite[] = [gmm, ksd, bipsda, levy, tilt, mgps, calibration1d]
