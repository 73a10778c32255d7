import { createMemo, For, Show } from 'solid-js'
import type { MapCell } from './cells.ts'
import type { AtlasValues } from './fields.ts'
import type { Known, MapSession } from './map-session.ts'
import { standIns } from './order.ts'
import type { Score } from './scores.ts'
import { colourOf, gradeOf, pale } from './scores.ts'
import { Thumbnail } from './thumbnail.tsx'

/** Milliseconds that a pointer rests on a cell before it is told of: on the way elsewhere it crosses others. */
const rest = 160

/** The map: a table of runs, each a link, with colours for a score. Arrows go from cell to cell. */
export function MapGrid(props: {
  readonly values: AtlasValues
  readonly cells: readonly MapCell[]
  readonly session: MapSession
  readonly score: Score
  readonly scoreOf: (known: Known | undefined) => number | undefined
  /** The cell that is told of, and where the focus enters. */
  readonly looked: MapCell | undefined
  readonly onLook: (cell: MapCell) => void
}) {
  let table: HTMLTableElement | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const [columns, rows] = [() => props.values.x.values, () => props.values.y.values]
  const byPlace = createMemo(() => new Map(props.cells.map((cell) => [`${cell.i},${cell.j}`, cell])))
  const cellAt = (i: number, j: number) => byPlace().get(`${i},${j}`)
  const knownAt = (i: number, j: number) => props.session.known(cellAt(i, j)?.key ?? '')
  const all = createMemo(() =>
    props.cells.flatMap(({ key }) => props.scoreOf(props.session.known(key)) ?? []),
  )
  /** The score of a cell, or of the one that stands for it while it is not known. */
  const shade = (i: number, j: number): { readonly colour: string; readonly own: boolean } | undefined => {
    const places = [{ i, j }, ...standIns({ i, j }, columns().length, rows().length)]
    const found = places.find((place) => knownAt(place.i, place.j) !== undefined)
    if (found === undefined) return undefined
    const value = props.scoreOf(knownAt(found.i, found.j))
    if (value === undefined) return undefined
    const colour = colourOf(props.score, gradeOf(props.score, value, all()))
    const own = found.i === i && found.j === j
    return { colour: own ? colour : pale(colour), own }
  }
  const move = (event: KeyboardEvent, i: number, j: number) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    const next = way && cellAt(i + (way[0] ?? 0), j + (way[1] ?? 0))
    if (next === undefined) return
    event.preventDefault()
    table?.querySelector<HTMLAnchorElement>(`[data-place="${next.i},${next.j}"]`)?.focus()
  }
  const words = (cell: MapCell, known: Known | undefined) => {
    const place = `${props.values.y.option} ${rows()[cell.j]}, ${props.values.x.option} ${columns()[cell.i]}`
    const value = props.scoreOf(known)
    if (known === undefined) return `${place}: not run yet`
    if ('error' in known) return `${place}: ${known.error}`
    return `${place}: ${props.score.title} ${value?.toFixed(props.score.digits) ?? 'not known'}. Opens this run.`
  }
  return (
    <div class="map-scroll">
      <table class="map" ref={table} data-test="map">
        <caption class="hidden">
          {props.score.title} of {props.values.method} over {props.values.x.option} and{' '}
          {props.values.y.option}
        </caption>
        <thead>
          <tr>
            <th class="corner" scope="col">
              <span>{props.values.x.option} →</span>
              <span>{props.values.y.option} ↓</span>
            </th>
            <For each={columns()}>{(value) => <th scope="col">{value}</th>}</For>
          </tr>
        </thead>
        <tbody>
          <For each={rows()}>
            {(value, j) => (
              <tr>
                <th scope="row">{value}</th>
                <For each={columns()}>
                  {(_, i) => (
                    <Show when={cellAt(i(), j())}>
                      {(cell) => {
                        const known = () => props.session.known(cell().key)
                        const result = () => {
                          const now = known()
                          return now !== undefined && 'result' in now ? now.result : undefined
                        }
                        return (
                          <td>
                            <a
                              href={cell().href}
                              class="cell"
                              classList={{
                                looked: props.looked?.key === cell().key,
                                busy: props.session.at()?.key === cell().key,
                                guess: shade(i(), j())?.own !== true,
                                failed: known() !== undefined && result() === undefined,
                              }}
                              style={{ background: shade(i(), j())?.colour ?? 'var(--raised)' }}
                              data-place={`${i()},${j()}`}
                              data-known={known() !== undefined}
                              tabindex={
                                (
                                  props.looked === undefined
                                    ? i() === 0 && j() === 0
                                    : props.looked.key === cell().key
                                )
                                  ? 0
                                  : -1
                              }
                              aria-label={words(cell(), known())}
                              title={words(cell(), known())}
                              onFocus={() => props.onLook(cell())}
                              onKeyDown={(event) => move(event, i(), j())}
                              onPointerMove={({ movementX, movementY }) => {
                                // A page that scrolls under a pointer at rest moves no pointer.
                                if (movementX === 0 && movementY === 0) return
                                clearTimeout(timer)
                                timer = setTimeout(() => props.onLook(cell()), rest)
                              }}
                              onPointerLeave={() => clearTimeout(timer)}
                            >
                              <span class="thumb">
                                <Show when={result()}>
                                  {(now) => <Thumbnail on={cell().run.on} result={now()} />}
                                </Show>
                              </span>
                              <span class="value">
                                {result() === undefined
                                  ? known() === undefined
                                    ? '…'
                                    : '✗'
                                  : (props.scoreOf(known())?.toFixed(props.score.digits) ?? '–')}
                              </span>
                            </a>
                          </td>
                        )
                      }}
                    </Show>
                  )}
                </For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  )
}
