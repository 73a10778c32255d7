import { createSignal, Show } from 'solid-js'
import { Caption } from '../../parts/caption.tsx'
import type { Law, Point, Stripe } from '../plane/law.ts'
import type { Shown } from '../plane/pair.ts'
import { Stage } from '../plane/stage.tsx'
import { verdictOf } from '../plane/verdict.ts'

/** The plane of one of both runs. */
export function Plane(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly shown: Shown
  readonly law: Law
  readonly posterior: Law
  readonly stripe: Stripe
  readonly onStripe: (stripe: Stripe) => void
  readonly onComponent: (index: number, to: Point) => void
  /** What to do, where nothing was asked to run. */
  readonly idle?: string
}) {
  const [lens, setLens] = createSignal<Point>()
  const { session } = props.shown
  const says = () => {
    const numbers = props.shown.numbers()
    return numbers && verdictOf(numbers)
  }
  return (
    <section class="side" aria-label={props.title}>
      <Caption
        side={props.side}
        title={props.title}
        session={session}
        progress={session.progress()}
        says={says()}
      />
      <Stage
        label={`The plane, ${props.title}`}
        colour={props.side}
        law={props.law}
        posterior={props.posterior}
        stripe={props.stripe}
        focus={undefined}
        frame={props.shown.frame()}
        show={['prior', 'exact', 'particles', 'handles']}
        lens={lens()}
        onStripe={props.onStripe}
        onComponent={props.onComponent}
        onPoint={setLens}
        onPick={() => undefined}
      />
      <Show
        when={session.of() === undefined && session.error() === undefined && !session.running() && props.idle}
      >
        {(words) => <p class="small muted">{words()}</p>}
      </Show>
    </section>
  )
}
