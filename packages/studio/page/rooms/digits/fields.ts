import type { Values } from '../../state/fields.ts'

import { choiceField, integerField, textField } from '../../state/fields.ts'

import { hiddenBox, hiddenOf, levelsOf, maskText } from './pixels.ts'

/** The operator whose mask is painted, as the command line has it. */
export const painted = 'inpaint:mask=mask.png'

/** Held-out digits that the page has. */
export const digitCount = 20

const isSpec = (text: string) => /^[a-z][\w-]*(:.*)?$/.test(text)

/** All that a visitor can set. */
export const fields = {
  /** Of digits, or of photographs, which is fetched when it is chosen. */
  prior: choiceField(['digits', 'photos']),
  /** Which of the held-out digits. */
  digit: integerField(5, { min: 0, max: digitCount - 1 }),
  /** A picture that was drawn or dropped, in its place. */
  drawn: textField('', (text) => text === '' || levelsOf(text) !== undefined),
  operator: textField(painted, isSpec),
  /** What the painted mask hides. */
  mask: textField(maskText(hiddenBox(14)), (text) => hiddenOf(text)?.includes(0) === true),
  noise: textField('gaussian:sigma=0.05', isSpec),
  a: textField('dps:steps=100,scale=1.2', isSpec),
  b: textField('diffpir:steps=40', (text) => text === 'none' || isSpec(text)),
  /** Samples of each method. */
  n: integerField(4, { min: 1, max: 16 }),
  seed: integerField(0, { min: 0, max: 999_999 }),
  /** Pixels of the longer side of a photograph. */
  side: integerField(96, { min: 32, max: 192 }),
  /** Where in the run, in thousandths; at the end a run that goes on is followed. */
  at: integerField(1000, { min: 0, max: 1000 }),
  /** The sample that is looked at. */
  pick: integerField(0, { min: 0, max: 15 }),
} as const

export type DigitsValues = Values<typeof fields>

/** What is asked when a prior is chosen: a problem and methods that suit its pictures. */
export const beginOf: Readonly<Record<DigitsValues['prior'], Partial<DigitsValues>>> = {
  digits: {
    operator: fields.operator.default,
    noise: fields.noise.default,
    a: fields.a.default,
    b: fields.b.default,
    n: fields.n.default,
  },
  photos: {
    operator: 'inpaint:random=0.5',
    noise: 'gaussian:sigma=0.05',
    a: 'diffpir:steps=15,zeta=1',
    b: 'ddrm:steps=15',
    n: 1,
  },
}
