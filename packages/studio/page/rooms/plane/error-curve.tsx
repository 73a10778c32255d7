import { createMemo, For, Show } from 'solid-js'
import { createLatest } from '../../parts/latest.ts'
import { engine, startRun } from '../../worker/client.ts'
import type { GuidanceErrors } from './engine/errors.ts'
import type { PlaneProblem } from './engine/problem.ts'

/** The error that fills the picture. */
const top = 2

/** How wrong the guidance is along the run, under the line of time: where a method goes astray. */
export function ErrorCurve(props: {
  readonly plane: PlaneProblem
  readonly sides: readonly { readonly side: 'a' | 'b'; readonly method: string; readonly ready: boolean }[]
}) {
  const curves = props.sides.map((_, k) =>
    createLatest(
      () => {
        const one = props.sides[k]
        return one?.ready ? { plane: props.plane, method: one.method } : undefined
      },
      ({ plane, method }) => startRun((run) => engine.plane.errors(run, plane, method)).result,
    ),
  )
  const shown = createMemo(() =>
    props.sides.flatMap(({ side }, k) => {
      const errors = curves[k]?.()
      return errors ? [{ side, errors }] : []
    }),
  )
  const line = ({ places, errors }: GuidanceErrors) =>
    places.map((place, i) => `${100 * place},${30 - 30 * Math.min(1, (errors[i] ?? 0) / top)}`).join(' ')
  return (
    <Show when={shown().length > 0}>
      <figure class="errors" data-test="errors">
        <svg
          viewBox="0 0 100 30"
          preserveAspectRatio="none"
          role="img"
          aria-label="Error of the guidance along the run"
        >
          <title>Error of the guidance along the run</title>
          <line x1="0" x2="100" y1="15" y2="15" stroke="var(--line)" vector-effect="non-scaling-stroke" />
          <For each={shown()}>{({ side, errors }) => <polyline points={line(errors)} class={side} />}</For>
        </svg>
        <figcaption class="small muted">
          Error of the guidance over that time, E‖g − g*‖ / E‖g*‖; the line in the middle is 100 %, the top
          200 % and more.
        </figcaption>
      </figure>
    </Show>
  )
}
