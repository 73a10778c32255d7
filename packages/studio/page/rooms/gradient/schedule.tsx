import { For } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import { scheduleOf } from './curve.ts'
import type { ChainRun } from './engine/chain.ts'
import { chainSteps } from './fields.ts'

const row = 11

/** When which step was evaluated, and when its way back was gone: time goes to the right, the sampler down. */
export function Schedule(props: { readonly run: ChainRun; readonly title: string }) {
  const label = () =>
    `${props.title}: ${props.run.evaluations.length} evaluations, ${props.run.evaluations.filter(({ taped }) => taped).length} of them with a tape`
  return (
    <figure class="schedule">
      <figcaption class="small">
        Which step, when{' '}
        <Hint about="the schedule">
          A row for each step of the sampler, from noise at the top to the picture. Blue outlines are
          evaluations without a tape, full ones leave a tape, red is the way back.
        </Hint>
        <span class="keys">
          <span>
            <i class="key plain" /> evaluated
          </span>
          <span>
            <i class="key taped" /> with a tape
          </span>
          <span>
            <i class="key back" /> way back
          </span>
        </span>
      </figcaption>
      <div class="plot">
        <svg
          viewBox={`0 0 400 ${row * chainSteps}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={label()}
          style={{ height: `${row * chainSteps}px` }}
        >
          <title>{label()}</title>
          <For each={scheduleOf(props.run)}>
            {({ kind, step, from, to }) => (
              <rect
                class={kind}
                x={400 * from}
                width={Math.max(1, 400 * (to - from))}
                y={row * step + 1.5}
                height={row - 3}
              />
            )}
          </For>
        </svg>
      </div>
    </figure>
  )
}
