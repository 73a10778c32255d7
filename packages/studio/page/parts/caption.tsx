import type { Accessor, JSX } from 'solid-js'
import { Match, Switch } from 'solid-js'
import { Button } from './button.tsx'

/** What a caption wants to know of the run of a method. */
interface Watched {
  readonly error: Accessor<string | undefined>
  readonly running: Accessor<boolean>
  stop(): void
}

/** Over the pictures of a method: which it is, and what became of it in a sentence, or how far it is. */
export function Caption(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly session: Watched
  /** How much of the run is done, 0 … 1. */
  readonly progress: number
  /** What became of it; nothing while that is not known. */
  readonly says: string | undefined
}): JSX.Element {
  return (
    <div class="caption" data-test={`verdict-${props.side}`}>
      <h3>
        <i class="dot" style={{ background: `var(--${props.side})` }} />
        {props.title}
      </h3>
      <div class="state">
        <Switch>
          <Match when={props.session.error()}>
            {(error) => (
              <p class="bad-ink" role="alert">
                {error()}
              </p>
            )}
          </Match>
          <Match when={props.session.running()}>
            <progress aria-label={`${props.title} is running`} value={props.progress} />
            <Button quiet onClick={() => props.session.stop()}>
              Stop
            </Button>
          </Match>
          <Match when={props.says}>{(says) => <p>{says()}</p>}</Match>
        </Switch>
      </div>
    </div>
  )
}
