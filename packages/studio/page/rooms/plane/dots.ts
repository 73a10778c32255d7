import type { View } from './view.ts'

/** A picture of one colour, 4 bytes a pixel, whose alpha says how much of it is covered. */
export interface Layer {
  readonly width: number
  readonly height: number
  readonly data: Uint8ClampedArray
}

/** Dots in CSS pixels. */
export interface Dots {
  /** [N, 2] in the plane. */
  readonly x: Float32Array
  readonly radius: (index: number) => number
  readonly colour: readonly [red: number, green: number, blue: number]
  /** How opaque each is, 0 … 1. */
  readonly opacity: number
}

/** Dots smaller than this are not seen. */
const least = 0.25

/**
 * Draws dots into an empty layer of `ratio` pixels for each CSS pixel, each over those before it: a canvas without a
 * graphics card takes ten times as long for a thousand small pictures.
 */
export function stamp(
  { width, height, data }: Layer,
  view: View,
  { x, radius, colour: [red, green, blue], opacity }: Dots,
  ratio = 1,
): void {
  const scale = view.scale * ratio
  for (let i = 0; 2 * i + 1 < x.length; i++) {
    const r = radius(i) * ratio
    if (r < least * ratio) continue
    const cx = (view.width * ratio) / 2 + (x[2 * i] as number) * scale
    const cy = (view.height * ratio) / 2 - (x[2 * i + 1] as number) * scale
    const [left, right] = [Math.max(0, Math.floor(cx - r - 0.5)), Math.min(width, Math.ceil(cx + r + 0.5))]
    const [top, bottom] = [Math.max(0, Math.floor(cy - r - 0.5)), Math.min(height, Math.ceil(cy + r + 0.5))]
    for (let py = top; py < bottom; py++)
      for (let px = left; px < right; px++) {
        const far = Math.sqrt((px + 0.5 - cx) ** 2 + (py + 0.5 - cy) ** 2)
        const cover = Math.min(1, r + 0.5 - far) // the edge is a pixel wide
        if (cover <= 0) continue
        const at = 4 * (py * width + px)
        const before = data[at + 3] as number
        data[at] = red
        data[at + 1] = green
        data[at + 2] = blue
        data[at + 3] = before + (255 - before) * cover * opacity
      }
  }
}
