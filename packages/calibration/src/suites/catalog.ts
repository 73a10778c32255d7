import type { Suite } from '../types.ts'
import { gmm } from './gmm.ts'
import { levy } from './levy.ts'

/** All suites. */
export const suites: readonly Suite[] = [gmm, levy]
