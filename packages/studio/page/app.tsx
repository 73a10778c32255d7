import { createEffect, createSignal, ErrorBoundary, For, onCleanup, Show, Suspense } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import { Button } from './parts/button.tsx'
import { Footer } from './parts/footer.tsx'
import { Notes } from './parts/notes.tsx'
import { ThemeSwitch } from './parts/theme.tsx'
import { RoomAfter } from './parts/tour.tsx'
import { rooms } from './rooms/catalog.ts'
import { addressOf } from './state/url.ts'
import { inWords } from './worker/client.ts'

/** The room that the address names; the first where it names none. */
const roomInAddress = () => {
  const { room } = addressOf(location.hash)
  return rooms.find(({ name }) => name === room) ?? rooms[0]
}

/** What is wrong with the room of the address, in words. */
const unknownInAddress = (): readonly string[] => {
  const { room } = addressOf(location.hash)
  return room === '' || rooms.some(({ name }) => name === room)
    ? []
    : [`there is no room '${room.slice(0, 40)}'`]
}

/** The page around the rooms. */
export function App() {
  const [room, setRoom] = createSignal(roomInAddress())
  const [notes, setNotes] = createSignal(unknownInAddress())
  const follow = () => {
    setRoom(roomInAddress())
    setNotes(unknownInAddress())
  }
  addEventListener('hashchange', follow)
  onCleanup(() => removeEventListener('hashchange', follow))
  const links = new Map<string, HTMLAnchorElement>()
  // In a narrow window not all rooms have a place in the bar: the one that is shown has.
  createEffect(() => links.get(room().name)?.scrollIntoView({ block: 'nearest', inline: 'nearest' }))
  return (
    <>
      <button type="button" class="skip" onClick={toMain}>
        Skip to the room
      </button>
      <header class="bar">
        <a class="brand" href={`#${rooms[0].name}`} title="The Studio as it opens">
          <img src="./icon.svg" alt="" width="24" height="24" />
          <span class="brand-name">Tweedie Studio</span>
        </a>
        <Show when={rooms.length > 1}>
          <nav aria-label="Rooms">
            <For each={rooms}>
              {({ name, title }) => (
                <a
                  href={`#${name}`}
                  aria-current={room().name === name ? 'page' : undefined}
                  ref={(link) => links.set(name, link)}
                >
                  {title}
                </a>
              )}
            </For>
          </nav>
        </Show>
        <span class="grow" />
        <CopyLink />
        <ThemeSwitch />
      </header>
      <main id="main" tabindex="-1">
        <Notes notes={notes()} onDismiss={() => setNotes([])} />
        <ErrorBoundary
          fallback={(error, again) => (
            <div class="note bad" role="alert">
              <p>This room has failed: {inWords(error)}</p>
              <Button onClick={again}>Open it again</Button>
            </div>
          )}
        >
          <Suspense fallback={<p class="muted">Opening…</p>}>
            <RoomAfter.Provider value={() => rooms[rooms.indexOf(room()) + 1]}>
              <Dynamic component={room().component} />
            </RoomAfter.Provider>
          </Suspense>
        </ErrorBoundary>
      </main>
      <Footer />
    </>
  )
}

/** Moves the focus without touching the address, which holds the state. */
function toMain(): void {
  document.getElementById('main')?.focus()
}

/** Copies the address of all that is shown. */
function CopyLink() {
  const [said, setSaid] = createSignal('')
  let timer: ReturnType<typeof setTimeout> | undefined
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href)
      setSaid('Copied')
    } catch {
      setSaid('Copy the address above')
    }
    clearTimeout(timer)
    timer = setTimeout(() => setSaid(''), 2000)
  }
  onCleanup(() => clearTimeout(timer))
  return (
    <Button quiet onClick={copy} title="The address holds everything that is shown: send it to someone">
      <span aria-live="polite">{said() || 'Copy link'}</span>
    </Button>
  )
}
