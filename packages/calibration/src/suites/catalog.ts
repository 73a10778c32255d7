import type { Suite } from '../types.ts'
import { gmm } from './gmm.ts'

/** All suites. */
export const suites: readonly Suite[] = [gmm]
