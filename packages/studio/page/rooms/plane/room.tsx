import { createMemo, createSignal, onCleanup, Show } from 'solid-js'
import { Toggles } from '../../parts/chips.tsx'
import { createOnce } from '../../parts/latest.ts'
import { Notes } from '../../parts/notes.tsx'
import { settingsOf } from '../../parts/settings.ts'
import '../../parts/room.css'
import { Scrubber } from '../../parts/scrubber.tsx'
import { Tour } from '../../parts/tour.tsx'
import { Trouble } from '../../parts/trouble.tsx'
import { roomState } from '../../state/store.ts'
import { engine } from '../../worker/client.ts'
import { mapOfPlane } from '../atlas/map-link.ts'
import { Controls } from './controls.tsx'
import { ErrorCurve } from './error-curve.tsx'
import { Export } from './export.tsx'
import { dragged, fields, lawIn, stripeIn } from './fields.ts'
import type { Point } from './law.ts'
import { posterior } from './law.ts'
import { layerChoices } from './layers.ts'
import { createPair } from './pair.ts'
import './plane.css'
import { Report } from './report.tsx'
import { Side } from './side.tsx'
import { tourOf } from './tour.ts'

/** Room 1: posterior sampling in the plane, beside the exact posterior. */
export default function PlaneRoom() {
  const { values, set, notes, dismiss } = roomState('plane', fields)
  onCleanup(() => void engine.plane.close())
  const [lens, setLens] = createSignal<Point>()
  const law = createMemo(() => lawIn(values))
  const stripe = createMemo(() => stripeIn(values))
  const plane = createMemo(() => ({ law: law(), stripe: stripe() }))
  // Which methods fit depends on the kind of the problem, not on its numbers.
  const { answer: methods, error: trouble } = createOnce(() => engine.plane.methods(plane()))
  const entryOf = (text: string) => methods()?.find(({ name }) => name === settingsOf(text).name)

  const titleOf = (text: string) => entryOf(text)?.title ?? settingsOf(text).name
  const pair = createPair(values, plane)
  const unbranched = () => {
    const name = [values.a, values.b === 'none' ? values.a : values.b].find(
      (text) => entryOf(text)?.guided === false,
    )
    return name === undefined
      ? undefined
      : `${entryOf(name)?.title} carries more than xₜ from step to step, so that no other run can take over`
  }
  const says = () => {
    const frame = pair.a.frame()
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
    onComponent: (index: number, to: Point) => set({ moved: dragged(values.moved, index, to) }),
    onPick: (pick: number | undefined) => set({ pick }),
  }
  return (
    <div class="plane" data-test="plane" data-settled={pair.a.session.settled() && pair.b.session.settled()}>
      <Notes notes={notes()} onDismiss={dismiss} />
      <Trouble error={trouble()} />
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
              session={pair.a.session}
              numbers={pair.a.numbers()}
              text={values.a}
              entry={entryOf(values.a)}
              frames={pair.a.frames()}
              frame={pair.a.frame()}
              {...shared}
            />
            <Show when={values.b !== 'none'}>
              <Side
                side="b"
                session={pair.b.session}
                numbers={pair.b.numbers()}
                text={values.b}
                entry={entryOf(values.b)}
                frames={pair.b.frames()}
                frame={pair.b.frame()}
                {...shared}
              />
            </Show>
          </div>
        </div>
        <div class="time panel" data-tour="time">
          <Scrubber
            at={values.at}
            moments={(pair.a.frame()?.steps ?? 0) + 1}
            onMove={(at) => set({ at })}
            says={says()}
          />
          <ErrorCurve
            plane={plane()}
            sides={[
              {
                side: 'a',
                method: values.a,
                ready: !pair.a.session.running() && entryOf(values.a)?.guided === true,
              },
              {
                side: 'b',
                method: values.b,
                ready: !pair.b.session.running() && entryOf(values.b)?.guided === true,
              },
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
            numbers={pair.a.numbers()}
            title={titleOf(values.a)}
            session={pair.a.session}
            frames={pair.a.frames()}
            frame={pair.a.frame()}
            law={law()}
            stripe={stripe()}
          />
          <Show when={values.b !== 'none'}>
            <Report
              side="b"
              numbers={pair.b.numbers()}
              title={titleOf(values.b)}
              session={pair.b.session}
              frames={pair.b.frames()}
              frame={pair.b.frame()}
              law={law()}
              stripe={stripe()}
            />
          </Show>
        </div>
        <Controls
          values={values}
          set={set}
          methods={methods() ?? []}
          here={pair.a.frame()?.index === pair.a.frame()?.steps ? undefined : pair.a.frame()?.index}
          unbranched={unbranched()}
        />
        <div class="panel out">
          <Export
            side="a"
            map={mapOfPlane(values, values.a, entryOf(values.a)?.options ?? [])}
            session={pair.a.session}
            title={titleOf(values.a)}
            population={entryOf(values.a)?.population === true}
            branched={false}
          />
          <Show when={values.b !== 'none'}>
            <Export
              side="b"
              map={mapOfPlane(values, values.b, entryOf(values.b)?.options ?? [])}
              session={pair.b.session}
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
