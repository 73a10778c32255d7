import { createMemo, createSignal, For, onCleanup, onMount, Show } from 'solid-js'
import { Canvas } from '../../parts/canvas.tsx'
import { useColours } from '../../parts/theme.tsx'
import type { Frame } from './engine/frames.ts'
import type { Layer } from './fields.ts'
import { reach } from './fields.ts'
import { Handle, stepped, ways } from './handle.tsx'
import type { Law, Point, Stripe } from './law.ts'
import { densityGrid, paintContours, paintParticles, paintShade, paintStripe } from './paint.ts'
import type { View } from './view.ts'
import { draggedStripe, gripsOf, toPixel, toPlane, viewOf } from './view.ts'

/** What a stage shows and lets one drag. */
export interface StageProps {
  readonly label: string
  readonly colour: 'a' | 'b'
  readonly law: Law
  /** Of x₀ given y. */
  readonly posterior: Law
  readonly stripe: Stripe
  /** In place of the laws of all particles, those of x₀ at one x_t: before and after the measurement. */
  readonly focus: { readonly before: Law; readonly after: Law } | undefined
  readonly frame: Frame | undefined
  readonly show: readonly Layer[]
  readonly onStripe: (stripe: Stripe) => void
  readonly onComponent: (index: number, to: Point) => void
  /** Where the pointer is over it, in the plane; undefined where it has left. */
  readonly onPoint: (at: Point | undefined) => void
  readonly onPick: (at: Point) => void
  /** Where the lens is. */
  readonly lens: Point | undefined
  /** More to paint, over the particles. */
  readonly over?: (context: CanvasRenderingContext2D, view: View) => void
  /** And under them. */
  readonly under?: (context: CanvasRenderingContext2D, view: View) => void
}

const grips = [
  { name: 'middle', label: 'Move the measurement' },
  { name: 'turn', label: 'Turn the measurement' },
  { name: 'widen', label: 'Widen its noise' },
] as const

/** The plane with the prior, the measurement, the exact posterior and the particles of one method. */
export function Stage(props: StageProps) {
  const colours = useColours('prior', 'exact', 'stripe', 'a', 'b')
  const [size, setSize] = createSignal<Point>([0, 0])
  let box: HTMLDivElement | undefined
  const watcher = new ResizeObserver(([entry]) => {
    if (entry) setSize([entry.contentRect.width, entry.contentRect.height])
  })
  onMount(() => {
    if (box === undefined) return
    watcher.observe(box)
    box.addEventListener('pointermove', (event) => props.onPoint(planeAt(event)))
    box.addEventListener('pointerleave', () => props.onPoint(undefined))
    box.addEventListener('click', (event) => {
      if (event.target instanceof HTMLCanvasElement) props.onPick(planeAt(event))
    })
    box.addEventListener('keydown', (event) => {
      if (event.target instanceof HTMLCanvasElement) byKeys(event)
    })
  })
  onCleanup(() => watcher.disconnect())
  const view = createMemo(() => viewOf(size()[0], size()[1], reach))
  const on = (layer: Layer) => props.show.includes(layer)

  const level = createMemo(
    () => ({ alpha: props.frame?.alpha ?? 1, sigma: props.frame?.sigma ?? 0 }),
    undefined,
    {
      equals: (one, other) => one.alpha === other.alpha && one.sigma === other.sigma,
    },
  )
  const gridOf = (law: Law) => densityGrid(law, reach, level().alpha, level().sigma)
  const priorGrid = createMemo(() => {
    if (props.focus) return densityGrid(props.focus.before, reach)
    return on('prior') ? gridOf(props.law) : undefined
  })
  const exactGrid = createMemo(() => {
    if (props.focus) return densityGrid(props.focus.after, reach)
    return on('exact') ? gridOf(props.posterior) : undefined
  })

  const paint = (context: CanvasRenderingContext2D, width: number, height: number) => {
    const [now, colour] = [viewOf(width, height, reach), colours()]
    const [prior, law] = [priorGrid(), exactGrid()]
    if (prior) paintShade(context, now, prior, colour.prior)
    paintStripe(context, now, props.stripe, colour.stripe)
    props.under?.(context, now)
    if (props.frame && on('particles'))
      paintParticles(
        context,
        now,
        props.frame,
        colour[props.colour],
        props.focus !== undefined || on('guidance') || on('error'),
      )
    if (law) paintContours(context, now, law, colour.exact)
    props.over?.(context, now)
  }
  const planeAt = (event: MouseEvent): Point => {
    const rect = box?.getBoundingClientRect()
    return toPlane(view(), [event.clientX - (rect?.left ?? 0), event.clientY - (rect?.top ?? 0)])
  }
  /** The lens by keys: arrows move it, Enter picks what is there, Escape lays it down. */
  const byKeys = (event: KeyboardEvent) => {
    const way = ways[event.key]
    const from = props.lens ?? [0, 0]
    if (way !== undefined) props.onPoint(stepped(from, way, event.shiftKey))
    else if (event.key === 'Enter') props.onPick(from)
    else if (event.key === 'Escape') props.onPoint(undefined)
    else return
    event.preventDefault()
  }
  const pixel = (place: Point) => toPixel(view(), place)
  const plane = (place: Point) => toPlane(view(), place)
  return (
    <div
      class="stage"
      ref={(element) => {
        box = element
      }}
    >
      <Canvas label={props.label} paint={paint} focusable />
      <Show when={on('handles') && size()[0] > 0}>
        <For each={props.law}>
          {(component, index) => (
            <Handle
              kind="component"
              label={`Component ${index() + 1} of the prior`}
              place={[component.x, component.y]}
              pixel={pixel}
              plane={plane}
              onMove={(to) => props.onComponent(index(), to)}
              skipped={props.colour === 'b'}
            />
          )}
        </For>
        <For each={grips}>
          {({ name, label }) => (
            <Handle
              kind={`grip ${name}`}
              label={label}
              place={gripsOf(props.stripe, reach)[name]}
              pixel={pixel}
              plane={plane}
              onMove={(to) => props.onStripe(draggedStripe[name](props.stripe, to, reach))}
              skipped={props.colour === 'b'}
            />
          )}
        </For>
      </Show>
    </div>
  )
}
