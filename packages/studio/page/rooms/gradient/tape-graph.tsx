import { createMemo, For, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import type { StepTape } from './engine/step.ts'
import type { Item, View } from './graph.ts'
import type { Box } from './layout.ts'
import { layoutOf } from './layout.ts'
import { bytesText, shapeText, timeText } from './words.ts'

const zooms = { min: 40, max: 200 }
/** Around the graph, in pixels. */
const padding = 10

/** The tape as a graph, from the top down: a click opens a block, pointing at a thing shows its tensor. */
export function TapeGraph(props: {
  readonly step: StepTape
  readonly view: View
  readonly open: readonly string[]
  readonly shown: string
  readonly zoom: number
  readonly onZoom: (percent: number) => void
  readonly onPoint: (id: string | undefined) => void
  readonly onPick: (item: Item) => void
}) {
  let pane: HTMLDivElement | undefined
  const layout = createMemo(() => layoutOf(props.view.bands, props.view.edges))
  const scale = () => props.zoom / 100
  const zoom = (percent: number) =>
    props.onZoom(Math.round(Math.min(zooms.max, Math.max(zooms.min, percent))))
  const most = createMemo(() => {
    const blocks = props.view.items.filter(({ kind }) => kind === 'block')
    const times = blocks.map(({ forward, backward }) => Math.max(forward, backward)).sort((a, b) => a - b)
    return {
      own: Math.max(1, ...blocks.map(({ own }) => own)),
      // A call that something else kept waiting is no measure: of ten blocks the longest is left out.
      time: times[Math.floor(0.9 * times.length)] ?? 1,
    }
  })
  /** Up and down go through the things in the order of the tape. */
  const go = (event: KeyboardEvent) => {
    const way = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (way === 0 || pane === undefined) return
    const all = [...pane.querySelectorAll('button.item')]
    const next = all[all.indexOf(document.activeElement ?? pane) + way]
    if (!(next instanceof HTMLElement)) return
    event.preventDefault()
    next.focus()
  }
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    zoom(props.zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1))
  }
  return (
    <div class="tape-graph">
      <div class="row tools">
        <Button onClick={() => zoom(props.zoom / 1.25)} label="Smaller" title="Smaller (Ctrl and the wheel)">
          −
        </Button>
        <output class="small">{props.zoom} %</output>
        <Button onClick={() => zoom(props.zoom * 1.25)} label="Larger" title="Larger (Ctrl and the wheel)">
          +
        </Button>
        <Button
          quiet
          onClick={() => zoom((100 * ((pane?.clientWidth ?? 0) - 2 * padding)) / layout().width - 1)}
          title="As wide as there is room"
        >
          Fit
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what is in it takes the focus; arrows go between them */}
      <div
        class="pane"
        ref={(element) => {
          pane = element
          element.addEventListener('wheel', wheel, { passive: false })
        }}
        onKeyDown={go}
        onPointerLeave={() => props.onPoint(undefined)}
      >
        <div style={{ width: `${layout().width * scale()}px`, height: `${layout().height * scale()}px` }}>
          <div
            class="sheet"
            style={{
              width: `${layout().width}px`,
              height: `${layout().height}px`,
              transform: `scale(${scale()})`,
            }}
          >
            <For each={[...layout().frames]}>{([, box]) => <div class="frame" style={placeOf(box)} />}</For>
            <svg width={layout().width} height={layout().height} aria-hidden="true">
              <For each={layout().routes}>
                {({ path, long, from, to }) => (
                  <path d={path} classList={{ long, lit: props.shown === from || props.shown === to }} />
                )}
              </For>
            </svg>
            <For each={props.view.items}>
              {(item) => (
                <Thing
                  item={item}
                  box={layout().boxes.get(item.id)}
                  frame={layout().frames.get(item.id)}
                  shape={shapeText(props.step.tape.values[item.value]?.shape ?? [], '×')}
                  most={most()}
                  shown={props.shown === item.id}
                  onPoint={() => props.onPoint(item.id)}
                  onPick={() => props.onPick(item)}
                />
              )}
            </For>
          </div>
        </div>
      </div>
    </div>
  )
}

const placeOf = ({ x, y, width, height }: Box) => ({
  left: `${x}px`,
  top: `${y}px`,
  width: `${width}px`,
  height: `${height}px`,
})

/** A block, a call, or x_t; of an opened block its name, on the frame around its calls. */
function Thing(props: {
  readonly item: Item
  readonly box: Box | undefined
  readonly frame: Box | undefined
  readonly shape: string
  readonly most: { readonly own: number; readonly time: number }
  readonly shown: boolean
  readonly onPoint: () => void
  readonly onPick: () => void
}) {
  const place = (): Box => {
    const { frame, box } = props
    if (frame !== undefined) return { x: frame.x + 1, y: frame.y + 1, width: frame.width - 2, height: 28 }
    return box ?? { x: 0, y: 0, width: 0, height: 0 }
  }
  const part = (value: number, of: number) => `${Math.min(100, (100 * value) / of)}%`
  return (
    <button
      type="button"
      classList={{
        item: true,
        [props.item.kind]: true,
        opened: props.frame !== undefined,
        shown: props.shown,
      }}
      style={placeOf(place())}
      aria-expanded={props.item.kind === 'block' ? props.frame !== undefined : undefined}
      aria-pressed={props.item.kind === 'block' ? undefined : props.shown}
      data-item={props.item.id}
      onPointerEnter={() => props.onPoint()}
      onFocus={() => props.onPoint()}
      onClick={() => props.onPick()}
    >
      <span class="line">
        <b>
          <Show when={props.item.kind === 'block'}>
            <i class="fold">{props.frame === undefined ? '▸' : '▾'}</i>
          </Show>
          {props.item.title}
        </b>
        <Show when={props.item.kind !== 'leaf'}>
          <span class="ink-kept">
            <span class="hidden">keeps </span>
            {bytesText(props.item.own)}
          </span>
        </Show>
      </span>
      <Show when={props.frame === undefined}>
        <span class="line muted">
          <span>{props.shape}</span>
          <Show when={props.item.kind !== 'leaf'}>
            <span>
              <span class="hidden">takes </span>
              {timeText(props.item.forward + props.item.backward)}
            </span>
          </Show>
        </span>
        <span class="bars" aria-hidden="true">
          <i class="spent kept" style={{ width: part(props.item.own, props.most.own) }} />
          <i class="spent on" style={{ width: part(props.item.forward, props.most.time) }} />
          <i class="spent back" style={{ width: part(props.item.backward, props.most.time) }} />
        </span>
      </Show>
    </button>
  )
}
