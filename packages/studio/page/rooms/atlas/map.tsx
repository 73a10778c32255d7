import { createMemo, createSignal, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Chips } from '../../parts/chips.tsx'
import { Hint } from '../../parts/hint.tsx'
import { createLatest } from '../../parts/latest.ts'
import { MethodPicker } from '../../parts/method-picker.tsx'
import { SeedSlider } from '../../parts/seed.tsx'
import { settingsOf } from '../../parts/settings.ts'
import { engine } from '../../worker/client.ts'
import { SamplesSlider } from '../digits/pickers.tsx'
import { problemIn } from '../digits/problem-in.ts'
import { lawIn, stripeIn } from '../plane/fields.ts'
import { ParticlesSlider } from '../plane/sliders.tsx'
import { suggestedAxes } from './axis.ts'
import { AxisPicker } from './axis-picker.tsx'
import { CellPanel } from './cell-panel.tsx'
import { cellsOf } from './cells.ts'
import { DigitsProblemControls } from './digits-problem.tsx'
import type { AtlasValues } from './fields.ts'
import { fields } from './fields.ts'
import { Legend } from './legend.tsx'
import { MapGrid } from './map-grid.tsx'
import type { Known } from './map-session.ts'
import { createMapSession } from './map-session.ts'
import { PlaneProblemControls } from './plane-problem.tsx'
import type { Score, ScoreName } from './scores.ts'
import { badness, scores } from './scores.ts'

/** What a map has at first on either ground. */
const grounds = {
  digits: {
    method: fields.method.default,
    x: fields.x.default,
    y: fields.y.default,
  },
  plane: {
    method: 'dps',
    x: { option: 'steps', values: ['5', '10', '20', '50', '100'] },
    y: { option: 'scale', values: ['0.02', '0.05', '0.1', '0.2', '0.5'] },
  },
} as const

const [ofDigits, ofPlane] = [
  ['psnr', 'misfit', 'crps'],
  ['sw', 'spread', 'coverage'],
] as const
const choices = <W extends ScoreName>(names: readonly W[]) =>
  names.map((value) => ({ value, title: scores[value].title, about: scores[value].about }))

/** A method over two of its options: every cell a run. */
export function MapView(props: {
  readonly values: AtlasValues
  readonly set: (change: Partial<AtlasValues>) => void
}) {
  const cells = createMemo(() => cellsOf({ ...props.values }), undefined, {
    equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  })
  const session = createMapSession(cells)
  const onDigits = () => props.values.on === 'digits'
  const score = (): Score => scores[onDigits() ? props.values.score : props.values.distance]
  const scoreOf = (known: Known | undefined) =>
    known !== undefined && 'result' in known ? known.result.scores[score().name] : undefined
  const ground = createMemo(() =>
    JSON.stringify(
      onDigits()
        ? { on: 'digits', problem: { ...problemIn(props.values), mask: fields.mask.default } }
        : { on: 'plane' },
    ),
  )
  const methods = createLatest(ground, (text) =>
    (JSON.parse(text) as { on: string }).on === 'digits'
      ? engine.digits.methods(problemIn(props.values))
      : engine.plane.methods({ law: lawIn(props.values), stripe: stripeIn(props.values) }),
  )
  const entry = () => methods()?.find(({ name }) => name === settingsOf(props.values.method).name)
  const [look, setLook] = createSignal<string>()
  const best = () => {
    const graded = cells().flatMap((cell) => {
      const value = scoreOf(session.known(cell.key))
      return value === undefined ? [] : [{ cell, off: badness(score(), value) }]
    })
    return graded.reduce<(typeof graded)[number] | undefined>(
      (a, b) => (a === undefined || b.off < a.off ? b : a),
      undefined,
    )?.cell
  }
  const looked = () => cells().find(({ key }) => key === look()) ?? best() ?? cells()[0]
  const choose = (method: string) => {
    const { name, settings } = settingsOf(method)
    if (name === settingsOf(props.values.method).name) return props.set({ method })
    const options = methods()?.find((one) => one.name === name)?.options ?? []
    const { x, y } = suggestedAxes(options)
    // What the axes say is not said by the method as well.
    const { [x?.option ?? '']: _, [y?.option ?? '']: __, ...rest } = settings
    const words = Object.entries(rest).map(([key, value]) => `${key}=${value}`)
    props.set({
      method: [name, words.join()].filter((part) => part !== '').join(':'),
      ...(x && { x }),
      ...(y && { y }),
    })
  }
  const floor = () => {
    for (const { key } of cells()) {
      const known = session.known(key)
      if (known !== undefined && 'result' in known) return known.result.scores.floor
    }
    return undefined
  }
  const known = createMemo(() => cells().flatMap(({ key }) => scoreOf(session.known(key)) ?? []))
  return (
    <div class="layout">
      <div class="work">
        <div class="panel map-panel" data-tour="map">
          <div class="map-head">
            <Chips
              label="What the map is of"
              value={props.values.on}
              choices={[
                { value: 'digits', title: 'Digits', about: 'A trained prior, scores against the truth' },
                {
                  value: 'plane',
                  title: 'Plane',
                  about: 'A prior of two dimensions, scores against the exact posterior',
                },
              ]}
              onChoose={(on) => props.set({ on, ...grounds[on] })}
            />
            <div data-tour="colour">
              <Show
                when={onDigits()}
                fallback={
                  <Chips
                    label="What colours tell"
                    value={props.values.distance}
                    choices={choices(ofPlane)}
                    onChoose={(distance) => props.set({ distance })}
                  />
                }
              >
                <Chips
                  label="What colours tell"
                  value={props.values.score}
                  choices={choices(ofDigits)}
                  onChoose={(value) => props.set({ score: value })}
                />
              </Show>
            </div>
            <Hint about={score().title}>{score().about}</Hint>
            <span class="grow" />
            <div class="progress" data-test="progress">
              <progress
                aria-label="Cells that have been run"
                value={session.done()}
                max={Math.max(1, cells().length)}
              />
              <span class="small muted">
                {session.done()} of {cells().length}
              </span>
              <Show
                when={session.done() < cells().length}
                fallback={<span class="small muted" data-test="full" />}
              >
                <Show when={session.held()} fallback={<Button onClick={session.stop}>Stop</Button>}>
                  <Button onClick={session.goOn}>Go on</Button>
                </Show>
              </Show>
            </div>
          </div>
          <MapGrid
            values={props.values}
            cells={cells()}
            session={session}
            score={score()}
            scoreOf={scoreOf}
            looked={looked()}
            onLook={(cell) => setLook(cell.key)}
          />
          <Legend score={score()} all={known()} floor={score().name === 'sw' ? floor() : undefined} />
        </div>
      </div>
      <aside class="panel controls" aria-label="The cell, and what is mapped">
        <Show when={looked()}>{(cell) => <CellPanel cell={cell()} known={session.known(cell().key)} />}</Show>
        <section data-tour="axes">
          <h2>
            Method and axes{' '}
            <Hint about="the axes">
              Every cell is the method with these two options; all others stay as they are set here. Any
              option of the registry that is a number or a word can be an axis.
            </Hint>
          </h2>
          <MethodPicker
            label="Method"
            colour="a"
            entries={methods() ?? []}
            text={props.values.method}
            onChange={choose}
            without={['particles', props.values.x.option, props.values.y.option]}
          />
          <AxisPicker
            label="Across"
            axis={props.values.x}
            taken={props.values.y.option}
            entry={entry()}
            onChange={(x) => props.set({ x })}
          />
          <AxisPicker
            label="Down"
            axis={props.values.y}
            taken={props.values.x.option}
            entry={entry()}
            onChange={(y) => props.set({ y })}
          />
        </section>
        <Show when={onDigits()} fallback={<PlaneProblemControls values={props.values} set={props.set} />}>
          <DigitsProblemControls values={props.values} set={props.set} />
        </Show>
        <section>
          <Show
            when={onDigits()}
            fallback={
              <ParticlesSlider
                value={props.values.particles}
                onInput={(particles) => props.set({ particles })}
              />
            }
          >
            <SamplesSlider value={props.values.n} most={8} onInput={(n) => props.set({ n })} />
          </Show>
          <SeedSlider
            value={props.values.seed}
            about="All cells have the same: the same measurement, and the same noise."
            onInput={(seed) => props.set({ seed })}
          />
        </section>
      </aside>
    </div>
  )
}
