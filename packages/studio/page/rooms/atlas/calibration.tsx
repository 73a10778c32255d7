import { createMemo, For, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Chips } from '../../parts/chips.tsx'
import { Hint } from '../../parts/hint.tsx'
import { createLatest } from '../../parts/latest.ts'
import { MethodPicker } from '../../parts/method-picker.tsx'
import { SeedSlider } from '../../parts/seed.tsx'
import { settingsOf } from '../../parts/settings.ts'
import { engine } from '../../worker/client.ts'
import { lawIn, stripeIn } from '../plane/fields.ts'
import './calibration.css'
import { createCalibrationSession } from './calibration-session.ts'
import { CalibrationTable } from './calibration-table.tsx'
import { planeHref } from './cells.ts'
import type { Standing } from './engine/calibration.ts'
import { mostCases } from './engine/calibration-size.ts'
import type { AtlasValues } from './fields.ts'
import { lineColours } from './lines.ts'
import { mostMethods } from './method-list.ts'
import { PlaneProblemControls } from './plane-problem.tsx'
import { CoverageCurve, RankHistogram } from './rank-charts.tsx'
import type { Entrant } from './scatter.tsx'
import { Scatter } from './scatter.tsx'

/** Calibration as it comes in: truths and measurements are drawn, every method samples every posterior. */
export function CalibrationView(props: {
  readonly values: AtlasValues
  readonly set: (change: Partial<AtlasValues>) => void
}) {
  const plane = createMemo(() => ({ law: lawIn(props.values), stripe: stripeIn(props.values) }))
  // Of the stripe the direction and the noise count, y is drawn.
  const session = createCalibrationSession(() => ({
    plane: { law: plane().law, stripe: { ...plane().stripe, offset: 0 } },
    methods: [...props.values.methods], // a plain list, which crosses to the worker
    seed: props.values.seed,
  }))
  const methods = createLatest(plane, (of) => engine.plane.methods(of))
  const titleOf = (text: string) =>
    methods()?.find(({ name }) => name === settingsOf(text).name)?.title ?? settingsOf(text).name
  const standingOf = (method: string): Standing | undefined =>
    session.standings().find((one) => one.method === method)
  const exact = () => standingOf('exact')
  const entrants = createMemo((): readonly Entrant[] =>
    props.values.methods.flatMap((method, k) => {
      const standing = standingOf(method)
      const colour = lineColours[k] ?? 'ink'
      return standing === undefined ? [] : [{ standing, colour, mark: String(k + 1), title: method }]
    }),
  )
  const withExact = () => {
    const standing = exact()
    return standing === undefined
      ? entrants()
      : [{ standing, colour: 'exact', mark: '', title: 'exact draws' }, ...entrants()]
  }
  const done = () => exact()?.cases ?? 0
  const change = (k: number, text: string) =>
    props.set({ methods: [...new Set(props.values.methods.map((one, i) => (i === k ? text : one)))] })
  const add = () => {
    const fresh = methods()?.find(
      ({ name, unfit, population }) =>
        unfit === undefined &&
        !population &&
        !props.values.methods.some((text) => settingsOf(text).name === name),
    )
    if (fresh !== undefined) props.set({ methods: [...props.values.methods, fresh.suggested] })
  }
  return (
    <div class="layout">
      <div class="work">
        <div class="panel">
          <div class="map-head">
            <h2>Distance against cost</h2>
            <Hint about="distance and cost">
              Sliced Wasserstein distance to the exact posterior, a mean over the cases with its 95 %
              interval. The line is the floor, what exact draws have themselves: nothing is better than that.
            </Hint>
            <Chips
              label="Cost"
              value={props.values.cost}
              choices={[
                { value: 'nfe', title: 'NFE', about: 'Evaluations of the prior' },
                { value: 'seconds', title: 'Seconds', about: 'On this machine' },
              ]}
              onChoose={(cost) => props.set({ cost })}
            />
            <span class="grow" />
            <div class="progress" data-test="cases" data-cases={done()}>
              <progress aria-label="Cases that have been sampled" value={done()} max={mostCases} />
              <span class="small muted">
                {done()} of {mostCases} cases
              </span>
              <Show when={done() < mostCases}>
                <Show when={session.held()} fallback={<Button onClick={session.stop}>Stop</Button>}>
                  <Button onClick={session.goOn}>Go on</Button>
                </Show>
              </Show>
            </div>
          </div>
          <Show when={session.error()}>
            {(why) => (
              <p class="bad-ink" role="alert">
                {why()}
              </p>
            )}
          </Show>
          <Show
            when={entrants().length > 0}
            fallback={<p class="muted">The first case is being sampled …</p>}
          >
            <Scatter entrants={entrants()} floor={exact()?.metrics['sw']?.value} cost={props.values.cost} />
          </Show>
        </div>
        <div class="panel">
          <div class="map-head">
            <h2>Ranks and coverage</h2>
            <Hint about="ranks and coverage">
              Truths are drawn of the prior: their rank among samples of the posterior is uniform, and a
              region that holds a part of the samples holds the truth as often. A cup means too narrow, a hill
              too wide.
            </Hint>
            <Chips
              label="Whose ranks"
              value={props.values.ranks}
              choices={[
                { value: 'first', title: 'x', about: 'The first coordinate' },
                { value: 'second', title: 'y', about: 'The second coordinate' },
                { value: 'density', title: 'log density', about: 'log p(x | y)' },
              ]}
              onChoose={(ranks) => props.set({ ranks })}
            />
          </div>
          <ul class="entrants" data-test="entrants">
            <For each={withExact()}>
              {({ standing, colour, mark, title }) => (
                <li>
                  <h3 title={titleOf(standing.method)}>
                    <i class="dot" style={{ background: `var(--${colour})` }} />
                    {mark} {title}
                  </h3>
                  <Show when={standing.refused}>{(why) => <p class="small bad-ink">{why()}</p>}</Show>
                  <Show when={standing.cases > 0}>
                    <div class="charts">
                      <RankHistogram
                        standing={standing}
                        of={props.values.ranks}
                        colour={colour}
                        title={title}
                      />
                      <CoverageCurve standing={standing} colour={colour} title={title} />
                    </div>
                  </Show>
                </li>
              )}
            </For>
          </ul>
          <p class="small muted">
            The test is of seven numbers of each case together: both coordinates, four projections, the log
            density. Lines of coverage: full, regions of highest density; dashed, central intervals. Samples
            of methods with weighted particles are of one run, and not independent.
          </p>
        </div>
        <div class="panel numbers-panel">
          <CalibrationTable entrants={withExact()} />
        </div>
      </div>
      <aside class="panel controls" aria-label="Methods and problem">
        <section data-tour="methods">
          <h2>
            Methods{' '}
            <Hint about="the methods">
              All sample the same cases, one case after the other, 99 samples each. Up to {mostMethods} at a
              time.
            </Hint>
          </h2>
          <For each={props.values.methods}>
            {(text, k) => (
              <div class="method-line">
                <MethodPicker
                  label={`Method ${k() + 1}`}
                  colour={lineColours[k()] ?? 'ink'}
                  entries={methods() ?? []}
                  text={text}
                  onChange={(to) => change(k(), to)}
                  without={['particles']}
                />
                <a class="small" href={planeHref(props.values, { a: text, b: 'none', n: 1000 })}>
                  See it on the plane
                </a>
                <Show when={props.values.methods.length > 1}>
                  <Button
                    quiet
                    label={`Leave out ${titleOf(text)}`}
                    onClick={() => props.set({ methods: props.values.methods.filter((one) => one !== text) })}
                  >
                    ×
                  </Button>
                </Show>
              </div>
            )}
          </For>
          <Show when={props.values.methods.length < mostMethods}>
            <Button onClick={add}>Another method</Button>
          </Show>
        </section>
        <PlaneProblemControls values={props.values} set={props.set} drawn />
        <section>
          <SeedSlider
            value={props.values.seed}
            about="All cases follow from it, and what the methods draw."
            onInput={(seed) => props.set({ seed })}
          />
        </section>
      </aside>
    </div>
  )
}
