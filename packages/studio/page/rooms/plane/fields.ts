import type { Field, Values } from '../../state/fields.ts'
import {
  choiceField,
  integerField,
  maybeInteger,
  numberField,
  setField,
  textField,
} from '../../state/fields.ts'
import type { Law, Point, Stripe } from './law.ts'
import type { Moved, PresetName } from './presets.ts'
import { lawOf, presets } from './presets.ts'

/** The plane that is seen goes from −reach to reach. */
export const reach = 3.2

/** `3:0.5,-1;4:…`: components that were dragged. */
const movedField: Field<readonly Moved[]> = {
  default: [],
  read: (text) => {
    if (text === '') return []
    const list = text.split(';').map((part) => {
      const [, index, x, y] = /^(\d{1,2}):(-?[\d.]+),(-?[\d.]+)$/.exec(part) ?? []
      return { index: Number(index), x: Number(x), y: Number(y) }
    })
    const fits = ({ index, x, y }: Moved) => index < 25 && Math.abs(x) <= reach && Math.abs(y) <= reach
    return list.every(fits) ? list : undefined
  },
  write: (list) =>
    list.map(({ index, x, y }) => `${index}:${Number(x.toFixed(2))},${Number(y.toFixed(2))}`).join(';'),
}

/** What can be laid over the plane. */
export const layers = ['prior', 'exact', 'particles', 'guidance', 'error', 'cloud', 'handles'] as const
export type Layer = (typeof layers)[number]

const isMethod = (text: string) => /^[a-z][\w-]*(:.*)?$/.test(text)

/** All that a visitor can set. */
export const fields = {
  prior: choiceField(presets.map(({ name }) => name) as [PresetName, ...PresetName[]]),
  moved: movedField,
  angle: numberField(62, { min: -180, max: 180, digits: 1 }),
  offset: numberField(0.35, { min: -reach, max: reach, digits: 3 }),
  sigma: numberField(0.25, { min: 0.03, max: 1.5, digits: 3 }),
  a: textField('dps:steps=100', isMethod),
  b: textField('tmpd:steps=100', (text) => text === 'none' || isMethod(text)),
  n: integerField(1000, { min: 100, max: 2000 }),
  seed: integerField(0, { min: 0, max: 999_999 }),
  /** Of B, where it is another than that of A. */
  seedB: maybeInteger({ min: 0, max: 999_999 }),
  /** The index of the step at which B goes on from A. */
  branch: maybeInteger({ min: 1, max: 100_000 }),
  /** Where in the run, in thousandths; at the end a run that goes on is followed. */
  at: integerField(1000, { min: 0, max: 1000 }),
  show: setField(layers, ['prior', 'exact', 'particles', 'handles']),
  /** A particle that is looked at. */
  pick: maybeInteger({ min: 0, max: 1999 }),
} as const

export type PlaneValues = Values<typeof fields>

export const lawIn = ({ prior, moved }: Pick<PlaneValues, 'prior' | 'moved'>): Law => lawOf(prior, moved)

/** The components that were dragged, when one more was: no further than the plane goes. */
export function dragged(moved: readonly Moved[], index: number, [x, y]: Point): readonly Moved[] {
  const within = (v: number) => Math.min(reach, Math.max(-reach, v))
  return [...moved.filter((one) => one.index !== index), { index, x: within(x), y: within(y) }]
}

export const stripeIn = ({
  angle,
  offset,
  sigma,
}: Pick<PlaneValues, 'angle' | 'offset' | 'sigma'>): Stripe => ({
  angle,
  offset,
  sigma,
})
