import { createMemo, onCleanup, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { createLatest, createOnce } from '../../parts/latest.ts'
import { Notes } from '../../parts/notes.tsx'
import { settingsOf } from '../../parts/settings.ts'
import '../../parts/room.css'
import { Scrubber } from '../../parts/scrubber.tsx'
import { Tour } from '../../parts/tour.tsx'
import { Trouble } from '../../parts/trouble.tsx'
import { roomState } from '../../state/store.ts'
import { engine } from '../../worker/client.ts'
import { mapOfDigits } from '../atlas/map-link.ts'
import { Controls } from './controls.tsx'
import { Curve } from './curves.tsx'
import './digits.css'

import type { DigitsProblem } from './engine/problem.ts'
import { shapeOf } from './engine/problem.ts'
import type { Measurement } from './engine.ts'
import { Export, ownPrior } from './export.tsx'

import { fields } from './fields.ts'
import { createGate } from './gate.ts'
import { planeOf } from './moments.ts'
import { createPair } from './pair.ts'
import { PhotoPanel } from './photo-panel.tsx'
import { createPhotos } from './photos.ts'
import { ProblemPanel } from './problem.tsx'
import { problemIn } from './problem-in.ts'
import { Side } from './side.tsx'
import { tourOf } from './tour.ts'

/** The measurement of a digit; that of a photograph may be the latest still. */
const ofDigit = (found: Measurement | undefined) => (found?.problem.photo === undefined ? found : undefined)

/** Room 2: digits and photographs, with a trained prior. */
export default function DigitsRoom() {
  const { values, set, notes, dismiss } = roomState('digits', fields)
  onCleanup(() => void engine.digits.close())
  const { answer: heldOut, error: trouble } = createOnce(() => engine.digits.heldOut())
  const { answer: noises } = createOnce(() => engine.digits.noises())
  const photos = createPhotos(values)
  const ofPhotos = () => values.prior === 'photos'
  const problem = createMemo(
    (): DigitsProblem | undefined => {
      if (!ofPhotos()) return problemIn(values)
      const [photo, { operator, noise }] = [photos.photo(), values]
      return photo && { digit: 0, drawn: '', mask: '', operator, noise, photo }
    },
    undefined,
    { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) },
  )
  const shape = createMemo(() => {
    const photo = ofPhotos() ? photos.photo() : undefined
    return JSON.stringify(shapeOf({ ...(photo && { photo }) }))
  })
  const operators = createLatest(shape, (text) => engine.digits.operators(JSON.parse(text)))
  // Which methods fit depends on the operator and the law of noise; a painted mask is one operator, whatever it hides.
  const kind = createMemo(() => {
    const posed = problem()
    return posed && JSON.stringify({ ...posed, mask: posed.mask && fields.mask.default })
  })
  const methods = createLatest(kind, (text) => engine.digits.methods(JSON.parse(text)))
  const measurement = createLatest(
    () => {
      const posed = problem()
      return posed && { problem: posed, seed: values.seed }
    },
    ({ problem, seed }) => engine.digits.measurement(problem, seed),
  )
  const prior = () => (photos.prior()?.name === 'photos' ? 'photos' : ownPrior)
  const gate = createGate()
  const pair = createPair(values, problem, gate)
  const titleOf = (text: string) =>
    methods()?.find(({ name }) => name === settingsOf(text).name)?.title ?? settingsOf(text).name
  const optionsOf = (text: string) =>
    methods()?.find(({ name }) => name === settingsOf(text).name)?.options ?? []
  const two = () => values.b !== 'none'
  const sides = () => (two() ? (['a', 'b'] as const) : (['a'] as const))
  const truth = createMemo(() => {
    const found = measurement()
    return found && planeOf(found.truth, 0)
  })
  const running = () => pair.a.session.running() || pair.b.session.running()
  const says = () =>
    sides()
      .flatMap((side) => {
        const frame = pair[side].frame()
        return frame === undefined
          ? []
          : [`${side.toUpperCase()} after step ${frame.index} of ${frame.steps}`]
      })
      .join(', ')
  const courses = () => sides().map((side) => ({ side, frames: pair[side].session.frames() }))
  const noiseResidual = () => pair.a.session.summary()?.noiseResidual
  return (
    <div
      class="digits"
      data-test="digits"
      data-settled={pair.a.session.settled() && pair.b.session.settled()}
    >
      <Notes notes={notes()} onDismiss={dismiss} />
      <Trouble error={trouble()} />
      <div class="intro">
        <div>
          <h1>A picture, seen in part</h1>
          <p class="muted">
            <Show
              when={ofPhotos()}
              fallback="A network that has seen handwritten digits is the prior, and y is all that was measured. Paint on the measurement to hide more of it, and see what "
            >
              A network that has seen photographs is the prior, and y is all that was measured. Drop a picture
              of yours, and see what{' '}
            </Show>{' '}
            <span class="ink-a">one method</span> and <span class="ink-b">another</span> make of the rest.
          </p>
        </div>
        <Tour steps={tourOf(set)} />
      </div>
      <div class="layout">
        <div class="work">
          <Show
            when={ofPhotos()}
            fallback={
              <ProblemPanel
                values={values}
                set={set}
                heldOut={heldOut() ?? []}
                measurement={ofDigit(measurement())}
              />
            }
          >
            <PhotoPanel values={values} set={set} photos={photos} measurement={measurement()} />
          </Show>
          <div class="stages" data-tour="stages" classList={{ two: two() }}>
            <Side
              side="a"
              title={titleOf(values.a)}
              session={pair.a.session}
              frame={pair.a.frame()}
              truth={truth()}
              pick={values.pick}
              onPick={(pick) => set({ pick })}
            />
            <Show when={two()}>
              <Side
                side="b"
                title={titleOf(values.b)}
                session={pair.b.session}
                frame={pair.b.frame()}
                truth={truth()}
                pick={values.pick}
                onPick={(pick) => set({ pick })}
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
          <div class="row" data-test="gate">
            <Button
              onClick={() => (gate.held() ? gate.release() : gate.hold())}
              pressed={gate.held()}
              title="Runs wait before their next step"
            >
              {gate.held() ? 'Let the runs go on' : 'Hold the runs'}
            </Button>
            <Button onClick={gate.step} disabled={!gate.held() || !running()} title="Each run makes one step">
              One step of the runs
            </Button>
          </div>
          <div class="curves">
            <Curve
              title="Residual ‖y − A x̂₀‖"
              about="How far the guess is from what was measured, the mean over the samples. The dashed line is what noise alone leaves: below it, the noise is fitted too."
              courses={courses()}
              of={({ residual }) => residual}
              at={values.at / 1000}
              mark={noiseResidual()}
              log
            />
            <Curve
              title="PSNR of x̂₀, dB"
              about="How near the guess is to the picture that is sought; more is nearer. The mean over the samples, which a single sharp sample may well be below."
              courses={courses()}
              of={({ psnr }) => psnr}
              at={values.at / 1000}
            />
          </div>
        </div>
        <Controls
          values={values}
          set={set}
          operators={operators() ?? []}
          noises={noises() ?? []}
          methods={methods() ?? []}
        />
        <div class="panel out">
          <Export
            side="a"
            map={mapOfDigits(values, values.a, optionsOf(values.a))}
            session={pair.a.session}
            title={titleOf(values.a)}
            pick={values.pick}
            prior={prior()}
            measurement={measurement()}
          />
          <Show when={two()}>
            <Export
              side="b"
              map={mapOfDigits(values, values.b, optionsOf(values.b))}
              session={pair.b.session}
              title={titleOf(values.b)}
              pick={values.pick}
              prior={prior()}
              measurement={measurement()}
            />
          </Show>
        </div>
      </div>
    </div>
  )
}
