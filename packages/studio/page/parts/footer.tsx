import { createResource, createSignal, onCleanup, onMount, Show } from 'solid-js'
import { engine, engineTrouble } from '../worker/client.ts'
import type { EngineMemory } from '../worker/facts.ts'

const mebi = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** What runs, and what it holds. */
export function Footer() {
  const [facts] = createResource(() => engine.facts())
  const [held, setHeld] = createSignal<EngineMemory>()
  let ended = false
  const look = async () => {
    if (ended) return
    if (!document.hidden) setHeld(await engine.memory())
    setTimeout(look, 1000)
  }
  onMount(look)
  onCleanup(() => {
    ended = true
  })
  const threads = () => {
    const now = facts()
    if (now === undefined) return 'The engine is starting …'
    const many = now.threads === 1 ? 'one thread' : `${now.threads} threads`
    return now.isolated
      ? `Runs here, on ${many}`
      : `Runs here, on one thread: the page is not cross-origin isolated`
  }
  return (
    <footer class="bar foot">
      <Show when={engineTrouble()} fallback={<span data-test="engine">{threads()}</span>}>
        {(why) => <span role="alert">{why()}</span>}
      </Show>
      <Show when={held()}>
        {(now) => (
          <span
            data-test="memory"
            data-tensors={now().tensors}
            data-bytes={now().bytes}
            data-reserved={now().reservedBytes}
            title="What tensors hold in the engine, and what it has from the browser. Leaving a room frees its tensors."
          >
            {now().tensors} tensors, {mebi(now().bytes)} of {mebi(now().reservedBytes)}
          </span>
        )}
      </Show>
      <span class="grow" />
      <span>Nothing leaves this page.</span>
    </footer>
  )
}
