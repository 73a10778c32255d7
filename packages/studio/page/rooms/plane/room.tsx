import { createMemo, createResource, createSignal, onCleanup, Show } from 'solid-js'
import { Toggles } from '../../parts/chips.tsx'
import { Notes } from '../../parts/notes.tsx'
import { settingsOf } from '../../parts/options.tsx'
import { Scrubber } from '../../parts/scrubber.tsx'
import { Tour } from '../../parts/tour.tsx'
import { roomState } from '../../state/store.ts'
import { engine, inWords } from '../../worker/client.ts'
import { Controls } from './controls.tsx'
import type { Frame } from './engine/frames.ts'
import type { RunRequest } from './engine/run.ts'
import { ErrorCurve } from './error-curve.tsx'
import { Export } from './export.tsx'
import type { Layer } from './fields.ts'
import { fields, lawIn, reach, stripeIn } from './fields.ts'
import type { Point } from './law.ts'
import { posterior } from './law.ts'
import { frameAt } from './moments.ts'
import './plane.css'
import { createNumbers } from './numbers.ts'
import { Report } from './report.tsx'
import { createSession, keyOf } from './session.ts'
import { Side } from './side.tsx'
import { tourOf } from './tour.ts'

const layerChoices: readonly { value: Layer; title: string; about: string; colour?: string }[] = [
  { value: 'prior', title: 'Prior', about: 'The law of xₜ before the measurement, shaded', colour: 'prior' },
  {
    value: 'exact',
    title: 'Exact posterior',
    about: 'Lines about 50 % and 90 % of the exact law at this time',
    colour: 'exact',
  },
  { value: 'particles', title: 'Particles', about: 'What the methods have made so far' },
  {
    value: 'guidance',
    title: 'Guidance',
    about: 'Arrows: what moves x̂₀ toward y, by the method and exactly',
  },
  {
    value: 'error',
    title: 'Its error',
    about: 'Where the guidance is wrong: redder is worse',
    colour: 'bad',
  },
  {
    value: 'cloud',
    title: 'Cloud',
    about: 'What x₀ may be at the xₜ under the pointer, and what the method takes it for',
  },
  { value: 'handles', title: 'Handles', about: 'What can be dragged' },
]

/** Room 1: posterior sampling in the plane, beside the exact posterior. */
export default function PlaneRoom() {
  const { values, set, notes, dismiss } = roomState('plane', fields)
  onCleanup(() => void engine.plane.close())
  const [lens, setLens] = createSignal<Point>()
  const law = createMemo(() => lawIn(values))
  const stripe = createMemo(() => stripeIn(values))
  const plane = createMemo(() => ({ law: law(), stripe: stripe() }))
  // Which methods fit depends on the kind of the problem, not on its numbers.
  const [methods] = createResource(() => engine.plane.methods(plane()))
  const entryOf = (text: string) => methods()?.find(({ name }) => name === settingsOf(text).name)

  const titleOf = (text: string) => entryOf(text)?.title ?? settingsOf(text).name
  const request = (method: string, seed: number): RunRequest => ({
    plane: plane(),
    method,
    count: values.n,
    seed,
  })
  const a = createSession(() => request(values.a, values.seed))
  /** The frame of A that B goes on from, when A has come so far. */
  const trunk = createMemo((): Frame | undefined => {
    if (values.branch === undefined || keyOf(a.of()) !== keyOf(request(values.a, values.seed)))
      return undefined
    return a.frames().find(({ index }) => index === values.branch)
  })
  const b = createSession(() => {
    if (values.b === 'none') return undefined
    const own = request(values.b, values.seedB ?? values.seed)
    if (values.branch === undefined) return own
    const from = trunk()
    return from && { ...own, from: { index: from.index, of: values.a, seed: values.seed, x: from.x } }
  })
  const framesOfB = createMemo(() => {
    const from = b.of()?.from
    return from === undefined
      ? b.frames()
      : [...a.frames().filter(({ index }) => index < from.index), ...b.frames()]
  })
  const frameA = createMemo(() => frameAt(a.frames(), values.at))
  const frameB = createMemo(() => frameAt(framesOfB(), values.at))
  const numbersA = createNumbers(a, frameA)
  const numbersB = createNumbers(b, frameB)
  const unbranched = () => {
    const name = [values.a, values.b === 'none' ? values.a : values.b].find(
      (text) => entryOf(text)?.guided === false,
    )
    return name === undefined
      ? undefined
      : `${entryOf(name)?.title} carries more than xₜ from step to step, so that no other run can take over`
  }
  const says = () => {
    const frame = frameA()
    if (frame === undefined) return ''
    const noise = frame.sigma > 0 ? `noise σₜ = ${frame.sigma.toFixed(2)}` : 'the result'
    return `step ${frame.index} of ${frame.steps}, ${noise}`
  }
  const after = createMemo(() => posterior(law(), stripe()).law)
  const shared = {
    get values() {
      return values
    },
    get posterior() {
      return after()
    },
    get law() {
      return law()
    },
    get stripe() {
      return stripe()
    },
    get lens() {
      return lens()
    },
    onLens: setLens,
    onStripe: ({ angle, offset, sigma }: ReturnType<typeof stripe>) => set({ angle, offset, sigma }),
    onComponent: (index: number, [x, y]: Point) => {
      const within = (v: number) => Math.min(reach, Math.max(-reach, v))
      const rest = values.moved.filter((one) => one.index !== index)
      set({ moved: [...rest, { index, x: within(x), y: within(y) }] })
    },
    onPick: (pick: number | undefined) => set({ pick }),
  }
  return (
    <div class="plane" data-test="plane" data-settled={a.settled() && b.settled()}>
      <Notes notes={notes()} onDismiss={dismiss} />
      <Show when={methods.error as unknown}>
        {(error) => (
          <p class="note bad" role="alert">
            {inWords(error())}
          </p>
        )}
      </Show>
      <div class="intro">
        <div>
          <h1>One measurement, many answers</h1>
          <p class="muted">
            Particles fall from noise to what the <span class="ink-stripe">measurement</span> leaves possible;
            the <span class="ink-exact">green lines</span> are the exact posterior. Drag the round grips, and
            see which method stays inside the lines.
          </p>
        </div>
        <Tour steps={tourOf(set)} />
      </div>
      <div class="layout">
        <div class="work">
          <div class="stages" data-tour="stages" classList={{ two: values.b !== 'none' }}>
            <Side
              side="a"
              session={a}
              numbers={numbersA()}
              text={values.a}
              entry={entryOf(values.a)}
              frames={a.frames()}
              frame={frameA()}
              {...shared}
            />
            <Show when={values.b !== 'none'}>
              <Side
                side="b"
                session={b}
                numbers={numbersB()}
                text={values.b}
                entry={entryOf(values.b)}
                frames={framesOfB()}
                frame={frameB()}
                {...shared}
              />
            </Show>
          </div>
        </div>
        <div class="time panel" data-tour="time">
          <Scrubber
            at={values.at}
            moments={(frameA()?.steps ?? 0) + 1}
            onMove={(at) => set({ at })}
            says={says()}
          />
          <ErrorCurve
            plane={plane()}
            sides={[
              { side: 'a', method: values.a, ready: !a.running() && entryOf(values.a)?.guided === true },
              { side: 'b', method: values.b, ready: !b.running() && entryOf(values.b)?.guided === true },
            ]}
          />
          <div data-tour="layers">
            <Toggles
              label="What is shown"
              value={values.show}
              choices={layerChoices}
              onChange={(show) => set({ show })}
            />
          </div>
        </div>
        <div class="reports" classList={{ two: values.b !== 'none' }}>
          <Report
            side="a"
            numbers={numbersA()}
            title={titleOf(values.a)}
            session={a}
            frames={a.frames()}
            frame={frameA()}
            law={law()}
            stripe={stripe()}
          />
          <Show when={values.b !== 'none'}>
            <Report
              side="b"
              numbers={numbersB()}
              title={titleOf(values.b)}
              session={b}
              frames={framesOfB()}
              frame={frameB()}
              law={law()}
              stripe={stripe()}
            />
          </Show>
        </div>
        <Controls
          values={values}
          set={set}
          methods={methods() ?? []}
          here={frameA()?.index === frameA()?.steps ? undefined : frameA()?.index}
          unbranched={unbranched()}
        />
        <div class="panel out">
          <Export
            side="a"
            session={a}
            title={titleOf(values.a)}
            population={entryOf(values.a)?.population === true}
            branched={false}
          />
          <Show when={values.b !== 'none'}>
            <Export
              side="b"
              session={b}
              title={titleOf(values.b)}
              population={entryOf(values.b)?.population === true}
              branched={values.branch !== undefined}
            />
          </Show>
        </div>
      </div>
    </div>
  )
}
