import { Show } from 'solid-js'
import { Chips } from '../../parts/chips.tsx'
import { Slider } from '../../parts/slider.tsx'
import type { PlaneValues } from './fields.ts'
import { reach } from './fields.ts'
import { presets } from './presets.ts'

/** Chooses a preset of the prior. */
export function PriorChips(props: {
  readonly value: PlaneValues['prior']
  readonly onChoose: (prior: PlaneValues['prior']) => void
}) {
  return (
    <Chips
      label="Prior"
      value={props.value}
      choices={presets.map(({ name, title, about }) => ({ value: name, title, about }))}
      onChoose={props.onChoose}
    />
  )
}

type Stripe = Pick<PlaneValues, 'angle' | 'offset' | 'sigma'>

/** The measurement y = aᵀx + noise: the direction of a in degrees, y, and σ. */
export function StripeSliders(props: {
  readonly values: Stripe
  readonly set: (change: Partial<Stripe>) => void
  /** Whether y is drawn, and so cannot be set. */
  readonly drawn?: boolean | undefined
}) {
  return (
    <>
      <Slider
        label="Angle"
        value={props.values.angle}
        min={-180}
        max={180}
        step={1}
        unit="°"
        onInput={(angle) => props.set({ angle })}
      />
      <Show when={!props.drawn}>
        <Slider
          label="Offset y"
          value={props.values.offset}
          min={-reach}
          max={reach}
          step={0.01}
          onInput={(offset) => props.set({ offset })}
        />
      </Show>
      <Slider
        label="Noise σ"
        value={props.values.sigma}
        min={0.03}
        max={1.5}
        step={0.01}
        log
        onInput={(sigma) => props.set({ sigma })}
      />
    </>
  )
}

/** How many particles run. */
export function ParticlesSlider(props: {
  readonly value: number
  readonly onInput: (particles: number) => void
}) {
  return (
    <Slider
      label="Particles"
      value={props.value}
      min={100}
      max={2000}
      step={100}
      onInput={(particles) => props.onInput(Math.round(particles))}
    />
  )
}
