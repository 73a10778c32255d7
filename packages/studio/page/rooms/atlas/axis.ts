import type { Field } from '../../state/fields.ts'
import type { OptionEntry } from '../../worker/methods.ts'

/** An option of a method with the values that are tried, as texts. */
export interface Axis {
  readonly option: string
  readonly values: readonly string[]
}

/** The most values of an axis. */
export const mostValues = 9

const isOption = (text: string) => /^[A-Za-z]\w*$/.test(text)
const isValue = (text: string) => /^[\w.+-]+$/.test(text)

/** The values of a list such as `5, 10, 20`, each once; undefined where there are none, too many, or one is no word. */
export function valuesOf(text: string): readonly string[] | undefined {
  const values = [...new Set(text.split(/[\s,]+/).filter((value) => value !== ''))]
  return values.length > 0 && values.length <= mostValues && values.every(isValue) ? values : undefined
}

/** An axis in the address: `scale~0.3,0.6,1.2`. */
export const axisField = (initial: Axis): Field<Axis> => ({
  default: initial,
  read: (text) => {
    const [option = '', list = '', ...rest] = text.split('~')
    const values = valuesOf(list)
    return isOption(option) && values !== undefined && rest.length === 0 ? { option, values } : undefined
  },
  write: ({ option, values }) => `${option}~${values.join(',')}`,
})

/** Whether an option can be an axis: its values are numbers or words. */
export const canBeAxis = ({ control: { kind } }: OptionEntry): boolean =>
  kind === 'number' || kind === 'integer' || kind === 'choice' || kind === 'flag'

const written = (value: number): string => String(Number(value.toPrecision(3)))

/** Five values of an option, from what the registry says of it: about its default, in factors of two, or all over its range. */
export function suggestedValues({ control, otherwise }: OptionEntry): readonly string[] {
  if (control.kind === 'choice') return control.choices.slice(0, mostValues)
  if (control.kind === 'flag') return ['false', 'true']
  if (control.kind !== 'number' && control.kind !== 'integer') return [otherwise]
  const { kind, min = -Infinity, max = Infinity } = control
  const own = Number(otherwise)
  const whole = (value: number) => (kind === 'integer' ? Math.round(value) : value)
  const spread =
    Number.isFinite(min) && Number.isFinite(max) && max - min <= 10 && kind === 'number'
      ? [0, 1, 2, 3, 4].map((k) => min + ((max - min) * k) / 4)
      : [-2, -1, 0, 1, 2].map((k) => (Number.isFinite(own) && own !== 0 ? own : 1) * 2 ** k)
  const within = spread.map((value) => whole(Math.min(max, Math.max(min, value))))
  return [...new Set(within.map(written))]
}

/** Options that say how strongly a method follows the measurement, the likeliest first. */
const strengths = ['scale', 'lambda', 'eta', 'zeta', 'stepSize', 'learningRate', 'rhoMin', 'c']

/** The two options that a map of a method has at first: its steps, and how strongly it follows the measurement. */
export function suggestedAxes(options: readonly OptionEntry[]): { readonly x?: Axis; readonly y?: Axis } {
  const able = options.filter(canBeAxis)
  const named = (name: string) => able.find((one) => one.name === name)
  const first = named('steps') ?? able[0]
  const second =
    strengths.map(named).find((one) => one !== undefined && one !== first) ??
    able.find((one) => one !== first)
  const axis = (one: OptionEntry) => ({
    option: one.name,
    values: one.name === 'steps' ? ['5', '10', '20', '40'] : suggestedValues(one),
  })
  return { ...(first && { x: axis(first) }), ...(second && { y: axis(second) }) }
}
