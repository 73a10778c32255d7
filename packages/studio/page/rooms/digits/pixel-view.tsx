import { createEffect } from 'solid-js'
import { partsOf } from '../../parts/colour.ts'
import { theme, useColours } from '../../parts/theme.tsx'
import type { Plane } from './moments.ts'

/** What the numbers are: greys or colours of the data range [−1, 1]; signed, shown by their largest; or magnitudes from 0 to `top`. */
export type Scale = 'grey' | 'signed' | 'magnitude'

/** A picture of few pixels, each a square. */
export function PixelView(props: {
  /** What is to be seen, for those who do not see it; left out where something around it says so. */
  readonly label?: string
  readonly plane: Plane | undefined
  readonly scale?: Scale
  /** The magnitude that is darkest. */
  readonly top?: number
}) {
  let canvas: HTMLCanvasElement | undefined
  const colours = useColours('surface', 'ink', 'a', 'b')
  createEffect(() => {
    theme()
    const { plane, scale = 'grey', top } = props
    const context = canvas?.getContext('2d')
    if (canvas === undefined || !context) return
    if (plane === undefined) return context.clearRect(0, 0, canvas.width, canvas.height)
    const { width, height, data, colour } = plane
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height]
    const image = context.createImageData(width, height)
    const { surface, ink, a, b } = colours()
    const [ground, dark, up, down] = [surface, ink, a, b].map(partsOf)
    const most = top ?? data.reduce((largest, v) => Math.max(largest, Math.abs(v)), 1e-9)
    data.forEach((value, i) => {
      const share = Math.min(1, Math.abs(value) / most)
      const full = scale === 'magnitude' ? dark : value > 0 ? up : down
      for (let c = 0; c < 3; c++)
        image.data[4 * i + c] =
          scale === 'grey'
            ? 127.5 * ((colour?.[c]?.[i] ?? value) + 1)
            : (ground?.[c] ?? 0) + share * ((full?.[c] ?? 0) - (ground?.[c] ?? 0))
      image.data[4 * i + 3] = 255
    })
    context.putImageData(image, 0, 0)
  })
  return (
    <canvas
      ref={(element) => {
        canvas = element
      }}
      class="pixels"
      width="28"
      height="28"
      role={props.label === undefined ? undefined : 'img'}
      aria-label={props.label}
      aria-hidden={props.label === undefined}
    />
  )
}
