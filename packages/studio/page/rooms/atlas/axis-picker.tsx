import { createSignal, For, Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import type { MethodEntry } from '../../worker/methods.ts'
import type { Axis } from './axis.ts'
import { canBeAxis, mostValues, suggestedValues, valuesOf } from './axis.ts'

/** Chooses the option of an axis, and the values that are tried. */
export function AxisPicker(props: {
  readonly label: string
  readonly axis: Axis
  /** The option of the other axis. */
  readonly taken: string
  readonly entry: MethodEntry | undefined
  readonly onChange: (axis: Axis) => void
}) {
  const [trouble, setTrouble] = createSignal<string>()
  const able = () => (props.entry?.options ?? []).filter((one) => canBeAxis(one) && one.name !== props.taken)
  const option = () => able().find(({ name }) => name === props.axis.option)
  const choose = (name: string) => {
    const entry = able().find((one) => one.name === name)
    setTrouble(undefined)
    if (entry !== undefined) props.onChange({ option: name, values: suggestedValues(entry) })
  }
  const take = (text: string) => {
    const values = valuesOf(text)
    setTrouble(values === undefined ? `One to ${mostValues} values, with commas between them.` : undefined)
    if (values !== undefined) props.onChange({ ...props.axis, values })
  }
  return (
    <div class="axis">
      <label>
        <span class="name small muted">{props.label}</span>
        <select onChange={(event) => choose(event.currentTarget.value)}>
          <Show when={option() === undefined}>
            <option selected>{props.axis.option}</option>
          </Show>
          <For each={able()}>
            {({ name }) => <option selected={name === props.axis.option}>{name}</option>}
          </For>
        </select>
      </label>
      <Show when={option()}>
        {(one) => (
          <Hint about={one().name}>
            {one().doc}. It takes {one().range}; left out it is {one().otherwise}.
          </Hint>
        )}
      </Show>
      <input
        type="text"
        aria-label={`Values of ${props.axis.option}`}
        value={props.axis.values.join(', ')}
        onChange={(event) => take(event.currentTarget.value)}
      />
      <Show when={trouble()}>
        {(why) => (
          <p class="bad-ink small" role="alert">
            {why()}
          </p>
        )}
      </Show>
    </div>
  )
}
