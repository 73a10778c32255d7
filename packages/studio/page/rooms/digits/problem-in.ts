import type { DigitsProblem } from './engine/problem.ts'
import { painted } from './fields.ts'

/** The problem of a state, without what does not count in it. */
export const problemIn = ({ digit, drawn, operator, mask, noise }: DigitsProblem): DigitsProblem => ({
  digit: drawn === '' ? digit : 0,
  drawn,
  operator,
  mask: operator === painted ? mask : '',
  noise,
})
