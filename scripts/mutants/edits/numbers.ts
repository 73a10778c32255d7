import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/calibration/src')
const order = of('suites/tilt.ts', 'suites/tilt-order.test.ts')
const rows = of('rows/of-method.ts', 'suites/tilt-order.test.ts')
const plan = of('measure/plan.ts', 'measure/plan.test.ts')

/** Rows of the tables that are set beside published ones. */
export const numbersEdits: readonly Edit[] = [
  order('numbers-pure-annealed', 'particles: 1, gamma: 0', 'particles: 1', 'pure guidance is annealed'),
  order('numbers-pure-weighed', 'particles: 1, gamma: 0', 'gamma: 0', 'pure guidance has weights'),
  order(
    'numbers-pure-half',
    "'pure-guidance', method: 'afdps'",
    "'pure-guidance', method: 'g-smc'",
    'half of the guidance',
  ),
  order(
    'numbers-vcg',
    "'vcg', method: 'driftlite'",
    "'vcg', method: 'afdps'",
    'the row of VCG is another method',
  ),
  rows(
    'numbers-populations',
    'variant?.populations ?? suite.populations',
    'suite.populations',
    'a variant has rows that it names none of',
  ),
  plan(
    'numbers-one-run',
    'const alone = text !== row',
    'const alone = false',
    'the row of runs comes with that of one run',
  ),
]
