import { Match, Switch } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import type { Numbers } from './engine/numbers.ts'
import type { Session } from './session.ts'
import { verdictOf } from './verdict.ts'

/** Over the plane of a method: which it is, and what became of it in a sentence, or how far it is. */
export function Caption(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly session: Session
  readonly numbers: Numbers | undefined
}) {
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
            <progress aria-label={`${props.title} is running`} value={props.session.progress()} />
            <Button quiet onClick={props.session.stop}>
              Stop
            </Button>
          </Match>
          <Match when={props.numbers}>{(numbers) => <p>{verdictOf(numbers())}</p>}</Match>
        </Switch>
      </div>
    </div>
  )
}
