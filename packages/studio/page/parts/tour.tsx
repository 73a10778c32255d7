import { createEffect, createSignal, onCleanup, Show } from 'solid-js'
import { Button } from './button.tsx'

/** A step of a tour: what it points at, by `data-tour`, and two sentences. */
export interface TourStep {
  readonly at: string
  readonly title: string
  readonly text: string
  /** Makes the room show it. */
  readonly enter?: () => void
}

/** A tour that can be left at any step; nothing is blocked meanwhile. */
export function Tour(props: { readonly steps: readonly TourStep[] }) {
  const [at, setAt] = createSignal<number>()
  const step = () => {
    const index = at()
    return index === undefined ? undefined : props.steps[index]
  }
  let marked: Element | undefined
  const unmark = () => marked?.classList.remove('toured')
  createEffect(() => {
    unmark()
    const now = step()
    if (now === undefined) return
    now.enter?.()
    marked = document.querySelector(`[data-tour="${now.at}"]`) ?? undefined
    marked?.classList.add('toured')
    marked?.scrollIntoView({ block: 'nearest' })
  })
  onCleanup(unmark)
  const go = (to: number) => setAt(to < props.steps.length ? to : undefined)
  return (
    <>
      <Button quiet onClick={() => setAt(0)}>
        Take the tour
      </Button>
      <Show when={step()}>
        {(now) => (
          <div
            class="tour"
            role="dialog"
            aria-label="Tour"
            aria-live="polite"
            onKeyDown={(event) => event.key === 'Escape' && setAt(undefined)}
          >
            <p class="small muted">
              {(at() ?? 0) + 1} of {props.steps.length}
            </p>
            <h2>{now().title}</h2>
            <p>{now().text}</p>
            <div class="row">
              <Button quiet onClick={() => setAt(undefined)}>
                Leave
              </Button>
              <span class="grow" />
              <Button onClick={() => go((at() ?? 0) + 1)}>
                {(at() ?? 0) + 1 < props.steps.length ? 'Next' : 'Done'}
              </Button>
            </div>
          </div>
        )}
      </Show>
    </>
  )
}
