import type { Accessor } from 'solid-js'
import { createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import { createStore } from 'solid-js/store'
import type { Running } from '../../worker/client.ts'
import { engine, inWords, startRun, wasStopped } from '../../worker/client.ts'
import type { MapCell } from './cells.ts'
import type { CellResult } from './engine/cell.ts'

/** What is known of a cell: its result, or why there is none, in words. */
export type Known = { readonly result: CellResult } | { readonly error: string }

/** Cells that have been run, the latest last: a map that is opened again, or that shares cells with another, has them at once. */
const kept = new Map<string, Known>()
/** How many are kept; one has some kilobytes of numbers. */
const mostKept = 300

function keep(key: string, known: Known): void {
  kept.delete(key)
  kept.set(key, known)
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break
    kept.delete(oldest)
  }
}

/** A map that is being filled. */
export interface MapSession {
  readonly known: (key: string) => Known | undefined
  readonly running: Accessor<boolean>
  /** The cell at work. */
  readonly at: Accessor<MapCell | undefined>
  /** Whether somebody has stopped it. */
  readonly held: Accessor<boolean>
  readonly done: Accessor<number>
  stop(): void
  goOn(): void
}

/** Milliseconds that a change may rest before it is run: a drag is many changes. */
const rest = 250

/** Fills a map, cell after cell, and begins anew where the cells change; those that are known are not run again. */
export function createMapSession(cells: Accessor<readonly MapCell[]>): MapSession {
  const [store, setStore] = createStore<Record<string, Known>>(Object.fromEntries(kept))
  const [at, setAt] = createSignal<MapCell>()
  const [held, setHeld] = createSignal(false)
  let current: Running<CellResult> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0
  const learn = (key: string, known: Known) => {
    if ('result' in known) keep(key, known) // what failed is tried again when the room is opened again
    setStore(key, known)
  }
  const halt = () => {
    turn++
    clearTimeout(timer)
    current?.stop()
    current = undefined
    setAt(undefined)
  }

  async function fill(list: readonly MapCell[]): Promise<void> {
    const mine = ++turn
    for (const cell of list) {
      if (mine !== turn) return
      if (store[cell.key] !== undefined) continue
      setAt(cell)
      current = startRun((run) => engine.atlas.cell(run, cell.run))
      try {
        learn(cell.key, { result: await current.result })
      } catch (failure) {
        if (wasStopped(failure)) return
        learn(cell.key, { error: inWords(failure) })
      }
    }
    if (mine === turn) setAt(undefined)
  }

  const keys = () => JSON.stringify(cells().map(({ key }) => key))
  createEffect(
    on(keys, () =>
      untrack(() => {
        halt()
        if (!held()) timer = setTimeout(() => void fill(cells()), rest)
      }),
    ),
  )
  onCleanup(halt)
  return {
    known: (key) => store[key],
    at,
    held,
    running: () => at() !== undefined,
    done: () => cells().filter(({ key }) => store[key] !== undefined).length,
    stop: () => {
      setHeld(true)
      halt()
    },
    goOn: () => {
      setHeld(false)
      void fill(cells())
    },
  }
}
