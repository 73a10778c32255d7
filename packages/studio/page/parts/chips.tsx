import { createUniqueId, For } from 'solid-js'

/** One of a few, all in sight. */
export function Chips<W extends string>(props: {
  readonly label: string
  readonly value: W
  readonly choices: readonly { readonly value: W; readonly title: string; readonly about?: string }[]
  readonly onChoose: (value: W) => void
}) {
  const name = createUniqueId()
  return (
    <fieldset class="chips">
      <legend class="hidden">{props.label}</legend>
      <For each={props.choices}>
        {(choice) => (
          <label title={choice.about}>
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={props.value === choice.value}
              onChange={() => props.onChoose(choice.value)}
            />
            <span>{choice.title}</span>
          </label>
        )}
      </For>
    </fieldset>
  )
}

/** Any of a few, all in sight: layers. */
export function Toggles<W extends string>(props: {
  readonly label: string
  readonly value: readonly W[]
  readonly choices: readonly {
    readonly value: W
    readonly title: string
    readonly about?: string
    /** A variable of `theme.css`, for a dot of that colour. */
    readonly colour?: string
  }[]
  readonly onChange: (value: readonly W[]) => void
}) {
  const turned = (word: W, on: boolean) =>
    props.choices
      .map(({ value }) => value)
      .filter((value) => (value === word ? on : props.value.includes(value)))
  return (
    <fieldset class="chips">
      <legend class="hidden">{props.label}</legend>
      <For each={props.choices}>
        {(choice) => (
          <label title={choice.about}>
            <input
              type="checkbox"
              checked={props.value.includes(choice.value)}
              onChange={(event) => props.onChange(turned(choice.value, event.currentTarget.checked))}
            />
            <span>
              {choice.colour !== undefined && (
                <i class="dot" style={{ background: `var(--${choice.colour})` }} />
              )}
              {choice.title}
            </span>
          </label>
        )}
      </For>
    </fieldset>
  )
}
