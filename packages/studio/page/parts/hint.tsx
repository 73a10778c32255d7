import type { JSX } from 'solid-js'
import { createUniqueId } from 'solid-js'

/** Explains a thing where it is, in two sentences, behind a small mark: on hover, on focus, or on a tap. */
export function Hint(props: { readonly about: string; readonly children: JSX.Element }) {
  const id = createUniqueId()
  return (
    <span class="hint">
      <button type="button" class="mark" aria-label={`About ${props.about}`} aria-describedby={id}>
        ?
      </button>
      <span role="tooltip" id={id} class="tip">
        {props.children}
      </span>
    </span>
  )
}
