import { dispatch } from '../dispatch.ts'
import { ShapeError } from '../errors.ts'
import type { Shape } from '../shape.ts'
import { assertShape, normalizeAxis, sameShape, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { times } from '../times.ts'

/**
 * One axis of a slice: `null` takes all, an integer takes that index and drops the axis, and
 * `[start, stop, step]` takes a range (each part optional; negative positions count from the end; a
 * negative step walks backwards, from the end by default).
 */
export type Range = null | number | readonly [start?: number | null, stop?: number | null, step?: number]

/** The same elements under another shape; one extent may be −1, to be worked out. A view where possible. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const unknown = shape.indexOf(-1)
  if (unknown < 0) {
    assertShape('reshape', shape)
    return dispatch('reshape', [x], { shape })
  }
  const rest = sizeOf(shape) / -1
  const extent = rest === 0 ? 0 : sizeOf(x.shape) / rest
  const full = shape.map((n, i) => (i === unknown ? extent : n))
  if (!Number.isInteger(extent))
    throw new ShapeError('reshape', `no extent for −1 fits [${shape.join(', ')}]`, [x.shape])
  assertShape('reshape', full)
  return dispatch('reshape', [x], { shape: full })
}

/** The axes in another order; without one, reversed. A view. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const rank = x.shape.length
  const order =
    permutation?.map((p) => normalizeAxis('transpose', p, rank)) ?? x.shape.map((_, i) => rank - 1 - i)
  return dispatch('transpose', [x], { permutation: order })
}

/** The last two axes exchanged. A view. */
export function matrixTranspose(x: Tensor): Tensor {
  const rank = x.shape.length
  if (rank < 2) throw new ShapeError('matrixTranspose', 'needs at least two axes', [x.shape])
  return transpose(x, [...times(rank - 2, (i) => i), rank - 1, rank - 2])
}

function resolveRange(extent: number, range: readonly [(number | null)?, (number | null)?, number?]) {
  const step = range[2] ?? 1
  if (step === 0 || !Number.isInteger(step))
    throw new ShapeError('slice', `a step must be a non-zero integer, got ${step}`)
  const [lowest, highest] = step > 0 ? [0, extent] : [-1, extent - 1]
  const place = (at: number | null | undefined, fallback: number) => {
    if (at === null || at === undefined) return fallback
    if (!Number.isInteger(at)) throw new ShapeError('slice', `a position must be an integer, got ${at}`)
    return Math.min(Math.max(at < 0 ? at + extent : at, lowest), highest)
  }
  const start = place(range[0], step > 0 ? lowest : highest)
  const stop = place(range[1], step > 0 ? highest : lowest)
  return { start, step, size: Math.max(0, Math.ceil((stop - start) / step)) }
}

/**
 * A part of a tensor by NumPy's rules, one range per axis; axes left out are taken whole. A view.
 * @example
 * ```ts
 * import { arange } from '@tweedie/tensor'
 * const x = arange(6).reshape([2, 3])
 * Array.from(x.slice(1, [null, null, -1]).dataSync()) // => [5, 4, 3]
 * ```
 */
export function slice(x: Tensor, ...ranges: readonly Range[]): Tensor {
  if (ranges.length > x.shape.length)
    throw new ShapeError('slice', `${ranges.length} ranges for ${x.shape.length} axes`, [x.shape])
  const start: number[] = []
  const size: number[] = []
  const step: number[] = []
  const kept: number[] = []
  x.shape.forEach((extent, axis) => {
    const range = ranges[axis] ?? null
    if (typeof range === 'number') {
      const at = range < 0 ? range + extent : range
      if (!Number.isInteger(range) || at < 0 || at >= extent) {
        throw new ShapeError('slice', `index ${range} is outside axis ${axis} of extent ${extent}`, [x.shape])
      }
      start.push(at)
      size.push(1)
      step.push(1)
    } else {
      const resolved = resolveRange(extent, range ?? [])
      start.push(resolved.size === 0 ? 0 : resolved.start)
      size.push(resolved.size)
      step.push(resolved.step)
      kept.push(resolved.size)
    }
  })
  const part = dispatch('slice', [x], { start, size, step })
  return kept.length === size.length ? part : reshape(part, kept)
}

/** The elements along `axes` in reverse order. A view. */
export function flip(x: Tensor, axes: readonly number[]): Tensor {
  const flipped = axes.map((axis) => normalizeAxis('flip', axis, x.shape.length))
  return slice(x, ...x.shape.map((_, i): Range => (flipped.includes(i) ? [null, null, -1] : null)))
}

/** Stretches axes of extent 1, and adds leading ones, without copying. A view. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  assertShape('broadcastTo', shape)
  return sameShape(x.shape, shape) ? x : dispatch('broadcastTo', [x], { shape })
}

/** Adds an axis of extent 1 at `axis` (of the result). A view. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis('expandDims', axis, x.shape.length + 1)
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
}

/** Drops axes of extent 1: the given ones, or all. A view. */
export function squeeze(x: Tensor, axes?: readonly number[]): Tensor {
  const drop = axes?.map((axis) => normalizeAxis('squeeze', axis, x.shape.length))
  const wrong = drop?.find((axis) => x.shape[axis] !== 1)
  if (wrong !== undefined)
    throw new ShapeError('squeeze', `axis ${wrong} has extent ${x.shape[wrong]}, not 1`, [x.shape])
  return reshape(
    x,
    x.shape.filter((extent, i) => (drop === undefined ? extent !== 1 : !drop.includes(i))),
  )
}

/** A row-major copy; the tensor itself where it already is one. */
export const contiguous = (x: Tensor): Tensor => (x.isContiguous ? x : dispatch('contiguous', [x], {}))

/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new ShapeError('concat', 'needs at least one tensor')
  return dispatch('concat', tensors, { axis: normalizeAxis('concat', axis, tensors[0]!.shape.length) })
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return concat(
    tensors.map((t) => expandDims(t, axis)),
    axis,
  )
}

/** Zeros around a tensor: per axis, how many before and after. */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[]): Tensor {
  if (widths.length !== x.shape.length)
    throw new ShapeError('pad', `${widths.length} widths for ${x.shape.length} axes`, [x.shape])
  return dispatch('pad', [x], { low: widths.map(([low]) => low), high: widths.map(([, high]) => high) })
}

/**
 * The slices of `x` at int32 `indices` (one-dimensional) along `axis`; negative indices are an error.
 * On the wasm and reference devices an index outside the axis throws a ShapeError.
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return dispatch('gather', [x, indices], { axis: normalizeAxis('gather', axis, x.shape.length) })
}

/** The transpose of {@link gather}: adds slice j of `updates` to slice indices[j] of a zero tensor of `size`. */
export function scatterAdd(updates: Tensor, indices: Tensor, size: number, axis = 0): Tensor {
  return dispatch('scatterAdd', [updates, indices], {
    axis: normalizeAxis('scatterAdd', axis, updates.shape.length),
    size,
  })
}
