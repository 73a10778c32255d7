import { Show } from 'solid-js'
import { createLatest, keep } from '../../parts/latest.ts'
import { engine } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { Law, Stripe } from './law.ts'
import { PopulationStrip } from './population.tsx'
import { Readout } from './readout.tsx'
import type { Session } from './session.ts'

/** How near a method is to the exact law at the time that is shown. */
export function Report(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly session: Session
  readonly frames: readonly Frame[]
  readonly frame: Frame | undefined
  readonly law: Law
  readonly stripe: Stripe
}) {
  const numbers = createLatest(
    () => {
      const { frame } = props
      const of = props.session.of()
      if (props.session.running()) return keep
      if (frame === undefined || of === undefined || props.session.error() !== undefined) return undefined
      const { x, alpha, sigma, population } = frame
      return { plane: of.plane, x, alpha, sigma, ...(population && { weights: population.weights }) }
    },
    (question) => engine.plane.numbers(question),
  )
  return (
    <div class="report">
      <Readout
        side={props.side}
        title={props.title}
        numbers={numbers()}
        summary={props.session.summary()}
        running={props.session.running()}
        progress={props.session.progress()}
        onStop={props.session.stop}
        error={props.session.error()}
      />
      <Show when={props.frame?.population && props.frame}>
        {(frame) => (
          <PopulationStrip
            side={props.side}
            frames={props.frames}
            frame={frame()}
            law={props.law}
            stripe={props.stripe}
          />
        )}
      </Show>
    </div>
  )
}
