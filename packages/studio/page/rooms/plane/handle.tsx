import type { Point } from './law.ts'

/** Ways of the arrow keys in the plane. */
export const ways: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}

/** A step of a key from a place; larger ones with Shift. */
export const stepped = ([x, y]: Point, [dx, dy]: Point, large: boolean): Point => {
  const step = large ? 0.25 : 0.05
  return [x + step * dx, y + step * dy]
}

/** Something that is dragged over the plane, by pointer or by arrow keys (Shift: in larger steps). */
export function Handle(props: {
  readonly label: string
  readonly kind: string
  /** Where it is, and what a place in the box is, in the plane. */
  readonly place: Point
  readonly pixel: (place: Point) => Point
  readonly plane: (pixel: Point) => Point
  readonly onMove: (to: Point) => void
  /** Another handle for the same thing is reached by Tab. */
  readonly skipped?: boolean
}) {
  const at = () => props.pixel(props.place)
  let held = false
  /** From the pointer to the middle of the handle. */
  let off: Point = [0, 0]
  const pointer = (event: PointerEvent & { readonly currentTarget: HTMLElement }): Point => {
    const box = event.currentTarget.parentElement?.getBoundingClientRect()
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)]
  }
  return (
    <button
      type="button"
      class={`handle ${props.kind}`}
      aria-label={props.label}
      tabindex={props.skipped ? -1 : 0}
      title={props.label}
      style={{ left: `${at()[0]}px`, top: `${at()[1]}px` }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        const [x, y] = pointer(event)
        off = [at()[0] - x, at()[1] - y]
        held = true
      }}
      onPointerMove={(event) => {
        if (!held) return
        const [x, y] = pointer(event)
        props.onMove(props.plane([x + off[0], y + off[1]]))
      }}
      onPointerUp={() => {
        held = false
      }}
      onPointerCancel={() => {
        held = false
      }}
      onKeyDown={(event) => {
        const way = ways[event.key]
        if (way === undefined) return
        event.preventDefault()
        props.onMove(stepped(props.place, way, event.shiftKey))
      }}
    />
  )
}
