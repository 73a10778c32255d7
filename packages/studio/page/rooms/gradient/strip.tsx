import type { JSX } from 'solid-js'
import { Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import type { Plane } from '../digits/moments.ts'
import { planeOf } from '../digits/moments.ts'
import type { Scale } from '../digits/pixel-view.tsx'
import { PixelView } from '../digits/pixel-view.tsx'
import type { Shown, StepTape } from './engine/step.ts'
import { totalOf } from './graph.ts'
import { montageOf } from './montage.ts'
import { bytesText, numberText, timeText } from './words.ts'

/** The step in one line: what goes forward above, what comes back below. */
export function Strip(props: {
  readonly step: StepTape
  /** x_t and x̂₀, with the cotangents there. */
  readonly x: Shown | undefined
  readonly x0hat: Shown | undefined
}) {
  const shapeOf = (value: number) => props.step.tape.values[value]?.shape ?? []
  const plane = (value: number, data: Float32Array | undefined) => data && montageOf(shapeOf(value), data)
  const cost = () => totalOf(props.step)
  return (
    <section class="panel strip" aria-labelledby="strip-title" data-tour="strip" data-test="strip">
      <h2 id="strip-title">
        Forward, and back{' '}
        <Hint about="the two directions">
          Above, xₜ becomes a guess of the picture, and that a number: how far it is from y. Below, the same
          way is gone back, and tells how each pixel of xₜ should change.
        </Hint>
      </h2>
      <div class="strip-grid">
        <Picture name="xₜ" label="The noisy state" plane={plane(props.step.x, props.x?.value)} />
        <Arrow text="network" way="onward" />
        <Picture name="x̂₀" label="The denoised guess" plane={plane(props.step.x0hat, props.x0hat?.value)} />
        <Arrow text="A" way="onward" />
        <Picture
          name="A x̂₀"
          label="What the operator makes of the guess"
          plane={planeOf(props.step.clean, 0)}
        />
        <Arrow text="‖y − ·‖" way="onward" />
        <output class="loss" data-test="residual">
          {numberText(props.step.residual)}
        </output>
        <Picture
          name="∂/∂xₜ"
          label="The gradient in the noisy state"
          plane={plane(props.step.x, props.x?.cotangent)}
          scale="signed"
        />
        <Arrow text="network ᵀ" way="homeward" />
        <Picture
          name="∂/∂x̂₀"
          label="The cotangent of the guess"
          plane={plane(props.step.x0hat, props.x0hat?.cotangent)}
          scale="signed"
        />
        <Arrow text="Aᵀ" way="homeward" />
        <Picture
          name="∂/∂A x̂₀"
          label="The cotangent of the measurement"
          plane={planeOf(props.step.cleanCotangent, 0)}
          scale="signed"
        />
        <Arrow text="∇‖·‖" way="homeward" />
        <output class="loss">1</output>
      </div>
      <p data-test="total">
        The way forward takes <b class="ink-a">{timeText(cost().forward)}</b> and leaves a tape of{' '}
        <b>{props.step.tape.nodes.length} calls</b> that keep <b class="ink-kept">{bytesText(cost().own)}</b>.
        The way back takes <b class="ink-b">{timeText(cost().backward)}</b> and frees them.
        <Show when={props.step.apart < 1e-3}>
          {' '}
          <span class="muted">
            Times −ζ this is what DPS adds in its step, to {numberText(props.step.apart)} of the largest
            number: rounding.
          </span>
        </Show>
      </p>
    </section>
  )
}

function Picture(props: {
  readonly name: string
  readonly label: string
  readonly plane: Plane | undefined
  readonly scale?: Scale
}): JSX.Element {
  return (
    <figure>
      <PixelView label={props.label} plane={props.plane} scale={props.scale ?? 'grey'} />
      <figcaption>{props.name}</figcaption>
    </figure>
  )
}

function Arrow(props: { readonly text: string; readonly way: 'onward' | 'homeward' }): JSX.Element {
  return (
    <span class={`arrow ${props.way}`}>
      <span>{props.text}</span>
      <i aria-hidden="true">{props.way === 'onward' ? '→' : '←'}</i>
    </span>
  )
}
