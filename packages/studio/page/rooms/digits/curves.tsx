import { createMemo, For, Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import type { Frame } from './engine/frames.ts'
import { meanOf } from './moments.ts'

/** The frames of a side. */
interface Course {
  readonly side: 'a' | 'b'
  readonly frames: readonly Frame[]
}

/** A number of every frame, its mean over the samples, along the run. */
export function Curve(props: {
  readonly title: string
  readonly about: string
  readonly courses: readonly Course[]
  readonly of: (frame: Frame) => readonly number[]
  /** Where the line of time stands, 0 … 1. */
  readonly at: number
  /** Equal heights are equal factors. */
  readonly log?: boolean
  /** A height that is marked. */
  readonly mark?: number | undefined
}) {
  const value = (v: number) => (props.log ? Math.log10(Math.max(v, 1e-6)) : v)
  const lines = createMemo(() =>
    props.courses.map(({ side, frames }) => ({
      side,
      points: frames.map((frame) => [frame.index / frame.steps, value(meanOf(props.of(frame)))] as const),
    })),
  )
  const range = createMemo(() => {
    const all = lines().flatMap(({ points }) => points.map(([, y]) => y))
    if (props.mark !== undefined && props.mark > 0) all.push(value(props.mark))
    const [low, high] = [Math.min(...all), Math.max(...all)]
    return { low, high: high > low ? high : low + 1 }
  })
  const height = (y: number) => 38 - (36 * (y - range().low)) / (range().high - range().low)
  const words = (y: number) => (props.log ? 10 ** y : y).toPrecision(3)
  return (
    <Show when={lines().some(({ points }) => points.length > 0)}>
      <figure class="curve">
        <figcaption class="small">
          {props.title} <Hint about={props.title}>{props.about}</Hint>
          <span class="muted">
            {words(range().low)} to {words(range().high)}
          </span>
        </figcaption>
        <svg
          viewBox="0 0 100 40"
          preserveAspectRatio="none"
          role="img"
          aria-label={`${props.title} along the run`}
        >
          <title>{props.title} along the run</title>
          <Show when={props.mark}>
            {(mark) => (
              <line class="mark" x1="0" x2="100" y1={height(value(mark()))} y2={height(value(mark()))} />
            )}
          </Show>
          <line class="now" x1={100 * props.at} x2={100 * props.at} y1="0" y2="40" />
          <For each={lines()}>
            {({ side, points }) => (
              <polyline class={side} points={points.map(([x, y]) => `${100 * x},${height(y)}`).join(' ')} />
            )}
          </For>
        </svg>
      </figure>
    </Show>
  )
}
