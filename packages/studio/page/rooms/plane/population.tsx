import { Hint } from '../../parts/hint.tsx'
import type { Frame } from './engine/frames.ts'
import type { Law, Stripe } from './law.ts'
import { posterior } from './law.ts'
import { survivors } from './moments.ts'

/** What weighted particles have beside their places: how many count, how many lines live, and what they say of p(y). */
export function PopulationStrip(props: {
  readonly side: 'a' | 'b'
  readonly frames: readonly Frame[]
  readonly frame: Frame
  readonly law: Law
  readonly stripe: Stripe
}) {
  const count = () => props.frame.x.length / 2
  const line = () =>
    props.frames
      .flatMap(({ index, steps, population }) =>
        population === undefined ? [] : [`${(100 * index) / steps},${30 - (30 * population.ess) / count()}`],
      )
      .join(' ')
  const evidence = () => posterior(props.law, props.stripe).logEvidence
  return (
    <div class="population" data-test={`population-${props.side}`}>
      <p class="small">
        <strong>{Math.round(props.frame.population?.ess ?? 0)}</strong> of {count()} particles count{' '}
        <Hint about="effective sample size">
          The effective sample size, 1/Σw². When it falls the weights sit on few particles, and resampling
          copies those.
        </Hint>
        {' · '}
        <strong>{survivors(props.frames, props.frame)}</strong> of the first ones have descendants
        {' · '}log p(y) ≈ <strong>{(props.frame.population?.logEvidence ?? 0).toFixed(3)}</strong>, exactly{' '}
        {evidence().toFixed(3)}
      </p>
      <svg
        viewBox="0 0 100 30"
        preserveAspectRatio="none"
        role="img"
        aria-label="Effective sample size along the run"
      >
        <title>Effective sample size along the run</title>
        <polyline
          points={line()}
          fill="none"
          stroke={`var(--${props.side})`}
          vector-effect="non-scaling-stroke"
          stroke-width="1.5"
        />
        <line
          x1={(100 * props.frame.index) / props.frame.steps}
          x2={(100 * props.frame.index) / props.frame.steps}
          y1="0"
          y2="30"
          stroke="var(--strong-line)"
          vector-effect="non-scaling-stroke"
        />
      </svg>
    </div>
  )
}
