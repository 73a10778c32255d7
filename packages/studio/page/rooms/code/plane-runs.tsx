import { createMemo, onCleanup } from 'solid-js'
import { Scrubber } from '../../parts/scrubber.tsx'
import { SeedSlider } from '../../parts/seed.tsx'
import { resultOf } from '../../parts/session.ts'
import { engine } from '../../worker/client.ts'
import { lawIn, reach, stripeIn } from '../plane/fields.ts'
import type { Point, Stripe } from '../plane/law.ts'
import { posterior } from '../plane/law.ts'
import { shownOf } from '../plane/pair.ts'
import { createSession } from '../plane/session.ts'
import { ParticlesSlider, PriorChips } from '../plane/sliders.tsx'
import { Difference } from './difference.tsx'
import { plane } from './grounds.ts'
import { Plane } from './plane-side.tsx'
import type { RunsProps } from './runs.tsx'
import { failingBriefly } from './runs.tsx'

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
    onComponent: (index: number, [x, y]: Point) => {
      const within = (v: number) => Math.min(reach, Math.max(-reach, v))
      const rest = props.values.moved.filter((one) => one.index !== index)
      props.set({ moved: [...rest, { index, x: within(x), y: within(y) }] })
    },
  }
  const says = () => {
    const frame = shown.a.frame()
    return frame === undefined ? '' : `step ${frame.index} of ${frame.steps}`
  }
  return (
    <section
      class="code-runs"
      aria-label="Both runs"
      data-settled={own.settled() && (props.text === undefined || other.settled())}
    >
      <div class="panel ground" data-tour="ground">
        {props.head}
        <details>
          <summary>Prior, particles, seed</summary>
          <PriorChips value={props.values.prior} onChoose={(prior) => props.set({ prior, moved: [] })} />
          <ParticlesSlider value={props.values.n} onInput={(n) => props.set({ n })} />
          <SeedSlider value={props.values.seed} onInput={(seed) => props.set({ seed })} />
        </details>
      </div>
      <div class="stages two" data-tour="runs">
        <Plane side="a" title="As it is" shown={shown.a} {...shared} />
        <Plane side="b" title={props.edited.title} shown={shown.b} idle={props.edited.idle} {...shared} />
      </div>
      <div class="panel">
        <Scrubber
          at={props.values.at}
          moments={(shown.a.frame()?.steps ?? 0) + 1}
          onMove={(at) => props.set({ at })}
          says={says()}
        />
        <Difference
          name="particles"
          a={resultOf(own)?.x}
          b={resultOf(other)?.x}
          says={(a, b) => `The edit moves a particle by ${distance(a, b).toPrecision(3)} in the mean.`}
        />
      </div>
    </section>
  )
}

/** Mean of the ways between points of the plane. */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i += 2)
    sum += Math.hypot((a[i] ?? 0) - (b[i] ?? 0), (a[i + 1] ?? 0) - (b[i + 1] ?? 0))
  return sum / (a.length / 2)
}
