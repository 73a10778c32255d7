import { For, Show } from 'solid-js'
import type { Ranked, Standing } from './engine/calibration.ts'
import { drawsOfCase, parts } from './engine/calibration-size.ts'
import { histogramOf, uniformBand } from './lines.ts'

const bins = 10

/** Cases from which the test of uniform ranks is close to its law. */
const enough = 20

/** The ranks of the truth among the samples, in bins; the band has 99 of 100 counts of exact draws. */
export function RankHistogram(props: {
  readonly standing: Standing
  readonly of: Ranked
  readonly colour: string
  readonly title: string
}) {
  const counts = () => histogramOf(props.standing.ranks[props.of], drawsOfCase, bins)
  const band = () => uniformBand(props.standing.cases, bins)
  const top = () => Math.max(1, band()[1], ...counts())
  const y = (count: number) => 60 - (56 * count) / top()
  const words = () => {
    const p = props.standing.metrics['sbc']?.value
    return p === undefined || props.standing.cases < enough
      ? `p from ${enough} cases on`
      : p < 1e-4
        ? 'p < 0.0001'
        : `p = ${p.toPrecision(2)}`
  }
  return (
    <figure class="ranks">
      <svg
        viewBox="0 0 100 60"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Ranks of the truth, ${props.title}: ${counts().join(', ')}`}
      >
        <rect class="band" x="0" width="100" y={y(band()[1])} height={y(band()[0]) - y(band()[1])} />
        <For each={counts()}>
          {(count, k) => (
            <rect
              x={10 * k() + 0.6}
              width="8.8"
              y={y(count)}
              height={60 - y(count)}
              style={{ fill: `var(--${props.colour})` }}
            />
          )}
        </For>
      </svg>
      <figcaption class="small muted" title="Of the test that ranks are uniform">
        {words()}
      </figcaption>
    </figure>
  )
}

/** How often the truth is in regions that should hold a part of it, over that part; exact draws are on the diagonal. */
export function CoverageCurve(props: {
  readonly standing: Standing
  readonly colour: string
  readonly title: string
}) {
  const line = (values: readonly number[]) =>
    [[0, 0], ...parts.map((part, k) => [part, values[k] ?? 0]), [1, 1]]
      .map(([x = 0, y = 0]) => `${100 * x},${100 - 100 * y}`)
      .join(' ')
  return (
    <figure class="coverage">
      <svg viewBox="0 0 100 100" role="img" aria-label={`Coverage against its level, ${props.title}`}>
        <line class="diagonal" x1="0" y1="100" x2="100" y2="0" />
        <Show when={props.standing.cases > 0}>
          <polyline points={line(props.standing.highest)} style={{ stroke: `var(--${props.colour})` }} />
          <polyline
            class="central"
            points={line(props.standing.central)}
            style={{ stroke: `var(--${props.colour})` }}
          />
        </Show>
      </svg>
      <figcaption class="small muted">Coverage</figcaption>
    </figure>
  )
}
