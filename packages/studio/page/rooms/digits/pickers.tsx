import { Slider } from '../../parts/slider.tsx'
import type { KindEntry } from './engine/entries.ts'
import { painted } from './fields.ts'
import { KindPicker } from './kind-picker.tsx'

/** Chooses what is measured of a picture. */
export function OperatorPicker(props: {
  readonly values: { readonly operator: string }
  readonly set: (change: { readonly operator: string }) => void
  readonly entries: readonly KindEntry[] | undefined
  /** Whether a mask can be painted. */
  readonly paint: boolean
}) {
  return (
    <KindPicker
      label="Operator"
      entries={props.entries ?? []}
      text={props.values.operator}
      onChange={(operator) => props.set({ operator })}
      {...(props.paint && { first: { text: painted, title: 'painted mask' } })}
    />
  )
}

/** Chooses the law of the noise. */
export function NoisePicker(props: {
  readonly values: { readonly noise: string }
  readonly set: (change: { readonly noise: string }) => void
  readonly entries: readonly KindEntry[] | undefined
}) {
  return (
    <KindPicker
      label="Noise"
      entries={props.entries ?? []}
      text={props.values.noise}
      onChange={(noise) => props.set({ noise })}
    />
  )
}

/** How many samples run. */
export function SamplesSlider(props: {
  readonly value: number
  readonly most?: number
  readonly onInput: (samples: number) => void
  readonly about?: string
}) {
  return (
    <Slider
      label="Samples"
      value={props.value}
      min={1}
      max={props.most ?? 16}
      step={1}
      about={props.about}
      onInput={(samples) => props.onInput(Math.round(samples))}
    />
  )
}
