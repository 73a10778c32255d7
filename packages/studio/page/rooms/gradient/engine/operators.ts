import type { Prior } from '@tweedie/solvers'
import { lackOf, methods, noiseFromSpec, operatorFromSpec } from '@tweedie/solvers'
import { scope } from '@tweedie/tensor'
import type { KindEntry } from '../../digits/engine/entries.ts'
import { operatorEntries } from '../../digits/engine/entries.ts'
import { noise } from '../fields.ts'
import { methodAt } from './state.ts'

/** The operators of the digits, with what DPS lacks of each: a gradient, or its unknown. */
export const operatorsFor = (prior: Prior): KindEntry[] => {
  const { info } = methods.parse(methodAt(1)).entry
  return operatorEntries().map((entry) => {
    if (entry.unfit !== undefined) return entry
    const unfit = scope(() => {
      const operator = operatorFromSpec(entry.suggested, prior.shape)
      return lackOf(info, { operator, noise: noiseFromSpec(noise) }, prior)?.why
    })
    return unfit === undefined ? entry : { ...entry, unfit }
  })
}
