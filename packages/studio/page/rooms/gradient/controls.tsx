import { Hint } from '../../parts/hint.tsx'
import { SeedSlider } from '../../parts/seed.tsx'
import { Slider } from '../../parts/slider.tsx'
import type { KindEntry } from '../digits/engine/entries.ts'
import { HeldOutPicker } from '../digits/held-out-picker.tsx'
import { OperatorPicker } from '../digits/pickers.tsx'
import type { GradientValues } from './fields.ts'

/** Which step it is the gradient of. */
export function Controls(props: {
  readonly values: GradientValues
  readonly set: (change: Partial<GradientValues>) => void
  readonly heldOut: readonly Uint8Array[]
  readonly operators: readonly KindEntry[]
}) {
  return (
    <aside class="panel controls" aria-label="The step" data-tour="controls">
      <section>
        <Slider
          label="Step"
          value={Math.min(props.values.step, props.values.steps)}
          min={1}
          max={props.values.steps}
          step={1}
          unit={`of ${props.values.steps}`}
          about="Where in the run of DPS the gradient is taken: noise at first, nearly a picture at last. The run goes there before the tape is looked at."
          onInput={(step) => props.set({ step: Math.round(step) })}
        />
        <Slider
          label="Steps of DPS"
          value={props.values.steps}
          min={2}
          max={100}
          step={1}
          about="Of the whole run. Each costs one such gradient."
          onInput={(steps) =>
            props.set({ steps: Math.round(steps), step: Math.min(props.values.step, Math.round(steps)) })
          }
        />
      </section>
      <section>
        <h2>
          Operator{' '}
          <Hint about="the operator">
            What is measured of the picture, A in y = A(x₀) + noise with σ = 0.05. Where it sees nothing, its
            cotangent is zero: what the gradient has there comes from the network.
          </Hint>
        </h2>
        <OperatorPicker values={props.values} set={props.set} entries={props.operators} paint={false} />
      </section>
      <HeldOutPicker
        digits={props.heldOut}
        chosen={props.values.digit}
        onChoose={(digit) => props.set({ digit })}
      />
      <SeedSlider
        value={props.values.seed}
        about="All randomness follows from it. The same seed gives the same tape and the same gradients."
        onInput={(seed) => props.set({ seed })}
      />
    </aside>
  )
}
