import { createMemo, createResource, onCleanup, Show } from 'solid-js'
import { Chips, Toggles } from '../../parts/chips.tsx'
import { MethodPicker } from '../../parts/method-picker.tsx'
import { Notes } from '../../parts/notes.tsx'
import { Scrubber } from '../../parts/scrubber.tsx'
import { Slider } from '../../parts/slider.tsx'
import { roomState } from '../../state/store.ts'
import { engine } from '../../worker/client.ts'
import type { RunRequest } from './engine/run.ts'
import { fields, lawIn, stripeIn } from './fields.ts'
import { presets } from './presets.ts'
import type { Session } from './session.ts'
import { createSession } from './session.ts'
import { Stage } from './stage.tsx'
import './plane.css'

/** Room 1: posterior sampling in the plane, beside the exact posterior. */
export default function PlaneRoom() {
  const { values, set, notes, dismiss } = roomState('plane', fields)
  onCleanup(() => void engine.plane.close())
  const law = createMemo(() => lawIn(values))
  const stripe = createMemo(() => stripeIn(values))
  const plane = createMemo(() => ({ law: law(), stripe: stripe() }))
  const [methods] = createResource(() => engine.plane.methods(plane()))
  const request = (method: string, seed: number): RunRequest | undefined =>
    method === 'none' ? undefined : { plane: plane(), method, count: values.n, seed }
  const a = createSession(() => request(values.a, values.seed))
  const b = createSession(() => request(values.b, values.seedB ?? values.seed))
  const frameOf = ({ frames }: Session) => {
    const list = frames()
    return list[Math.round((values.at / 1000) * (list.length - 1))]
  }
  const stageOf = (side: 'a' | 'b', session: Session) => (
    <Stage
      label="The plane"
      colour={side}
      law={law()}
      stripe={stripe()}
      frame={frameOf(session)}
      show={values.show}
      onStripe={(to) => set({ angle: to.angle, offset: to.offset, sigma: to.sigma })}
      onComponent={(index, [x, y]) =>
        set({ moved: [...values.moved.filter((one) => one.index !== index), { index, x, y }] })
      }
      onPoint={() => undefined}
      onPick={() => undefined}
      lens={undefined}
    />
  )
  const says = () => {
    const frame = frameOf(a)
    return frame ? `step ${frame.index} of ${frame.steps}` : ''
  }
  return (
    <div class="plane">
      <Notes notes={notes()} onDismiss={dismiss} />
      <div class="stages">
        {stageOf('a', a)}
        <Show when={values.b !== 'none'}>{stageOf('b', b)}</Show>
      </div>
      <Scrubber at={values.at} moments={a.frames().length} onMove={(at) => set({ at })} says={says()} />
      <aside class="panel">
        <Chips
          label="Prior"
          value={values.prior}
          choices={presets.map(({ name, title, about }) => ({ value: name, title, about }))}
          onChoose={(prior) => set({ prior, moved: [] })}
        />
        <Slider
          label="Angle"
          value={values.angle}
          min={-180}
          max={180}
          step={1}
          unit="°"
          onInput={(angle) => set({ angle })}
        />
        <Toggles
          label="Layers"
          value={values.show}
          choices={fields.show.default.map((value) => ({ value, title: value }))}
          onChange={(show) => set({ show })}
        />
        <MethodPicker
          label="Method A"
          colour="a"
          entries={methods() ?? []}
          text={values.a}
          onChange={(text) => set({ a: text })}
        />
        <MethodPicker
          label="Method B"
          colour="b"
          entries={methods() ?? []}
          text={values.b}
          optional
          onChange={(text) => set({ b: text })}
        />
      </aside>
    </div>
  )
}
