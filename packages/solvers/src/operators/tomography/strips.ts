/** Where the pixels of an image fall on the detectors of one angle, and how much of each: 3 places a pixel. */
export interface Strips {
  /** Detector of each share, [3·H·W]: first all nearest on the left, then the middle ones, then those on the right. */
  readonly places: Int32Array
  /** Area of a pixel that lies in the strip of that detector, [3·H·W]; 0 beyond the detectors. */
  readonly areas: Float64Array
}

/**
 * The area of a unit square on the near side of a line: its shadow on an axis at angle θ has the density of a trapezoid,
 * whose integral up to u from the middle this is. a = (|cos| + |sin|)/2 and b = ||cos| − |sin||/2 are its half-widths.
 */
export function shadow(u: number, cosine: number, sine: number): number {
  const [c, s] = [Math.abs(cosine), Math.abs(sine)]
  const [a, b] = [(c + s) / 2, Math.abs(c - s) / 2]
  const [v, height] = [Math.min(Math.abs(u), a), 1 / (a + b)]
  const slope = v > b ? (v - b) ** 2 / (2 * (a - b)) : 0
  return 0.5 + Math.sign(u) * height * (v - slope)
}

/**
 * The strips of one angle. Pixel (i, j) has its middle at t = (j − (W−1)/2)·cos θ + ((H−1)/2 − i)·sin θ; detector d
 * sees the strip of width 1 around d − (D−1)/2, both in pixels.
 */
export function stripsOf(height: number, width: number, detectors: number, angle: number): Strips {
  const n = height * width
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
  const places = new Int32Array(3 * n)
  const areas = new Float64Array(3 * n)
  for (let p = 0; p < n; p++) {
    const [i, j] = [Math.floor(p / width), p % width]
    const t = (j - (width - 1) / 2) * cosine + ((height - 1) / 2 - i) * sine
    const middle = Math.round(t + (detectors - 1) / 2)
    for (let k = -1; k <= 1; k++) {
      const d = middle + k
      if (d < 0 || d >= detectors) continue
      const left = d - detectors / 2 - t
      places[(k + 1) * n + p] = d
      areas[(k + 1) * n + p] = shadow(left + 1, cosine, sine) - shadow(left, cosine, sine)
    }
  }
  return { places, areas }
}
