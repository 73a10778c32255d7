import type { Accessor } from 'solid-js'
import { createContext, createEffect, createSignal, on, onCleanup, Show, useContext } from 'solid-js'
import { Button } from './button.tsx'

/** A step of a tour: what it points at, by `data-tour`, and two sentences. */
export interface TourStep {
  readonly at: string
  readonly title: string
  readonly text: string
  /** Makes the room show it. */
  readonly enter?: () => void
}

/** The room that the tour goes on to from the one that is shown; undefined in the last. */
export const RoomAfter = createContext<
  Accessor<{ readonly name: string; readonly title: string } | undefined>
>(() => undefined)

/** Whether the room that opens next begins with its tour. */
let goesOn = false

/**
 * The tour of a room, and from its end to the next. It can be left at any step, by its button or by Escape, and nothing is
 * blocked meanwhile. The arrow keys go through it.
 */
export function Tour(props: { readonly steps: readonly TourStep[] }) {
  const after = useContext(RoomAfter)
  const [at, setAt] = createSignal(goesOn ? 0 : undefined)
  goesOn = false
  const step = () => {
    const index = at()
    return index === undefined ? undefined : props.steps[index]
  }
  const isLast = () => at() === props.steps.length - 1
  let marked: Element | undefined
  let opener: HTMLElement | undefined
  let due = 0
  const unmark = () => {
    cancelAnimationFrame(due)
    marked?.classList.remove('toured')
  }
  /** Marks what a step points at, as soon as the room shows it. */
  const mark = (place: string) => {
    marked = document.querySelector(`[data-tour="${place}"]`) ?? undefined
    if (marked === undefined) due = requestAnimationFrame(() => mark(place))
    marked?.classList.add('toured')
    marked?.scrollIntoView({ block: 'nearest' })
  }
  createEffect(
    on(at, () => {
      unmark()
      const now = step()
      if (now === undefined) return
      now.enter?.()
      mark(now.at)
    }),
  )
  const leave = () => {
    setAt(undefined)
    opener?.querySelector('button')?.focus()
  }
  const onward = () => {
    const room = after()
    if (!isLast()) setAt((index = 0) => index + 1)
    else if (room === undefined) leave()
    else {
      goesOn = true
      location.hash = room.name
    }
  }
  const back = () => setAt((index = 0) => Math.max(0, index - 1))
  const byKeys = ({ key }: KeyboardEvent) => {
    if (at() !== undefined && key === 'Escape') leave()
  }
  addEventListener('keydown', byKeys)
  onCleanup(() => {
    unmark()
    removeEventListener('keydown', byKeys)
  })
  const onwardSays = () => {
    if (!isLast()) return 'Next'
    const room = after()
    return room === undefined ? 'Done' : `On to ${room.title}`
  }
  return (
    <>
      <span
        ref={(element) => {
          opener = element
        }}
      >
        <Button onClick={() => setAt(0)}>Take the tour</Button>
      </span>
      <Show when={step()}>
        {(now) => (
          <div
            class="tour"
            role="dialog"
            aria-label="Tour"
            aria-live="polite"
            tabindex="-1"
            ref={(box) => queueMicrotask(() => box.focus({ preventScroll: true }))}
            onKeyDown={({ key }) => {
              if (key === 'ArrowRight') onward()
              else if (key === 'ArrowLeft') back()
            }}
          >
            <p class="small muted">
              {(at() ?? 0) + 1} of {props.steps.length}
            </p>
            <h2>{now().title}</h2>
            <p>{now().text}</p>
            <div class="row">
              <Button quiet onClick={leave}>
                Leave the tour
              </Button>
              <span class="grow" />
              <Button quiet onClick={back} disabled={at() === 0}>
                Back
              </Button>
              <Button onClick={onward}>{onwardSays()}</Button>
            </div>
          </div>
        )}
      </Show>
    </>
  )
}
