import type { Accessor } from 'solid-js'
import { createEffect, createSignal, onCleanup } from 'solid-js'
import { createStore, reconcile } from 'solid-js/store'
import type { Fields, Values } from './fields.ts'
import { addressOf, asWritten, readState, writeState } from './url.ts'

/** The state of a room, reactive, with its address. */
export interface RoomState<F extends Fields> {
  readonly values: Values<F>
  /** Changes some of it. */
  set(change: Partial<Values<F>>): void
  /** As it was opened: defaults everywhere. */
  reset(): void
  /** What of the address could not be read, in words; emptied by `dismiss`. */
  readonly notes: Accessor<readonly string[]>
  dismiss(): void
}

/** Milliseconds that an address may lag: browsers refuse more than a hundred changes in half a minute. */
const lag = 300

/**
 * The state of a room, read from the address when the room opens and whenever somebody changes the address, and written to it
 * when the state changes. Call it once in the room's component.
 */
export function roomState<F extends Fields>(room: string, fields: F): RoomState<F> {
  const first = readState(fields, addressOf(location.hash).query)
  const [values, setValues] = createStore<Record<string, unknown>>({ ...first.values })
  const [notes, setNotes] = createSignal(first.notes)
  const current = () => ({ ...values }) as Values<F>
  const hash = () => {
    const query = writeState(fields, current())
    return `#${room}${query === '' ? '' : `?${query}`}`
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  let seen = location.hash
  createEffect(() => {
    hash() // what is read here is what is waited for
    clearTimeout(timer)
    timer = setTimeout(() => {
      // Another address is that of somebody who has just changed it: the event is on its way.
      if (location.hash !== seen || seen === hash()) return
      history.replaceState(null, '', hash())
      seen = location.hash
    }, lag)
  })
  const changed = () => {
    seen = location.hash
    const address = addressOf(seen)
    if (address.room !== room) return
    const read = readState(fields, address.query)
    setValues(reconcile({ ...read.values }))
    setNotes(read.notes)
  }
  addEventListener('hashchange', changed)
  onCleanup(() => {
    clearTimeout(timer)
    removeEventListener('hashchange', changed)
  })
  return {
    values: values as Values<F>,
    set: (change) => setValues(asWritten(fields, change)),
    reset: () => setValues(reconcile({ ...readState(fields, '').values })),
    notes,
    dismiss: () => setNotes([]),
  }
}
