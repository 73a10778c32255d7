import { createMemo, For } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import type { Frame } from './engine/frames.ts'
import { reach } from './fields.ts'
import type { Law, Stripe } from './law.ts'
import { normalOf, posterior } from './law.ts'
import { survivors, wayOf } from './moments.ts'

/** Lineages that are drawn. */
const lines = 50

/** What weighted particles have beside their places: how many count, who descends from whom, and what they say of p(y). */
export function PopulationStrip(props: {
  readonly side: 'a' | 'b'
  readonly frames: readonly Frame[]
  readonly frame: Frame
  readonly law: Law
  readonly stripe: Stripe
}) {
  const count = () => props.frame.x.length / 2
  const along = (index: number) => (100 * index) / props.frame.steps
  const size = () =>
    props.frames
      .flatMap(({ index, population }) =>
        population === undefined ? [] : [`${along(index)},${30 - (29 * population.ess) / count()}`],
      )
      .join(' ')
  /** Ways of the last particles through time; the height is the place along the stripe. */
  const ways = createMemo(() => {
    const last = props.frames.at(-1)
    if (last === undefined) return []
    const [a, b] = normalOf(props.stripe)
    const n = last.x.length / 2
    const each = Math.max(1, Math.floor(n / lines))
    const first = props.frames[0]?.index ?? 0
    return Array.from({ length: Math.min(lines, n) }, (_, k) =>
      wayOf(props.frames, last, k * each)
        .map(([x, y], i) => `${along(first + i)},${40 - (40 * (a * y - b * x)) / reach}`)
        .join(' '),
    )
  })
  const evidence = () => posterior(props.law, props.stripe).logEvidence
  return (
    <div class="population" data-test={`population-${props.side}`}>
      <p class="small">
        <strong>{Math.round(props.frame.population?.ess ?? 0)}</strong> of {count()} particles count{' '}
        <Hint about="the effective sample size">
          The effective sample size, 1/Σw², drawn below over time. When it falls the weights sit on few
          particles, and resampling copies those.
        </Hint>
      </p>
      <svg
        viewBox="0 0 100 30"
        preserveAspectRatio="none"
        role="img"
        aria-label="Effective sample size over time"
      >
        <title>Effective sample size over time</title>
        <polyline points={size()} class={`curve ${props.side}`} />
        <line x1={along(props.frame.index)} x2={along(props.frame.index)} y1="0" y2="30" class="now" />
      </svg>
      <p class="small">
        <strong>{survivors(props.frames, props.frame)}</strong> of the first particles have descendants{' '}
        <Hint about="the ancestry">
          Lines lead from the last particles back through their ancestors; the height is the place along the
          stripe. Where lines meet, all that follow are copies of one.
        </Hint>
      </p>
      <svg
        viewBox="0 0 100 80"
        preserveAspectRatio="none"
        class="tree"
        role="img"
        aria-label="Ancestry over time"
      >
        <title>Ancestry over time</title>
        <For each={ways()}>{(points) => <polyline points={points} class={`lineage ${props.side}`} />}</For>
        <line x1={along(props.frame.index)} x2={along(props.frame.index)} y1="0" y2="80" class="now" />
      </svg>
      <p class="small">
        log p(y) ≈ <strong>{(props.frame.population?.logEvidence ?? 0).toFixed(3)}</strong> by the weights,
        exactly {evidence().toFixed(3)}{' '}
        <Hint about="the evidence">
          The product of the mean weights estimates p(y) without bias, at the end of the run. The exact value
          is that of the mixture.
        </Hint>
      </p>
    </div>
  )
}
