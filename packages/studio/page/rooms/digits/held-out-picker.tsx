import { For } from 'solid-js'
import { planeOfGreys } from './moments.ts'
import { PixelView } from './pixel-view.tsx'
import './thumbs.css'

/** Chooses one of the digits that the prior has not seen: two of each figure. */
export function HeldOutPicker(props: {
  /** Greys 0 … 255. */
  readonly digits: readonly Uint8Array[]
  /** Which is shown; undefined where another picture is. */
  readonly chosen: number | undefined
  readonly onChoose: (digit: number) => void
  /** Of the words over them, which are there for readers of the screen in any case. */
  readonly legend?: 'small muted' | 'hidden'
}) {
  return (
    <fieldset class="thumbs">
      <legend class={props.legend ?? 'small muted'}>Digits that the prior has not seen</legend>
      <For each={props.digits}>
        {(digit, k) => (
          <button
            type="button"
            aria-label={`A ${Math.floor(k() / 2)}, number ${(k() % 2) + 1}`}
            aria-pressed={props.chosen === k()}
            onClick={() => props.onChoose(k())}
          >
            <PixelView plane={planeOfGreys(digit)} />
          </button>
        )}
      </For>
    </fieldset>
  )
}
