import type { Accessor } from 'solid-js'
import { createEffect, createSignal, onCleanup } from 'solid-js'

/** In place of a question: the answer of before stays. */
export const keep = Symbol('keep')

/**
 * The answer to the latest question, of work that is not begun again before it has ended: while somebody drags, questions
 * in between are left out. Before the first answer, for no question, and where the work fails, there is none.
 */
export function createLatest<Q, A>(
  question: Accessor<Q | typeof keep | undefined>,
  work: (question: Q) => Promise<A>,
): Accessor<A | undefined> {
  const [answer, setAnswer] = createSignal<A>()
  let [busy, ended] = [false, false]
  let waiting: { readonly question: Q | undefined } | undefined
  const go = async (asked: Q | undefined): Promise<void> => {
    busy = true
    try {
      const found = asked === undefined ? undefined : await work(asked)
      if (!ended) setAnswer(() => found)
    } catch {
      if (!ended) setAnswer(undefined)
    }
    busy = false
    const next = waiting
    waiting = undefined
    if (next !== undefined && !ended) await go(next.question)
  }
  createEffect(() => {
    const asked = question()
    if (asked === keep) return
    if (busy) waiting = { question: asked }
    else void go(asked)
  })
  onCleanup(() => {
    ended = true
  })
  return answer
}

/**
 * The answer to a question that is asked once, and why there is none. Unlike a resource it lets the room be seen meanwhile:
 * one that is waited for takes the room from the page, and the focus with it.
 */
export function createOnce<A>(work: () => Promise<A>): {
  readonly answer: Accessor<A | undefined>
  readonly error: Accessor<unknown>
} {
  const [answer, setAnswer] = createSignal<A>()
  const [error, setError] = createSignal<unknown>()
  work().then(
    (found) => setAnswer(() => found),
    (why: unknown) => setError(() => why),
  )
  return { answer, error }
}
