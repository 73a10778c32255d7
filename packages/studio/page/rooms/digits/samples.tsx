import { For } from 'solid-js'
import type { Pictures } from './engine/frames.ts'
import { planeOf } from './moments.ts'
import { PixelView } from './pixel-view.tsx'

/** All samples at a moment, of which one is looked at. */
export function Samples(props: {
  readonly legend: string
  readonly pictures: Pictures | undefined
  readonly pick: number
  readonly onPick: (sample: number) => void
}) {
  return (
    <fieldset class="samples">
      <legend class="small muted">{props.legend}</legend>
      <For each={Array.from({ length: props.pictures?.shape[0] ?? 0 }, (_, n) => n)}>
        {(n) => (
          <button
            type="button"
            aria-label={`Look at sample ${n + 1}`}
            aria-pressed={props.pick === n}
            onClick={() => props.onPick(n)}
          >
            <PixelView plane={props.pictures && planeOf(props.pictures, n)} />
          </button>
        )}
      </For>
    </fieldset>
  )
}
