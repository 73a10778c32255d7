import { For, Show } from 'solid-js'
import type { MethodEntry, OptionEntry } from '../worker/methods.ts'
import { Hint } from './hint.tsx'
import { settingsOf, withSetting } from './settings.ts'

/** What fits, what holds where it is left out, and who has said so. */
function About(props: { readonly option: OptionEntry }) {
  return (
    <Hint about={props.option.name}>
      {props.option.doc}. It takes {props.option.range}; left out it is {props.option.otherwise}.
      <For each={props.option.sources}>
        {(source) => (
          <>
            <br />
            {source}
          </>
        )}
      </For>
    </Hint>
  )
}

/** All options of a method, an operator or a noise, made from what the registry says of them. */
export function Options(props: {
  readonly entry: Pick<MethodEntry, 'options'>
  readonly text: string
  readonly onChange: (text: string) => void
  /** Options that the room sets itself. */
  readonly without?: readonly string[]
}) {
  const value = (name: string) => settingsOf(props.text).settings[name] ?? ''
  const set = (name: string, to: string) => props.onChange(withSetting(props.text, name, to.trim()))
  const shown = () => props.entry.options.filter(({ name }) => !(props.without ?? []).includes(name))
  return (
    <div class="options">
      <For each={shown()}>
        {(option) => (
          <div class="option">
            <span>
              {option.name} <About option={option} />
            </span>
            <Show
              when={option.control.kind === 'choice' && option.control}
              fallback={
                <input
                  type="text"
                  inputmode={
                    option.control.kind === 'number' || option.control.kind === 'integer' ? 'decimal' : 'text'
                  }
                  aria-label={option.name}
                  value={value(option.name)}
                  placeholder={option.otherwise}
                  onChange={(event) => set(option.name, event.currentTarget.value)}
                />
              }
            >
              {(control) => (
                <select
                  aria-label={option.name}
                  onChange={(event) => set(option.name, event.currentTarget.value)}
                >
                  <option value="" selected={value(option.name) === ''}>
                    {option.otherwise}
                  </option>
                  <For each={control().choices.filter((choice) => choice !== option.otherwise)}>
                    {(choice) => <option selected={choice === value(option.name)}>{choice}</option>}
                  </For>
                </select>
              )}
            </Show>
          </div>
        )}
      </For>
    </div>
  )
}
