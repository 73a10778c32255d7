import { createMemo, onCleanup } from 'solid-js'
import { resultOf } from '../../parts/session.ts'
import { engine } from '../../worker/client.ts'
import { dragged, lawIn, stripeIn } from '../plane/fields.ts'
import type { Point, Stripe } from '../plane/law.ts'
import { posterior } from '../plane/law.ts'
import { shownOf } from '../plane/pair.ts'
import { createSession } from '../plane/session.ts'
import { ParticlesSlider, PriorChips } from '../plane/sliders.tsx'
import { Difference } from './difference.tsx'
import { plane } from './grounds.ts'
import { Plane } from './plane-side.tsx'
import type { RunsProps } from './runs.tsx'
import { BothRuns, failingBriefly } from './runs.tsx'

/** A method and its edit on the plane, where the posterior is known. */
export function PlaneRuns(props: RunsProps) {
  onCleanup(() => void engine.plane.close())
  const law = createMemo(() => lawIn(props.values))
  const stripe = createMemo(() => stripeIn(props.values))
  const after = createMemo(() => posterior(law(), stripe()).law)
  const request = () => ({
    plane: { law: law(), stripe: stripe() },
    method: props.values.method,
    count: props.values.n,
    seed: props.values.seed,
  })
  const own = createSession(request)
  const other = createSession(
    () => props.text && { ...request(), text: props.text },
    ({ text, ...asked }, take) => props.begin(plane, text, asked, (frames) => void take(frames)),
  )
  const shown = {
    a: shownOf(own, own.frames, props.values),
    b: shownOf(failingBriefly(other), other.frames, props.values),
  }
  const shared = {
    get law() {
      return law()
    },
    get posterior() {
      return after()
    },
    get stripe() {
      return stripe()
    },
    onStripe: ({ angle, offset, sigma }: Stripe) => props.set({ angle, offset, sigma }),
    onComponent: (index: number, to: Point) => props.set({ moved: dragged(props.values.moved, index, to) }),
  }
  return (
    <BothRuns
      runs={props}
      settled={own.settled() && (props.text === undefined || other.settled())}
      frame={shown.a.frame()}
      about="Prior, particles"
      settings={
        <>
          <PriorChips value={props.values.prior} onChoose={(prior) => props.set({ prior, moved: [] })} />
          <ParticlesSlider value={props.values.n} onInput={(n) => props.set({ n })} />
        </>
      }
      a={<Plane side="a" title="As it is" shown={shown.a} {...shared} />}
      b={<Plane side="b" title={props.edited.title} shown={shown.b} idle={props.edited.idle} {...shared} />}
      difference={
        <Difference
          name="particles"
          a={resultOf(own)?.x}
          b={resultOf(other)?.x}
          says={(a, b) => `The edit moves a particle by ${distance(a, b).toPrecision(3)} in the mean.`}
        />
      }
    />
  )
}

/** Mean of the ways between points of the plane. */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i += 2)
    sum += Math.hypot((a[i] ?? 0) - (b[i] ?? 0), (a[i + 1] ?? 0) - (b[i + 1] ?? 0))
  return sum / (a.length / 2)
}
