import { For } from 'solid-js'
import type { Failure } from './failures.ts'
import { failures, hrefOfFailure, measures } from './failures.ts'

const where = { plane: 'on the plane', digits: 'on a digit', code: 'in the code' } as const

/** The gallery of known failures: each a link to a run that shows it. */
export function FailuresView() {
  const number = ({ measure, value }: Failure) => `${measures[measure].title} ${value}`
  return (
    <ul class="failures" data-test="failures">
      <For each={failures}>
        {(failure) => (
          <li class="panel">
            <h2>{failure.title}</h2>
            <p>{failure.says}</p>
            <p class="claim">
              <strong>{number(failure)}</strong>{' '}
              <span class="muted">
                {measures[failure.measure].wanted}; {failure.beside.words}: {failure.beside.value}
              </span>
            </p>
            <a class="button" href={hrefOfFailure(failure)} data-failure={failure.name}>
              See it {where[failure.room]}
            </a>
          </li>
        )}
      </For>
    </ul>
  )
}
