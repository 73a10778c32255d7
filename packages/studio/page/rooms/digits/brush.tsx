import type { JSX } from 'solid-js'
import { createSignal, Show } from 'solid-js'
import { side } from './pixels.ts'
import { along } from './strokes.ts'

type Place = readonly [x: number, y: number]

/**
 * Takes strokes over the picture in it, by pointer or by keys: arrows move a cross, the space bar dabs, and so does Shift
 * with arrows all the way.
 */
export function Brush(props: {
  readonly label: string
  /** Dabs at places in pixels, in order. */
  readonly onStroke: (places: readonly Place[]) => void
  readonly children: JSX.Element
}) {
  const [cross, setCross] = createSignal<Place>()
  let last: Place | undefined
  const placeOf = (event: PointerEvent & { readonly currentTarget: HTMLElement }): Place => {
    const box = event.currentTarget.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side]
  }
  const key = (event: KeyboardEvent) => {
    const [x, y] = cross() ?? [side / 2, side / 2]
    const moves: Readonly<Record<string, Place>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    }
    const move = moves[event.key]
    if (move === undefined && event.key !== ' ' && event.key !== 'Enter') return
    event.preventDefault()
    const within = (v: number) => Math.min(side - 0.5, Math.max(0.5, Math.floor(v) + 0.5))
    const to: Place = [within(x + (move?.[0] ?? 0)), within(y + (move?.[1] ?? 0))]
    setCross(to)
    if (move === undefined || event.shiftKey) props.onStroke([to])
  }
  return (
    <div
      class="brush"
      role="application"
      aria-label={`${props.label}: drag to paint; or move with the arrow keys and paint with the space bar`}
      tabindex="0"
      onKeyDown={key}
      onBlur={() => setCross(undefined)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        last = placeOf(event)
        props.onStroke([last])
      }}
      onPointerMove={(event) => {
        if (last === undefined) return
        const to = placeOf(event)
        props.onStroke(along(last, to))
        last = to
      }}
      onPointerUp={() => {
        last = undefined
      }}
      onPointerCancel={() => {
        last = undefined
      }}
    >
      {props.children}
      <Show when={cross()}>
        {(place) => (
          <i
            class="cross"
            style={{ left: `${(100 * place()[0]) / side}%`, top: `${(100 * place()[1]) / side}%` }}
          />
        )}
      </Show>
    </div>
  )
}
