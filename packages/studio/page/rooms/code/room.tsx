import { createMemo, createSignal, Show } from 'solid-js'
import { createLatest } from '../../parts/latest.ts'
import { MethodPicker } from '../../parts/method-picker.tsx'
import { Notes } from '../../parts/notes.tsx'
import { settingsOf } from '../../parts/settings.ts'
import { Tour } from '../../parts/tour.tsx'
import { Trouble } from '../../parts/trouble.tsx'
import { roomState } from '../../state/store.ts'
import { engine } from '../../worker/client.ts'
import type { MethodEntry } from '../../worker/methods.ts'
import { problemIn } from '../digits/problem-in.ts'
import { lawIn, stripeIn } from '../plane/fields.ts'
import '../../parts/room.css'
import '../plane/plane.css'
import { Bench } from './bench.tsx'
import './code.css'
import type { CodeValues } from './fields.ts'
import { fields } from './fields.ts'
import { fileOf } from './sources.ts'
import { tour } from './tour.ts'

type On = CodeValues['on']

/** What both run on, as far as it matters to which methods fit. */
function posedIn(values: CodeValues, on: On) {
  if (on === 'plane') return { on, plane: { law: lawIn(values), stripe: stripeIn(values) } } as const
  const problem = problemIn(values)
  // A painted mask is one operator, whatever it hides.
  return { on, problem: { ...problem, mask: problem.mask && fields.mask.default } } as const
}

const methodsFor = (posed: ReturnType<typeof posedIn>): Promise<readonly MethodEntry[]> =>
  posed.on === 'plane' ? engine.plane.methods(posed.plane) : engine.digits.methods(posed.problem)

/** Room 3: a method's own file, edited and run beside what it was. */
export default function CodeRoom() {
  const { values, set, notes, dismiss } = roomState('code', fields)
  const posed = createMemo(() => JSON.stringify(posedIn(values, values.on)))
  const methods = createLatest(posed, (text) => methodsFor(JSON.parse(text)))
  const name = createMemo(() => settingsOf(values.method).name)
  const [moving, setMoving] = createSignal<On>()
  /** Goes to the plane or to digits, with settings of the method that suit it there. */
  const move = async (on: On) => {
    setMoving(on)
    try {
      const there = await methodsFor(posedIn(values, on)).catch(() => []) // the runs will say why
      if (moving() !== on) return
      set({ on, at: 1000, method: there.find((one) => one.name === name())?.suggested ?? name() })
    } finally {
      if (moving() === on) setMoving(undefined)
    }
  }
  // No resource: while one loads, the page's Suspense takes the room away, and the focus with it.
  const file = createLatest(name, (method) =>
    fileOf(method).then(
      (found) => ({ found, error: undefined }),
      (error: unknown) => ({ found: undefined, error }),
    ),
  )
  const choose = (method: string) =>
    set(settingsOf(method).name === name() ? { method } : { method, code: '', fault: '' })
  return (
    <div class="code-room" data-test="code">
      <Notes notes={notes()} onDismiss={dismiss} />
      <div class="intro">
        <div>
          <h1>The method, as it is written</h1>
          <p class="muted">
            This is the file that runs. Change a line and press Run: the edit runs beside the original, from
            the same noise, on digits or on the plane, where the{' '}
            <span class="ink-exact">exact posterior</span> is known.
          </p>
        </div>
        <Tour steps={tour} />
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
      <Trouble error={file()?.error} />
      <Show when={file()?.found?.path.endsWith(`/${name()}.ts`) && file()?.found} keyed>
        {(found) => <Bench file={found} values={values} set={set} onGround={move} />}
      </Show>
    </div>
  )
}
