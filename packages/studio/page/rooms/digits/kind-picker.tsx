import { createMemo, For, Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import { PickedOptions } from '../../parts/picked-options.tsx'
import { settingsOf } from '../../parts/settings.ts'
import type { KindEntry } from './engine/entries.ts'

/** Chooses an operator or a law of noise, with its options. What does not fit is there, greyed, with the reason. */
export function KindPicker(props: {
  readonly label: string
  readonly entries: readonly KindEntry[]
  /** `name:key=value,…`. */
  readonly text: string
  readonly onChange: (text: string) => void
  /** A choice over the others: its text and its name. */
  readonly first?: { readonly text: string; readonly title: string }
}) {
  const isFirst = () => props.text === props.first?.text
  const name = () => settingsOf(props.text).name
  const entry = createMemo(() => (isFirst() ? undefined : props.entries.find((one) => one.name === name())))
  const choose = (to: string) =>
    props.onChange(props.entries.find((one) => one.name === to)?.suggested ?? props.first?.text ?? to)
  return (
    <div class="picker">
      <div class="picker-head">
        <select aria-label={props.label} onChange={(event) => choose(event.currentTarget.value)}>
          <Show when={props.first}>
            {(first) => (
              <option value="" selected={isFirst()}>
                {first().title}
              </option>
            )}
          </Show>
          <Show when={entry() === undefined && !isFirst()}>
            <option selected>{name()}</option>
          </Show>
          <For each={props.entries}>
            {(one) => (
              <option value={one.name} selected={one === entry()} disabled={one.unfit !== undefined}>
                {one.unfit === undefined ? one.name : `${one.name} (${one.unfit})`}
              </option>
            )}
          </For>
        </select>
        <Show when={entry()}>
          {(one) => (
            <Hint about={one().name}>
              {one().name}: {one().summary}.
            </Hint>
          )}
        </Show>
      </div>
      <PickedOptions entry={entry()} text={props.text} onChange={props.onChange} />
    </div>
  )
}
