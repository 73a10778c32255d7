import { Hint } from '../../parts/hint.tsx'
import { PriorChips, StripeSliders } from '../plane/sliders.tsx'
import type { AtlasValues } from './fields.ts'

/** The problem on the plane. Where truths are drawn, its measurement has a direction and a noise, and no value. */
export function PlaneProblemControls(props: {
  readonly values: AtlasValues
  readonly set: (change: Partial<AtlasValues>) => void
  /** Whether y is drawn for each case. */
  readonly drawn?: boolean
}) {
  return (
    <section>
      <h2>
        The plane{' '}
        <Hint about="the plane">
          {props.drawn
            ? 'A truth is drawn of the prior for every case, and measured along the direction with noise σ. So ranks and coverage have a meaning.'
            : 'The prior and the measurement y = aᵀx + noise, as in the room of the plane. There they can be dragged.'}
        </Hint>
      </h2>
      <PriorChips value={props.values.prior} onChoose={(prior) => props.set({ prior, moved: [] })} />
      <StripeSliders values={props.values} set={props.set} drawn={props.drawn} />
    </section>
  )
}
