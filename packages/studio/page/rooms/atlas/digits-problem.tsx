import { Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import { createOnce } from '../../parts/latest.ts'
import { engine } from '../../worker/client.ts'
import { HeldOutPicker } from '../digits/held-out-picker.tsx'
import { NoisePicker, OperatorPicker } from '../digits/pickers.tsx'
import type { AtlasValues } from './fields.ts'

/** The problem of a digit: which, seen how. A mask is painted in the room of the digits. */
export function DigitsProblemControls(props: {
  readonly values: AtlasValues
  readonly set: (change: Partial<AtlasValues>) => void
}) {
  const heldOut = createOnce(() => engine.digits.heldOut()).answer
  const operators = createOnce(() => engine.digits.operators()).answer
  const noises = createOnce(() => engine.digits.noises()).answer
  return (
    <section>
      <h2>
        The digit{' '}
        <Hint about="the digit">
          One that the prior was not trained on, and what is measured of it. To paint a mask or a digit of
          yours, open a cell, paint, and come back by “A map of its settings”.
        </Hint>
      </h2>
      <HeldOutPicker
        digits={heldOut() ?? []}
        chosen={props.values.drawn === '' ? props.values.digit : undefined}
        onChoose={(digit) => props.set({ digit, drawn: '' })}
        legend="hidden"
      />
      <Show when={props.values.drawn !== ''}>
        <p class="small muted">A picture that was drawn.</p>
      </Show>
      <OperatorPicker values={props.values} set={props.set} entries={operators()} paint />
      <NoisePicker values={props.values} set={props.set} entries={noises()} />
    </section>
  )
}
