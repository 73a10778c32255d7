import { Slider } from './slider.tsx'

/** The seed that all randomness of a room follows from, a whole number 0 … 99. */
export function SeedSlider(props: {
  readonly value: number
  readonly onInput: (seed: number) => void
  /** Two sentences on what follows from it. */
  readonly about?: string
}) {
  return (
    <Slider
      label="Seed"
      value={props.value}
      min={0}
      max={99}
      step={1}
      about={props.about}
      onInput={(seed) => props.onInput(Math.round(seed))}
    />
  )
}
