import type { JSX } from 'solid-js'
import type { MethodEntry } from '../worker/methods.ts'
import { Hint } from './hint.tsx'
import { MethodPicker } from './method-picker.tsx'

/** Chooses the two methods of a room, the second or none. */
export function MethodPair(props: {
  readonly values: { readonly a: string; readonly b: string }
  readonly set: (change: { readonly a: string } | { readonly b: string }) => void
  readonly entries: readonly MethodEntry[]
  /** What both begin with. */
  readonly from: string
  readonly without?: readonly string[]
  /** What else is chosen of them. */
  readonly children?: JSX.Element
}) {
  const shared = {
    get entries() {
      return props.entries
    },
    get without() {
      return props.without ?? []
    },
  }
  return (
    <section data-tour="methods">
      <h2>
        Methods{' '}
        <Hint about="the methods">
          Two at a time, from the same {props.from}. Those that cannot take this problem are grey, with the
          reason.
        </Hint>
      </h2>
      <MethodPicker
        label="Method A"
        colour="a"
        text={props.values.a}
        onChange={(a) => props.set({ a })}
        {...shared}
      />
      <MethodPicker
        label="Method B"
        colour="b"
        text={props.values.b}
        optional
        onChange={(b) => props.set({ b })}
        {...shared}
      />
      {props.children}
    </section>
  )
}
