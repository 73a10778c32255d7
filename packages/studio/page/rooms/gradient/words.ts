import type { ChainRun } from './engine/chain.ts'

/** Bytes, in words. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const [unit, name] = bytes < 2 ** 20 ? [1024, 'KiB'] : [2 ** 20, 'MiB']
  const value = bytes / unit
  return `${value < 100 ? value.toPrecision(3) : value.toFixed(0)} ${name}`
}

/** Milliseconds, in words. */
export function timeText(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`
  return `${milliseconds < 1 ? milliseconds.toFixed(2) : milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
}

/** A shape, in words. */
export const shapeText = (shape: readonly number[], by = ' × '): string =>
  shape.length === 0 ? 'a number' : shape.join(by)

/** A few digits of a number. */
export const numberText = (value: number): string =>
  value === 0
    ? '0'
    : Math.abs(value) >= 1e4 || Math.abs(value) < 1e-2
      ? value.toExponential(1)
      : value.toPrecision(3)

/** How two gradients differ: in how many numbers, and by how much at most in units of the largest. */
export function differenceOf(
  a: Float32Array,
  b: Float32Array,
): { readonly count: number; readonly most: number } {
  const [p, q] = [a, b].map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length))
  const scale = a.reduce((largest, v) => Math.max(largest, Math.abs(v)), 1e-30)
  let [count, most] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    if (p?.[i] === q?.[i]) continue
    count++
    most = Math.max(most, Math.abs((a[i] ?? 0) - (b[i] ?? 0)) / scale)
  }
  return { count, most }
}

/** Whether a gradient is that of another, in words. */
export function sameText(run: ChainRun, other: ChainRun): string {
  const { count, most } = differenceOf(other.gradient, run.gradient)
  return count === 0
    ? `the same ${run.gradient.length} numbers, bit for bit`
    : `${count} of ${run.gradient.length} numbers differ, by ${numberText(most)} of the largest`
}

/** The most that was kept before an evaluation: tapes and states, between two runs of the network. */
export const keptOf = ({ evaluations }: ChainRun): number => Math.max(...evaluations.map(({ kept }) => kept))
