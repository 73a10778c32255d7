import type { Values } from '../../state/fields.ts'
import { choiceField, integerField, textField } from '../../state/fields.ts'
import { digitCount } from '../digits/fields.ts'
import { kinds } from './strategy.ts'

/** Steps of the sampler that a gradient goes through. */
export const chainSteps = 10

/** The noise of the measurement; the room is not about it. */
export const noise = 'gaussian:sigma=0.05'

const isSpec = (text: string) => /^[a-z][\w-]*(:.*)?$/.test(text)
const isIds = (text: string) => /^[\w-]*(\.[\w-]+)*$/.test(text)

/** All that a visitor can set. */
export const fields = {
  /** Which of the held-out digits. */
  digit: integerField(5, { min: 0, max: digitCount - 1 }),
  operator: textField('inpaint:box=14', isSpec),
  /** Steps of DPS, and the one that is looked at, from 1. */
  steps: integerField(20, { min: 2, max: 100 }),
  step: integerField(10, { min: 1, max: 100 }),
  seed: integerField(0, { min: 0, max: 999_999 }),
  /** Blocks that are opened, by their ids with dots between. */
  open: textField('', isIds),
  /** What is looked at when nothing is pointed at: a block, or a call. */
  pick: textField('x', isIds),
  /** Percent. */
  zoom: integerField(100, { min: 40, max: 200 }),
  strategy: choiceField(kinds, 'checkpoint'),
  slots: integerField(3, { min: 1, max: chainSteps - 1 }),
} as const

export type GradientValues = Values<typeof fields>

/** The ids of opened blocks. */
export const openIn = ({ open }: Pick<GradientValues, 'open'>): readonly string[] =>
  open === '' ? [] : open.split('.')

/** The text of opened blocks with one of them turned. */
export const turned = (open: readonly string[], id: string): string =>
  (open.includes(id) ? open.filter((one) => one !== id) : [...open, id]).join('.')
