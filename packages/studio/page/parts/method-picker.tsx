import { createMemo, For, Show } from 'solid-js'
import type { MethodEntry } from '../worker/methods.ts'
import { Hint } from './hint.tsx'
import { PickedOptions } from './picked-options.tsx'
import { settingsOf } from './settings.ts'

/** Families of the survey, as headings. */
const families: Readonly<Record<string, string>> = {
  explicit: 'Explicit approximations',
  variational: 'Variational',
  csgm: 'Latent optimisation',
  exact: 'Asymptotically exact',
  latent: 'Latent diffusion',
}

/** Chooses a method and its options. Methods that do not fit are there, greyed, with the reason. */
export function MethodPicker(props: {
  readonly label: string
  /** A variable of `theme.css`. */
  readonly colour: string
  readonly entries: readonly MethodEntry[]
  /** `name:key=value,…`, or 'none'. */
  readonly text: string
  readonly onChange: (text: string) => void
  /** Whether there may be none. */
  readonly optional?: boolean
  readonly without?: readonly string[]
}) {
  const name = () => settingsOf(props.text).name
  const entry = createMemo(() => props.entries.find((one) => one.name === name()))
  const grouped = () =>
    Object.entries(families).map(([family, title]) => ({
      title,
      list: props.entries.filter((one) => one.family === family),
    }))
  const choose = (to: string) =>
    props.onChange(to === 'none' ? 'none' : (props.entries.find((one) => one.name === to)?.suggested ?? to))
  return (
    <div class="picker">
      <div class="picker-head">
        <i class="dot" style={{ background: `var(--${props.colour})` }} />
        <select aria-label={props.label} onChange={(event) => choose(event.currentTarget.value)}>
          <Show when={props.optional}>
            <option value="none" selected={props.text === 'none'}>
              no second method
            </option>
          </Show>
          <Show when={entry() === undefined && props.text !== 'none'}>
            <option selected>{name()}</option>
          </Show>
          <For each={grouped()}>
            {({ title, list }) => (
              <Show when={list.length > 0}>
                <optgroup label={title}>
                  <For each={list}>
                    {(one) => (
                      <option
                        value={one.name}
                        selected={one.name === name()}
                        disabled={one.unfit !== undefined}
                      >
                        {one.unfit === undefined ? one.title : `${one.title} (${one.unfit})`}
                      </option>
                    )}
                  </For>
                </optgroup>
              </Show>
            )}
          </For>
        </select>
        <Show when={entry()}>
          {(one) => (
            <Hint about={one().title}>
              <strong>{one().title}</strong>. {one().paper}.<br />
              {one().limits}
            </Hint>
          )}
        </Show>
      </div>
      <PickedOptions
        entry={entry()}
        text={props.text}
        onChange={props.onChange}
        {...(props.without && { without: props.without })}
      />
    </div>
  )
}
