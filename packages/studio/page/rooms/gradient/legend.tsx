import { Hint } from '../../parts/hint.tsx'
import type { StepTape } from './engine/step.ts'

/** What the marks of the graph mean, in words. */
export function Legend(props: { readonly step: StepTape }) {
  return (
    <>
      <h2 id="tape-title">
        The tape{' '}
        <Hint about="the tape">
          From xₜ at the top to the norm at the bottom. A box further to the right has pictures of half the
          size; lines on the left are the skips of the U-Net.
        </Hint>
      </h2>
      <p class="legend small">
        <span>
          <i class="swatch spent kept" /> bytes kept for the way back
        </span>
        <span>
          <i class="swatch spent on" /> time forward
        </span>
        <span>
          <i class="swatch spent back" /> time back
        </span>
        <span class="muted">
          t = {props.step.t}, σₜ = {props.step.sigma.toFixed(2)}; of each time the least of four runs
        </span>
      </p>
    </>
  )
}
