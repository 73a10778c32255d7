import { For, Show } from 'solid-js'
import { Button } from './button.tsx'

/** What of an address could not be read. */
export function Notes(props: { readonly notes: readonly string[]; readonly onDismiss: () => void }) {
  return (
    <Show when={props.notes.length > 0}>
      <div class="note" role="status" data-test="notes">
        <p>Some of this link was left out:</p>
        <ul>
          <For each={props.notes}>{(note) => <li>{note}</li>}</For>
        </ul>
        <Button quiet onClick={props.onDismiss}>
          All right
        </Button>
      </div>
    </Show>
  )
}
