import { Show } from 'solid-js'
import type { Score } from './scores.ts'
import { colourOf } from './scores.ts'

/** What the colours mean. */
export function Legend(props: {
  readonly score: Score
  readonly all: readonly number[]
  readonly floor: number | undefined
}) {
  const range = () => [Math.min(...props.all), Math.max(...props.all)] as const
  const words = (value: number) => value.toFixed(props.score.digits)
  const steps = () => [0, 1, 2, 3, 4].map((k) => (props.score.better === 'target' ? k / 2 - 1 : k / 4))
  const [left, right] = [
    () =>
      props.score.better === 'target'
        ? 'too little'
        : words(props.score.better === 'higher' ? range()[0] : range()[1]),
    () =>
      props.score.better === 'target'
        ? 'too much'
        : words(props.score.better === 'higher' ? range()[1] : range()[0]),
  ]
  return (
    <Show when={props.all.length > 0}>
      <p class="legend small muted">
        {props.score.title}: {left()}
        <span class="ramp" aria-hidden="true">
          {steps().map((grade) => (
            <i style={{ background: colourOf(props.score, grade) }} />
          ))}
        </span>
        {right()}
        <Show when={props.score.better === 'target'}>, right at {words(props.score.target ?? 1)}</Show>
        <Show when={props.floor}>{(value) => <>, exact draws {words(value())}</>}</Show>. Cells are run coarse
        to fine; a pale one has the colour of its block until it is known.
      </p>
    </Show>
  )
}
