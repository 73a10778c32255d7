import type { Values } from '../../state/fields.ts'
import { choiceField, integerField, textField } from '../../state/fields.ts'
import { fields as digits } from '../digits/fields.ts'
import { fields as plane } from '../plane/fields.ts'
import { axisField } from './axis.ts'
import { methodsField } from './method-list.ts'

const isMethod = (text: string) => /^[a-z][\w-]*(:.*)?$/.test(text)

/** All that a visitor can set. What is of one problem only has the name and the values that it has in that problem's room. */
export const fields = {
  view: choiceField(['map', 'calibration', 'failures']),
  /** What the map is of. */
  on: choiceField(['digits', 'plane']),
  method: textField('dps', isMethod),
  x: axisField({ option: 'steps', values: ['5', '10', '20', '40'] }),
  y: axisField({ option: 'scale', values: ['0.3', '0.6', '1.2', '2.4', '4.8'] }),
  /** What the colours of a map of digits tell, and of one on the plane. */
  score: choiceField(['psnr', 'misfit', 'crps']),
  distance: choiceField(['sw', 'spread', 'coverage']),
  seed: integerField(0, { min: 0, max: 999_999 }),

  digit: digits.digit,
  drawn: digits.drawn,
  operator: digits.operator,
  mask: digits.mask,
  noise: digits.noise,
  /** Samples of each cell on digits. */
  n: integerField(2, { min: 1, max: 16 }),

  prior: plane.prior,
  moved: plane.moved,
  angle: plane.angle,
  offset: plane.offset,
  sigma: plane.sigma,
  /** Particles of each cell on the plane. */
  particles: integerField(400, { min: 100, max: 2000 }),

  /** The methods whose calibration is watched. */
  methods: methodsField([
    'dps:steps=100',
    'pigdm:steps=50',
    'tmpd:steps=25',
    'ddrm:steps=20',
    'diffpir:steps=40',
  ]),
  cost: choiceField(['nfe', 'seconds']),
  /** Whose ranks are drawn. */
  ranks: choiceField(['first', 'second', 'density']),
} as const

export type AtlasValues = Values<typeof fields>
