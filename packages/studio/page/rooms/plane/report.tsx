import { Show } from 'solid-js'
import type { Frame } from './engine/frames.ts'
import type { Numbers } from './engine/numbers.ts'
import type { Law, Stripe } from './law.ts'
import { PopulationStrip } from './population.tsx'
import { Readout } from './readout.tsx'
import type { Session } from './session.ts'

/** How near a method is to the exact law at the time that is shown. */
export function Report(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly numbers: Numbers | undefined
  readonly session: Session
  readonly frames: readonly Frame[]
  readonly frame: Frame | undefined
  readonly law: Law
  readonly stripe: Stripe
}) {
  return (
    <div class="report">
      <Readout
        side={props.side}
        title={props.title}
        numbers={props.numbers}
        summary={props.session.summary()}
        running={props.session.running()}
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
