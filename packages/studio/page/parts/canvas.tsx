import { createEffect, createSignal, onCleanup, onMount } from 'solid-js'
import { theme } from './theme.tsx'

/** A canvas of the size that its box has, in device pixels: `paint` draws in CSS pixels. */
export function Canvas(props: {
  /** What is to be seen, for those who do not see it. */
  readonly label: string
  /** Draws everything; tracked, so that it is called again when what it reads has changed. */
  readonly paint: (context: CanvasRenderingContext2D, width: number, height: number) => void
  readonly ref?: (canvas: HTMLCanvasElement) => void
  /** Takes the focus, for keys. */
  readonly focusable?: boolean
  readonly class?: string
}) {
  let canvas: HTMLCanvasElement | undefined
  const [size, setSize] = createSignal({ width: 0, height: 0 })
  const watcher = new ResizeObserver(([entry]) => {
    if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height })
  })
  onMount(() => {
    if (canvas === undefined) return
    watcher.observe(canvas)
    props.ref?.(canvas)
  })
  onCleanup(() => watcher.disconnect())
  createEffect(() => {
    theme()
    const { width, height } = size()
    const context = canvas?.getContext('2d')
    if (canvas === undefined || !context || width === 0 || height === 0) return
    const ratio = devicePixelRatio
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h]
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    props.paint(context, width, height)
  })
  return (
    <canvas
      ref={(element) => {
        canvas = element
      }}
      class={props.class}
      role="img"
      aria-label={props.label}
      tabindex={props.focusable ? 0 : undefined}
    />
  )
}
