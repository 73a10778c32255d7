import { For, Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import { createLatest } from '../../parts/latest.ts'
import { engine } from '../../worker/client.ts'
import { painted } from '../digits/fields.ts'
import { KindPicker } from '../digits/kind-picker.tsx'
import { PixelView } from '../digits/pixel-view.tsx'
import { side } from '../digits/pixels.ts'
import type { AtlasValues } from './fields.ts'

/** The problem of a digit: which, seen how. A mask is painted in the room of the digits. */
export function DigitsProblemControls(props: {
  readonly values: AtlasValues
  readonly set: (change: Partial<AtlasValues>) => void
}) {
  const heldOut = createLatest(
    () => true,
    () => engine.digits.heldOut(),
  )
  const operators = createLatest(
    () => true,
    () => engine.digits.operators(),
  )
  const noises = createLatest(
    () => true,
    () => engine.digits.noises(),
  )
  return (
    <section>
      <h2>
        The digit{' '}
        <Hint about="the digit">
          One that the prior was not trained on, and what is measured of it. To paint a mask or a digit of
          yours, open a cell, paint, and come back by “A map of its settings”.
        </Hint>
      </h2>
      <fieldset class="thumbs">
        <legend class="hidden">Digits that the prior has not seen</legend>
        <For each={heldOut() ?? []}>
          {(digit, k) => (
            <button
              type="button"
              aria-label={`A ${Math.floor(k() / 2)}, number ${(k() % 2) + 1}`}
              aria-pressed={props.values.drawn === '' && props.values.digit === k()}
              onClick={() => props.set({ digit: k(), drawn: '' })}
            >
              <PixelView
                plane={{
                  height: side,
                  width: side,
                  data: Float32Array.from(digit, (grey) => grey / 127.5 - 1),
                }}
              />
            </button>
          )}
        </For>
      </fieldset>
      <Show when={props.values.drawn !== ''}>
        <p class="small muted">A picture that was drawn.</p>
      </Show>
      <KindPicker
        label="Operator"
        entries={operators() ?? []}
        text={props.values.operator}
        onChange={(operator) => props.set({ operator })}
        first={{ text: painted, title: 'painted mask' }}
      />
      <KindPicker
        label="Noise"
        entries={noises() ?? []}
        text={props.values.noise}
        onChange={(noise) => props.set({ noise })}
      />
    </section>
  )
}
