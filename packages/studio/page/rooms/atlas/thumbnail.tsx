import { Show } from 'solid-js'
import { Canvas } from '../../parts/canvas.tsx'
import { useColours } from '../../parts/theme.tsx'
import { PixelView } from '../digits/pixel-view.tsx'
import { side, size } from '../digits/pixels.ts'
import type { MapCell } from './cells.ts'
import type { CellResult } from './engine/cell.ts'

/** The plane that is seen goes from −reach to reach: less than in its room, as nothing is dragged here. */
const reach = 2.6

/** What a run has come to, small: the first digit, or all particles. */
export function Thumbnail(props: {
  readonly on: MapCell['run']['on']
  readonly result: CellResult
  /** Which of the digits. */
  readonly sample?: number
}) {
  const colours = useColours('a', 'surface', 'line')
  const digit = () => {
    const from = (props.sample ?? 0) * size
    return { height: side, width: side, data: props.result.x.subarray(from, from + size) }
  }
  const paint = (context: CanvasRenderingContext2D, width: number, height: number) => {
    const { a, surface } = colours()
    context.fillStyle = surface
    context.fillRect(0, 0, width, height)
    context.fillStyle = a
    context.globalAlpha = 0.5
    const { x } = props.result
    const dot = Math.max(1, width / 70)
    for (let i = 0; i < x.length; i += 2) {
      const px = (((x[i] ?? 0) + reach) / (2 * reach)) * width
      const py = ((reach - (x[i + 1] ?? 0)) / (2 * reach)) * height
      context.fillRect(px - dot / 2, py - dot / 2, dot, dot)
    }
    context.globalAlpha = 1
  }
  return (
    <Show when={props.on === 'plane'} fallback={<PixelView plane={digit()} />}>
      <span class="cloud" aria-hidden="true">
        <Canvas label="The particles" paint={paint} />
      </span>
    </Show>
  )
}
