import { Show } from 'solid-js'
import { createLatest } from '../../parts/latest.ts'
import { fingerprint } from '../../parts/save.ts'

type Numbers = Float32Array<ArrayBuffer>

/** What an edit has changed of the result, each from the same noise. */
export function Difference(props: {
  readonly a: Numbers | undefined
  readonly b: Numbers | undefined
  /** What the numbers are. */
  readonly name: string
  /** How far they have moved, in words. */
  readonly says: (a: Numbers, b: Numbers) => string
}) {
  // No resource: while one loads, the page's Suspense takes the editor away, and its focus with it.
  const printA = createLatest(() => props.a, fingerprint)
  const printB = createLatest(() => props.b, fingerprint)
  const both = () => {
    const { a, b } = props
    return a !== undefined && b !== undefined && a.length === b.length ? { a, b } : undefined
  }
  return (
    <Show when={both()}>
      {(found) => (
        <>
          <p class="small" data-test="moved">
            {found().a.every((v, i) => Object.is(v, found().b[i]))
              ? `The edit changes nothing: the same ${props.name}, bit for bit.`
              : props.says(found().a, found().b)}
          </p>
          <p class="small muted prints">
            SHA-256 of the {props.name}: <code data-test="print-a">{printA() ?? ''}</code> as it is,{' '}
            <code data-test="print-b">{printB() ?? ''}</code> edited
          </p>
        </>
      )}
    </Show>
  )
}
