import { choice, interval, number } from '../options/index.ts'
import type { AncestralVariance } from '../samplers/ancestral.ts'
import { ancestralVariances } from '../samplers/ancestral.ts'

// Options that several methods have.

/** `clip`: see `clipped`. */
export const clipRange = interval('range of x̂0', 'none; a prior may clip itself')

/** `eta` of a DDIM step; where it is not given, `value`. */
export const ddimEta = (value: number) =>
  number("DDIM's η of the reverse step; 1 is ancestral", { default: value, min: 0, max: 1 })

/** `eta` of a step that mixes the old noise with new; where it is not given, `value`. */
export const freshEta = (value: number) =>
  number('η: part of the new noise that is drawn afresh', { default: value, min: 0, max: 1 })

/** `variance` of an ancestral step; where it is not given, `value`. */
export const ancestralVariance = (value: AncestralVariance) =>
  choice(
    'of the ancestral step: β̃ (small), β (large), or where between them the network says (learned-range)',
    ancestralVariances,
    value,
  )

/** `variance` beside an `eta`. */
export const reverseVariance = choice(
  'of the reverse step with eta = 1: β̃ (small), β (large), or where between them the network says (learned-range)',
  ancestralVariances,
  'small',
)
