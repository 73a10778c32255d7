import type { JSX } from 'solid-js'

/** A button. */
export function Button(props: {
  readonly onClick: () => void
  readonly children: JSX.Element
  readonly title?: string
  /** What it is called where what it shows is a sign. */
  readonly label?: string
  readonly quiet?: boolean
  readonly pressed?: boolean
  readonly disabled?: boolean
}) {
  return (
    <button
      type="button"
      classList={{ button: true, quiet: props.quiet === true }}
      onClick={() => props.onClick()}
      title={props.title}
      aria-label={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled}
    >
      {props.children}
    </button>
  )
}
