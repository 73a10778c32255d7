import type { JSX } from 'solid-js'
import { createUniqueId, Show } from 'solid-js'
import { Hint } from './hint.tsx'

/** A number on a line. The value is shown, and can be typed. */
export function Slider(props: {
  readonly label: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  readonly onInput: (value: number) => void
  readonly unit?: string
  /** Two sentences on it. */
  readonly about?: JSX.Element
  /** Equal ways on the line are equal factors. */
  readonly log?: boolean
}) {
  const id = createUniqueId()
  const along = (value: number) => (props.log ? Math.log(value) : value)
  const back = (place: number) => (props.log ? rounded(Math.exp(place)) : place)
  const give = (value: number) => {
    if (Number.isFinite(value)) props.onInput(Math.min(props.max, Math.max(props.min, value)))
  }
  return (
    <div class="slider">
      <label for={id}>{props.label}</label>
      <Show when={props.about}>
        <Hint about={props.label}>{props.about}</Hint>
      </Show>
      <input
        type="number"
        aria-label={`${props.label}, as a number`}
        value={Number(props.value.toFixed(4))}
        min={props.min}
        max={props.max}
        step={props.step}
        onChange={(event) => give(event.currentTarget.valueAsNumber)}
      />
      <Show when={props.unit}>
        <span class="unit">{props.unit}</span>
      </Show>
      <input
        id={id}
        type="range"
        value={along(props.value)}
        min={along(props.min)}
        max={along(props.max)}
        step={props.log ? (along(props.max) - along(props.min)) / 200 : props.step}
        onInput={(event) => give(back(event.currentTarget.valueAsNumber))}
      />
    </div>
  )
}

/** Three digits. */
const rounded = (value: number): number => Number(value.toPrecision(3))
