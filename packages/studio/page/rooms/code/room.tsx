import { createMemo, createResource, onCleanup, Show } from 'solid-js'
import { MethodPicker } from '../../parts/method-picker.tsx'
import { Notes } from '../../parts/notes.tsx'
import { settingsOf } from '../../parts/options.tsx'
import { roomState } from '../../state/store.ts'
import { engine, inWords } from '../../worker/client.ts'
import { lawIn, stripeIn } from '../plane/fields.ts'
import '../plane/plane.css'
import { Bench } from './bench.tsx'
import './code.css'
import { fields } from './fields.ts'
import { pathOf, sourceOf } from './sources.ts'

/** The file that a method is in, and the faults that are known of it. */
async function fileOf(method: string) {
  const path = pathOf(method)
  if (path === undefined) throw new Error(`no method is named '${method}'`)
  const { plantedFaults } = await import('virtual:planted-faults')
  return { path, original: await sourceOf(path), faults: plantedFaults[path] ?? [] }
}

/** Room 3: a method's own file, edited and run beside what it was. */
export default function CodeRoom() {
  const { values, set, notes, dismiss } = roomState('code', fields)
  onCleanup(() => void engine.plane.close())
  const plane = createMemo(() => ({ law: lawIn(values), stripe: stripeIn(values) }))
  const [methods] = createResource(() => engine.plane.methods(plane()))
  const name = createMemo(() => settingsOf(values.method).name)
  const [file] = createResource(name, fileOf)
  const choose = (method: string) =>
    set(settingsOf(method).name === name() ? { method } : { method, code: '' })
  return (
    <div class="code-room" data-test="code">
      <Notes notes={notes()} onDismiss={dismiss} />
      <div class="intro">
        <div>
          <h1>The method, as it is written</h1>
          <p class="muted">
            This is the file that runs. Change a line and press Run: the edit runs beside the original, from
            the same noise, against the <span class="ink-exact">exact posterior</span>.
          </p>
        </div>
        <div class="code-method">
          <MethodPicker
            label="Method"
            colour="a"
            entries={methods() ?? []}
            text={values.method}
            onChange={choose}
          />
        </div>
      </div>
      <Show when={(methods.error ?? file.error) as unknown}>
        {(error) => (
          <p class="note bad" role="alert">
            {inWords(error())}
          </p>
        )}
      </Show>
      <Show when={file.error === undefined && file.latest?.path === pathOf(name()) && file.latest} keyed>
        {(found) => <Bench {...found} values={values} set={set} plane={plane()} />}
      </Show>
    </div>
  )
}
