import { Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Hint } from '../../parts/hint.tsx'
import { MethodPair } from '../../parts/method-pair.tsx'
import { SeedSlider } from '../../parts/seed.tsx'
import type { PlaneMethod } from './engine.ts'
import type { PlaneValues } from './fields.ts'
import { ParticlesSlider, PriorChips, StripeSliders } from './sliders.tsx'

/** All that can be set, beside what is dragged. */
export function Controls(props: {
  readonly values: PlaneValues
  readonly set: (change: Partial<PlaneValues>) => void
  readonly methods: readonly PlaneMethod[]
  /** The step of A that is shown, where B can begin. */
  readonly here: number | undefined
  /** Why B cannot go on from A; undefined where it can. */
  readonly unbranched: string | undefined
}) {
  return (
    <aside class="panel controls" aria-label="Problem and methods">
      <section data-tour="prior">
        <h2>
          Prior{' '}
          <Hint about="the prior">
            What x may be before anything is measured: a mixture of Gaussians, shaded. Drag its grey dots.
          </Hint>
        </h2>
        <PriorChips
          value={props.values.prior}
          onChoose={(prior) => props.set({ prior, moved: [], pick: undefined })}
        />
        <Show when={props.values.moved.length > 0}>
          <Button quiet onClick={() => props.set({ moved: [] })}>
            Put the dots back
          </Button>
        </Show>
      </section>
      <section>
        <h2>
          Measurement{' '}
          <Hint about="the measurement">
            One number, y = aᵀx + noise, was seen: x lies near the amber line. Drag its round grips, or use
            these.
          </Hint>
        </h2>
        <StripeSliders values={props.values} set={props.set} />
      </section>
      <MethodPair
        values={props.values}
        set={(change) =>
          props.set('b' in change && change.b === 'none' ? { ...change, branch: undefined } : change)
        }
        entries={props.methods}
        from="noise"
        without={['particles']}
      >
        <Branching {...props} />
      </MethodPair>
      <section>
        <ParticlesSlider value={props.values.n} onInput={(n) => props.set({ n, pick: undefined })} />
        <SeedSlider
          value={props.values.seed}
          about="All randomness follows from it. The same seed gives the same particles, here and in Node, bit for bit."
          onInput={(seed) => props.set({ seed })}
        />
      </section>
    </aside>
  )
}

/** Lets B go on from where A is. */
function Branching(props: {
  readonly values: PlaneValues
  readonly set: (change: Partial<PlaneValues>) => void
  readonly here: number | undefined
  readonly unbranched: string | undefined
}) {
  const start = () => {
    const { a, b, seed } = props.values
    // Without another method or seed the branch would be A itself.
    props.set({ branch: props.here, ...(b === 'none' && { b: a, seedB: seed + 1 }) })
  }
  return (
    <div class="branching">
      <Show
        when={props.values.branch !== undefined}
        fallback={
          <Button
            onClick={start}
            disabled={props.unbranched !== undefined || props.here === undefined || props.here === 0}
            title={
              props.unbranched ??
              (props.here ? 'B goes on from the particles of A at this time' : 'Go back in time first')
            }
          >
            Branch B from A here
          </Button>
        }
      >
        <p class="small">B goes on from A at step {props.values.branch}.</p>
        <label class="small">
          seed of B{' '}
          <input
            type="number"
            min={0}
            max={999_999}
            value={props.values.seedB ?? props.values.seed}
            onChange={(event) =>
              props.set({ seedB: Math.max(0, Math.round(event.currentTarget.valueAsNumber || 0)) })
            }
          />
        </label>
        <Button quiet onClick={() => props.set({ branch: undefined, seedB: undefined })}>
          Start B from noise
        </Button>
      </Show>
      <Hint about="branches">
        Scrub to any time and let the other method, or another seed, go on from the same particles. What
        differs from then on is the method alone.
      </Hint>
    </div>
  )
}
