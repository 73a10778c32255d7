import { Chips } from '../../parts/chips.tsx'
import { Hint } from '../../parts/hint.tsx'
import { Slider } from '../../parts/slider.tsx'
import { reach } from '../plane/fields.ts'
import { presets } from '../plane/presets.ts'
import type { AtlasValues } from './fields.ts'

/** The problem on the plane. Where truths are drawn, its measurement has a direction and a noise, and no value. */
export function PlaneProblemControls(props: {
  readonly values: AtlasValues
  readonly set: (change: Partial<AtlasValues>) => void
  /** Whether y is drawn for each case. */
  readonly drawn?: boolean
}) {
  return (
    <section>
      <h2>
        The plane{' '}
        <Hint about="the plane">
          {props.drawn
            ? 'A truth is drawn of the prior for every case, and measured along the direction with noise σ. So ranks and coverage have a meaning.'
            : 'The prior and the measurement y = aᵀx + noise, as in the room of the plane. There they can be dragged.'}
        </Hint>
      </h2>
      <Chips
        label="Prior"
        value={props.values.prior}
        choices={presets.map(({ name, title, about }) => ({ value: name, title, about }))}
        onChoose={(prior) => props.set({ prior, moved: [] })}
      />
      <Slider
        label="Angle"
        value={props.values.angle}
        min={-180}
        max={180}
        step={1}
        unit="°"
        onInput={(angle) => props.set({ angle })}
      />
      {!props.drawn && (
        <Slider
          label="Offset y"
          value={props.values.offset}
          min={-reach}
          max={reach}
          step={0.01}
          onInput={(offset) => props.set({ offset })}
        />
      )}
      <Slider
        label="Noise σ"
        value={props.values.sigma}
        min={0.03}
        max={1.5}
        step={0.01}
        log
        onInput={(sigma) => props.set({ sigma })}
      />
    </section>
  )
}
