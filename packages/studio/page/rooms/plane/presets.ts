import type { Component, Law } from './law.ts'

/** A component that was dragged to another place. */
export interface Moved {
  readonly index: number
  readonly x: number
  readonly y: number
}

/** A Gaussian at a place, `long` along a direction and `wide` across it (standard deviations). */
function blob(x: number, y: number, long: number, wide = long, turn = 0, weight = 1): Component {
  const [c, s] = [Math.cos(turn), Math.sin(turn)]
  return {
    weight,
    x,
    y,
    xx: (long * c) ** 2 + (wide * s) ** 2,
    xy: (long ** 2 - wide ** 2) * c * s,
    yy: (long * s) ** 2 + (wide * c) ** 2,
  }
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Half a circle of Gaussians, each along it. */
const arc = (cx: number, cy: number, radius: number, from: number, to: number, n: number): Component[] =>
  range(n).map((i) => {
    const angle = from + ((to - from) * (i + 0.5)) / n
    return blob(
      cx + radius * Math.cos(angle),
      cy + radius * Math.sin(angle),
      (0.42 * radius * (to - from)) / n,
      0.11,
      angle + Math.PI / 2,
    )
  })

/** What a prior can begin as. */
export const presets = [
  { name: 'moons', title: 'Two moons', about: 'Two half circles, each of six Gaussians.' },
  { name: 'grid', title: 'Grid of 25', about: 'Twenty-five narrow Gaussians: many modes, well apart.' },
  { name: 'banana', title: 'Banana', about: 'One bent ridge of nine Gaussians.' },
  { name: 'ring', title: 'Ring', about: 'A circle of twelve Gaussians.' },
  { name: 'pair', title: 'Pair', about: 'Two Gaussians, one three times as heavy as the other.' },
] as const

export type PresetName = (typeof presets)[number]['name']

const parts: Readonly<Record<PresetName, readonly Component[]>> = {
  moons: [...arc(-0.62, -0.3, 1.25, 0, Math.PI, 6), ...arc(0.62, 0.3, 1.25, Math.PI, 2 * Math.PI, 6)],
  grid: range(25).map((k) => blob((k % 5) - 2, Math.floor(k / 5) - 2, 0.15)),
  banana: range(9).map((k) => {
    const u = (k - 4) / 2.4
    const weight = Math.exp(-(u ** 2) / 2.2)
    return blob(u, 0.75 * u ** 2 - 1, 0.24 * Math.hypot(1, 1.5 * u), 0.16, Math.atan2(1.5 * u, 1), weight)
  }),
  ring: arc(0, 0, 1.6, 0, 2 * Math.PI, 12),
  pair: [blob(-1.2, 0.4, 0.35, 0.35, 0, 1), blob(1.1, -0.3, 0.45, 0.25, 0.6, 3)],
}

/** The law of a preset, with components moved. */
export function lawOf(name: PresetName, moved: readonly Moved[]): Law {
  const list = parts[name]
  const sum = list.reduce((total, { weight }) => total + weight, 0)
  return list.map((component, k) => {
    const to = moved.find(({ index }) => index === k)
    return { ...component, weight: component.weight / sum, ...(to && { x: to.x, y: to.y }) }
  })
}
