import type { Accessor } from 'solid-js'
import { createSignal } from 'solid-js'

/** Where runs wait between two steps while somebody holds them. */
export interface Gate {
  readonly held: Accessor<boolean>
  hold(): void
  release(): void
  /** Lets whoever waits make one step. */
  step(): void
  /** Resolves when the next step may be made, or `leave` is raised. */
  pass(leave: AbortSignal): Promise<void>
}

export function createGate(): Gate {
  const [held, setHeld] = createSignal(false)
  let waiting: (() => void)[] = []
  const open = () => {
    const those = waiting
    waiting = []
    for (const go of those) go()
  }
  return {
    held,
    hold: () => setHeld(true),
    release: () => {
      setHeld(false)
      open()
    },
    step: open,
    pass: (leave) =>
      new Promise((go) => {
        if (!held() || leave.aborted) return go()
        waiting.push(go)
        leave.addEventListener('abort', () => go(), { once: true })
      }),
  }
}
