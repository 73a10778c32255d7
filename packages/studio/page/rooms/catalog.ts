/**
 * The rooms of the Studio: a list, and the navigation shows what is in it. A room is a folder `rooms/NAME`:
 *
 * - `room.tsx` exports the component as default. It is loaded when the room is opened.
 * - `fields.ts` is its state as a table of fields (`state/fields.ts`); `roomState('NAME', fields)` in the component reads it
 *   from the address and keeps it there. All that a visitor can set is a field, so that every state is a link.
 * - `engine.ts` is its part of the worker (`worker/engine.ts` says how). The component calls `engine.NAME.…` of
 *   `worker/client.ts`, long work through `startRun`, and stops it and calls the part's `close` in `onCleanup`.
 * - `<Tour steps={…}>` beside its heading, five steps of two sentences: the tour goes on from room to room, in this order.
 * - Everything else is its own: files of 60 to 250 lines, one subject each. What two rooms need goes to `parts/`: a method that is
 *   run again whenever what is asked for changes is a session (`parts/session.ts`).
 *
 * A room never waits under the page's `Suspense`, which would take it, and the focus, from the page: what it asks the engine it
 * asks by `createLatest` and `createOnce` (`parts/latest.ts`).
 *
 * Packages that a room imports are development dependencies of the Studio: they are bundled.
 *
 * A run that a room shows can be saved whole: `<SaveRun>` of `parts/` with a `RunFile` of @tweedie/calibration.
 *
 * Manners: something moves within a second of opening, without a click. The object is what one drags. Each thing is explained
 * where it is, in two sentences (`<Hint>`). Errors are words (`inWords`) beside what caused them. Colours come from the
 * variables of `theme.css` alone, on canvases through `useColours`. Everything works by keyboard, at 390 px, in both themes,
 * and with `prefers-reduced-motion`. Tests of a room are `tests/studio/NAME.test.ts`.
 */
import type { Component } from 'solid-js'
import { lazy } from 'solid-js'

/** A room as the navigation knows it. */
export interface Room {
  /** In the address. */
  readonly name: string
  readonly title: string
  readonly component: Component
}

export const rooms: readonly [Room, ...Room[]] = [
  { name: 'plane', title: 'Plane', component: lazy(() => import('./plane/room.tsx')) },
  { name: 'digits', title: 'Digits', component: lazy(() => import('./digits/room.tsx')) },
  { name: 'code', title: 'Code', component: lazy(() => import('./code/room.tsx')) },
  { name: 'gradient', title: 'Gradient', component: lazy(() => import('./gradient/room.tsx')) },
  { name: 'atlas', title: 'Atlas', component: lazy(() => import('./atlas/room.tsx')) },
]
