import { OptionError } from '@tweedie/tensor'
import { integer, number } from '../../options/index.ts'

/** The options of all compressed sensing. */
export const sensingOptions = {
  ratio: number('how many numbers are measured for each number of the picture', {
    default: 0.25,
    above: 0,
    max: 1,
  }),
  seed: integer('which random measurement', { default: 0, min: 0 }),
}

/**
 * How many of n numbers a ratio measures: round(ratio·n).
 * @param of - What they are, for messages.
 * @throws {OptionError} where there are none.
 */
export function measuredOf(ratio: number, n: number, of: string): number {
  const count = Math.round(ratio * n)
  if (count >= 1) return count
  throw new OptionError('ratio', `${ratio} of ${n} ${of} is none; ${0.5 / n} and more measures one`)
}
