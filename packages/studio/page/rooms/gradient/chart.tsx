import { For, Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import type { Point } from './curve.ts'
import type { Kind } from './strategy.ts'

/** Curves of the strategies; the chosen one is thick, and lies over the others. */
export function Chart(props: {
  readonly title: string
  readonly about: string
  readonly lines: readonly { readonly kind: Kind; readonly points: readonly Point[] }[]
  readonly chosen: Kind
  /** At the top, and at the bottom. */
  readonly top: string
  readonly bottom: string
  /** At the right end. */
  readonly end: string
}) {
  const ordered = () =>
    [...props.lines].sort((a, b) => Number(a.kind === props.chosen) - Number(b.kind === props.chosen))
  const path = (points: readonly Point[]) => points.map(([x, y]) => `${400 * x},${98 - 96 * y}`).join(' ')
  return (
    <figure class="chart">
      <figcaption class="small">
        {props.title} <Hint about={props.title}>{props.about}</Hint>
      </figcaption>
      <div class="plot">
        <svg viewBox="0 0 400 100" preserveAspectRatio="none" role="img" aria-label={props.title}>
          <title>{props.title}</title>
          <line x1="0" x2="400" y1="98" y2="98" />
          <For each={ordered()}>
            {({ kind, points }) => (
              <>
                <Show when={kind === props.chosen}>
                  <polygon
                    class={kind}
                    points={`0,98 ${path(points)} ${400 * (points.at(-1)?.[0] ?? 0)},98`}
                  />
                </Show>
                <polyline classList={{ [kind]: true, chosen: kind === props.chosen }} points={path(points)} />
              </>
            )}
          </For>
        </svg>
        <span class="scale top">{props.top}</span>
        <span class="scale bottom">{props.bottom}</span>
        <span class="scale end">{props.end}</span>
      </div>
    </figure>
  )
}
