import type { Values } from '../../state/fields.ts'
import { choiceField, integerField, textField } from '../../state/fields.ts'
import { fields as digitsFields } from '../digits/fields.ts'
import { fields as planeFields } from '../plane/fields.ts'
import { isPacked } from './packed.ts'

const { prior, moved, angle, offset, sigma, n, seed, at } = planeFields
const { digit, drawn, operator, mask, noise, pick } = digitsFields

/** All that a visitor can set. The code is packed, and empty where it is as in the repository. */
export const fields = {
  method: textField('dps:steps=100', (text) => /^[a-z][\w-]*(:.*)?$/.test(text)),
  code: textField('', isPacked),
  /** A planted fault that runs at once, by its name: it is of the page's own files, and not of the link. */
  fault: textField('', (text) => /^[\w-]*$/.test(text)),
  /** What both run on. */
  on: choiceField(['plane', 'digits']),
  seed,
  at,
  // The plane.
  prior,
  moved,
  angle,
  offset,
  sigma,
  n,
  // Digits.
  digit,
  drawn,
  operator,
  mask,
  noise,
  samples: integerField(2, { min: 1, max: 16 }),
  pick,
} as const

export type CodeValues = Values<typeof fields>
