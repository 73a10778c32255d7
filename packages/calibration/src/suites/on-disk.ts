import { shippedDigits } from '../digits/shipped.ts'
import type { Suite } from '../types.ts'
import { suites } from './catalog.ts'
import { digitsGmm } from './digits-gmm.ts'

/** All suites, those too whose law or pictures lie in files, which are read when a problem is posed. */
export const allSuites: readonly Suite[] = [...suites, digitsGmm(shippedDigits)]
