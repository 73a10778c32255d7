import { createMemo, createSignal, For, onCleanup, onMount, Show } from 'solid-js'
import type { Standing } from './engine/calibration.ts'
import { logRange, logTicks } from './lines.ts'

/** A method among the others: its number, its colour, its name. */
export interface Entrant {
  readonly standing: Standing
  readonly colour: string
  /** 1, 2 …; none of exact draws. */
  readonly mark: string
  readonly title: string
}

const height = 270
const edge = { left: 46, right: 14, top: 12, bottom: 34 }
/** Between the frame and the ends of the range: a point has a width. */
const inset = 16

/** Distance from the exact posterior against cost, a point a method with its 95 % interval; the floor is the line below. */
export function Scatter(props: {
  readonly entrants: readonly Entrant[]
  readonly floor: number | undefined
  readonly cost: 'nfe' | 'seconds'
}) {
  let svg: SVGSVGElement | undefined
  const [width, setWidth] = createSignal(720)
  // Drawn at the size that it has, so that letters are as large as they are elsewhere.
  const watcher = new ResizeObserver(([entry]) => {
    if (entry !== undefined && entry.contentRect.width > 0) setWidth(entry.contentRect.width)
  })
  onMount(() => svg && watcher.observe(svg))
  onCleanup(() => watcher.disconnect())
  const points = createMemo(() =>
    props.entrants.flatMap(({ standing, colour, mark, title }) => {
      const sw = standing.metrics['sw']
      const cost = standing[props.cost]
      return sw === undefined || !(cost > 0) ? [] : [{ cost, sw, colour, mark, title }]
    }),
  )
  const xs = () => logRange(points().map(({ cost }) => cost))
  const ys = () =>
    logRange([
      ...points().flatMap(({ sw }) => [
        sw.value,
        ...(Number.isFinite(sw.high) ? [sw.high, Math.max(sw.low, sw.value / 2)] : []),
      ]),
      ...(props.floor === undefined ? [] : [props.floor]),
    ])
  const along = (value: number, [low, high]: readonly [number, number]) =>
    Math.log(Math.max(value, low) / low) / Math.log(high / low)
  const px = (value: number) =>
    edge.left + inset + along(value, xs()) * (width() - edge.left - edge.right - 2 * inset)
  const py = (value: number) =>
    height - edge.bottom - inset - along(value, ys()) * (height - edge.top - edge.bottom - 2 * inset)
  return (
    <svg
      ref={svg}
      class="scatter"
      viewBox={`0 0 ${width()} ${height}`}
      role="img"
      aria-labelledby="scatter-title"
      data-test="scatter"
    >
      <title id="scatter-title">
        Distance from the exact posterior against{' '}
        {props.cost === 'nfe' ? 'evaluations of the prior' : 'seconds'} of a case
      </title>
      <For each={logTicks(xs())}>
        {(tick) => (
          <>
            <line class="tick" x1={px(tick)} x2={px(tick)} y1={edge.top} y2={height - edge.bottom} />
            <text x={px(tick)} y={height - edge.bottom + 14} text-anchor="middle">
              {tick}
            </text>
          </>
        )}
      </For>
      <For each={logTicks(ys())}>
        {(tick) => (
          <>
            <line class="tick" x1={edge.left} x2={width() - edge.right} y1={py(tick)} y2={py(tick)} />
            <text x={edge.left - 6} y={py(tick) + 4} text-anchor="end">
              {tick}
            </text>
          </>
        )}
      </For>
      <text x={width() - edge.right} y={height - 4} text-anchor="end" class="axis-name">
        {props.cost === 'nfe' ? 'NFE of a case' : 'seconds of a case'}
      </text>
      <text x={edge.left + 8} y={edge.top + 14} class="axis-name">
        SW distance
      </text>
      <Show when={props.floor}>
        {(floor) => (
          <>
            <line class="floor" x1={edge.left} x2={width() - edge.right} y1={py(floor())} y2={py(floor())} />
            <text class="floor-name" x={width() - edge.right - 4} y={py(floor()) - 5} text-anchor="end">
              exact draws
            </text>
          </>
        )}
      </Show>
      <For each={points()}>
        {({ cost, sw, colour, mark, title }) => (
          <g style={{ color: `var(--${colour})` }}>
            <title>
              {title}: {sw.value.toFixed(3)} at {cost.toPrecision(3)}
            </title>
            <Show when={Number.isFinite(sw.high)}>
              <line class="whisker" x1={px(cost)} x2={px(cost)} y1={py(sw.high)} y2={py(sw.low)} />
            </Show>
            <circle cx={px(cost)} cy={py(sw.value)} r="8" />
            <text class="mark" x={px(cost)} y={py(sw.value) + 4} text-anchor="middle">
              {mark}
            </text>
          </g>
        )}
      </For>
    </svg>
  )
}
