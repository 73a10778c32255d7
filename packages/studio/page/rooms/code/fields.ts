import { textField } from '../../state/fields.ts'
import { fields as planeFields } from '../plane/fields.ts'
import { isPacked } from './packed.ts'

const { prior, moved, angle, offset, sigma, n, seed, at } = planeFields

/** All that a visitor can set. The code is packed, and empty where it is as in the repository. */
export const fields = {
  method: textField('dps:steps=100', (text) => /^[a-z][\w-]*(:.*)?$/.test(text)),
  code: textField('', isPacked),
  prior,
  moved,
  angle,
  offset,
  sigma,
  n,
  seed,
  at,
} as const
