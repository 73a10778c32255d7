import { Show } from 'solid-js'
import { Chips } from '../../parts/chips.tsx'
import { Hint } from '../../parts/hint.tsx'
import { MethodPair } from '../../parts/method-pair.tsx'
import { SeedSlider } from '../../parts/seed.tsx'
import { settingsOf, withSetting } from '../../parts/settings.ts'
import { Slider } from '../../parts/slider.tsx'
import type { MethodEntry } from '../../worker/methods.ts'
import type { KindEntry } from './engine/entries.ts'
import type { DigitsValues } from './fields.ts'
import { beginOf } from './fields.ts'
import { NoisePicker, OperatorPicker, SamplesSlider } from './pickers.tsx'

/** All that can be set, beside what is painted. */
export function Controls(props: {
  readonly values: DigitsValues
  readonly set: (change: Partial<DigitsValues>) => void
  readonly operators: readonly KindEntry[]
  readonly noises: readonly KindEntry[]
  readonly methods: readonly MethodEntry[]
}) {
  const noise = () => settingsOf(props.values.noise)
  return (
    <aside class="panel controls" aria-label="Problem and methods">
      <section>
        <h2>
          Prior{' '}
          <Hint about="the prior">
            The network that knows what pictures look like. That of photographs is fetched when it is chosen,
            3.7 MB.
          </Hint>
        </h2>
        <Chips
          label="Prior"
          value={props.values.prior}
          choices={[
            { value: 'digits', title: 'Digits' },
            { value: 'photos', title: 'Photographs' },
          ]}
          onChoose={(prior) => props.set({ ...beginOf[prior], prior, pick: 0, at: 1000 })}
        />
      </section>
      <section data-tour="operator">
        <h2>
          Operator{' '}
          <Hint about="the operator">
            What is measured of the picture, A in y = A(x₀) + noise. With a painted mask you hide pixels with
            the brush.
          </Hint>
        </h2>
        <OperatorPicker
          values={props.values}
          set={props.set}
          entries={props.operators}
          paint={props.values.prior === 'digits'}
        />
      </section>
      <section>
        <h2>
          Noise{' '}
          <Hint about="the noise">
            What is added to A(x₀), in units of a picture that goes from −1 to 1. Methods are told its law.
          </Hint>
        </h2>
        <NoisePicker values={props.values} set={props.set} entries={props.noises} />
        <Show when={noise().name === 'gaussian'}>
          <Slider
            label="Noise σ"
            value={Number(noise().settings['sigma'] ?? 0.05)}
            min={0}
            max={0.5}
            step={0.01}
            onInput={(sigma) => props.set({ noise: withSetting(props.values.noise, 'sigma', String(sigma)) })}
          />
        </Show>
      </section>
      <MethodPair values={props.values} set={props.set} entries={props.methods} from="measurement and seed" />
      <section>
        <SamplesSlider
          value={props.values.n}
          about="Draws of each method for the same measurement. Where they differ, the method says that it is not sure."
          onInput={(n) => props.set({ n, pick: 0 })}
        />
        <SeedSlider
          value={props.values.seed}
          about="All randomness follows from it, that of the measurement too. The same seed gives the same pictures, here and in Node, bit for bit."
          onInput={(seed) => props.set({ seed })}
        />
      </section>
    </aside>
  )
}
