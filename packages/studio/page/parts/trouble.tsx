import { Show } from 'solid-js'
import { inWords } from '../worker/client.ts'

/** Why a room, or what it runs, could not be shown, in words; nothing where there is no reason. */
export function Trouble(props: { readonly error: unknown }) {
  return (
    <Show when={props.error}>
      {(error) => (
        <p class="note bad" role="alert">
          {inWords(error())}
        </p>
      )}
    </Show>
  )
}
