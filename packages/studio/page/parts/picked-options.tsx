import type { ComponentProps } from 'solid-js'
import { Show } from 'solid-js'
import { Options } from './options.tsx'

type Given = ComponentProps<typeof Options>

/** The options of what was picked, folded away. */
export function PickedOptions(
  props: Omit<Given, 'entry'> & { readonly entry: (Given['entry'] & { readonly name: string }) | undefined },
) {
  return (
    <Show when={props.entry}>
      {(one) => (
        <details>
          <summary>
            Options <code>{props.text.slice(one().name.length + 1) || 'as by default'}</code>
          </summary>
          <Options {...props} entry={one()} />
        </details>
      )}
    </Show>
  )
}
