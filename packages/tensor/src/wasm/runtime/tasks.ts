import { times } from '../../times.ts'
import type { WasmFunction } from './module.ts'

/** A kernel function with its arguments. */
export interface Call {
  readonly run: WasmFunction
  readonly args: readonly number[]
}

/** A call of a kernel function. */
export const callOf = (run: WasmFunction, ...args: readonly number[]): Call => ({ run, args })

/** What takes a call of a kernel function, to make it at once or later. */
export type Launch = (run: WasmFunction, ...args: readonly number[]) => void

/** Makes calls at once. */
export const atOnce: Launch = (run, ...args) => run(...args)

/** The calls that `launches` launches, to be made later. */
export function taskOf(launches: (launch: Launch) => void): Call[] {
  const calls: Call[] = []
  launches((run, ...args) => calls.push(callOf(run, ...args)))
  return calls
}

/** Calls to be made one after the other. */
export type Task = readonly Call[]

/** What kernels share their work by. */
export interface Threads {
  /**
   * Into how many parts to cut work that takes one thread about `nanoseconds` and consists of `units` that may
   * be dealt out: 1 where sharing would not pay. A cut must not change results: parts depend on the number of
   * threads.
   */
  parts(nanoseconds: number, units: number): number
  /** Does all tasks, in any order and on any thread: none may need or touch what another one writes. */
  run(tasks: readonly Task[]): void
}

/** A range of units, `to` excluded. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** 0 … total cut into at most `parts` ranges of nearly equal length, all but the last a multiple of `unit`. */
export function cut(total: number, parts: number, unit = 1): Range[] {
  const units = Math.ceil(total / unit)
  const count = Math.max(1, Math.min(parts, units))
  return times(count, (i) => ({
    from: Math.floor((i * units) / count) * unit,
    to: Math.min(total, Math.floor(((i + 1) * units) / count) * unit),
  }))
}

/** A rectangle of a matrix. */
export interface Rectangle {
  readonly rows: Range
  readonly columns: Range
}

/**
 * At most `parts` rectangles of a matrix, of whole tiles: as many as possible, and as square as that allows,
 * because the cost of preparing a rectangle's operands goes with the length of its sides.
 */
export function cutGrid(
  rows: number,
  columns: number,
  rowUnit: number,
  columnUnit: number,
  parts: number,
): Rectangle[] {
  const tall = Math.ceil(rows / rowUnit)
  const wide = Math.ceil(columns / columnUnit)
  let [down, across] = [1, 1]
  for (let d = 1; d <= Math.min(parts, tall); d++) {
    const a = Math.min(wide, Math.floor(parts / d))
    const more = d * a - down * across
    const squarer = rows / d + columns / a < rows / down + columns / across
    if (more > 0 || (more === 0 && squarer)) [down, across] = [d, a]
  }
  const beside = cut(columns, across, columnUnit)
  return cut(rows, down, rowUnit).flatMap((own) => beside.map((columns) => ({ rows: own, columns })))
}

/** A list cut into at most `parts` of nearly equal length. */
export const deal = <T>(list: readonly T[], parts: number): T[][] =>
  cut(list.length, parts).map(({ from, to }) => list.slice(from, to))

/** Does tasks in order on this thread. */
export function runHere(tasks: readonly Task[]): void {
  for (const task of tasks) for (const { run, args } of task) run(...args)
}

/** No other threads. */
export const alone: Threads = { parts: () => 1, run: runHere }

/** Least work for which another thread is woken, and least per part, in nanoseconds. */
const worthSharing = 80_000
const worthPart = 20_000

/** {@link Threads.parts} for `threads` threads: more parts than threads where they are long, to even out delays. */
export function partsFor(threads: number, nanoseconds: number, units: number): number {
  if (threads === 1 || nanoseconds < worthSharing) return 1
  const each = nanoseconds / threads
  const perThread = each > 8e6 ? 4 : each > 5e5 ? 2 : 1
  return Math.max(1, Math.min(units, threads * perThread, Math.floor(nanoseconds / worthPart)))
}
