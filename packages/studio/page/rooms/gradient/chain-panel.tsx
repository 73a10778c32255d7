import { revolveRecomputations } from '@tweedie/autograd'
import { createMemo, For, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Chips } from '../../parts/chips.tsx'
import { Hint } from '../../parts/hint.tsx'
import { Slider } from '../../parts/slider.tsx'
import { PixelView } from '../digits/pixel-view.tsx'
import { side } from '../digits/pixels.ts'
import { Chart } from './chart.tsx'
import { keptCurve, memoryCurve } from './curve.ts'
import type { ChainRun } from './engine/chain.ts'
import type { GradientValues } from './fields.ts'
import { chainSteps } from './fields.ts'
import { Schedule } from './schedule.tsx'
import type { ChainSession } from './session.ts'
import type { Kind } from './strategy.ts'
import { kinds } from './strategy.ts'
import { bytesText, keptOf, sameText, timeText } from './words.ts'

/** Backprop through a whole sampler: what is kept, what is done again, and that the gradient is the same. */
export function ChainPanel(props: {
  readonly values: GradientValues
  readonly set: (change: Partial<GradientValues>) => void
  readonly chains: ChainSession
}) {
  const titleOf = (kind: Kind) =>
    kind === 'tape'
      ? 'tape'
      : kind === 'checkpoint'
        ? 'checkpoint per step'
        : `revolve, ${props.values.slots} ${props.values.slots === 1 ? 'slot' : 'slots'}`
  const about: Readonly<Record<Kind, string>> = {
    tape: 'All ten tapes are kept until the way back frees them. Nothing runs twice.',
    checkpoint:
      'The state before each step is kept, and no tape. On the way back each step runs again, under a tape of its own.',
    revolve:
      'A few states are kept at a time; the others are computed again from the nearest before. The binomial schedule does that with the fewest evaluations there can be.',
  }
  const runs = props.chains.runs
  const chosen = () => runs()[props.values.strategy]
  const all = createMemo(() =>
    kinds.flatMap((kind) => {
      const run = runs()[kind]
      return run === undefined ? [] : [{ kind, run }]
    }),
  )
  const most = (of: (run: ChainRun) => number) => Math.max(1, ...all().map(({ run }) => of(run)))
  const slowest = () => most(({ milliseconds }) => milliseconds)
  const highest = () => most(({ peak }) => peak)
  const longest = () => most(({ evaluations }) => evaluations.length)
  const state = 4 * side * side
  return (
    <section
      class="panel chain"
      aria-labelledby="chain-title"
      data-tour="chain"
      data-test="chain"
      data-done={all().length}
    >
      <h2 id="chain-title">
        A gradient through {chainSteps} steps{' '}
        <Hint about="the gradient through a sampler">
          A picture x = R(z) is made from noise z by {chainSteps} steps of DDIM without noise, and ‖y − A(x)‖²
          is differentiated in z, as CSGM does. Whatever is kept on the way, the gradient is the same.
        </Hint>
      </h2>
      <div class="row">
        <Chips
          label="What is kept for the way back"
          value={props.values.strategy}
          choices={kinds.map((kind) => ({ value: kind, title: titleOf(kind), about: about[kind] }))}
          onChoose={(strategy) => props.set({ strategy })}
        />
        <span class="grow" />
        <Button
          quiet
          disabled={props.chains.running()}
          onClick={props.chains.again}
          title="Takes the three gradients anew: times vary"
        >
          {props.chains.running() ? 'Measuring …' : 'Measure again'}
        </Button>
      </div>
      <p>{about[props.values.strategy]}</p>
      <Show when={props.values.strategy === 'revolve'}>
        <Slider
          label="Slots"
          value={props.values.slots}
          min={1}
          max={chainSteps - 1}
          step={1}
          about="States that may be kept at a time, z included. With nine it is a checkpoint per step."
          onInput={(slots) => props.set({ slots: Math.round(slots) })}
        />
      </Show>
      <Show when={props.chains.error()}>
        {(error) => (
          <p class="bad-ink" role="alert">
            {error()}
          </p>
        )}
      </Show>
      <Show when={all().length > 0} fallback={<p class="muted">Waiting for the step above …</p>}>
        <div class="charts">
          <Chart
            title="Live memory over time"
            about="Bytes of all live tensors above those before, counted by the engine after each of its calls. Each tooth is one step’s tape: with checkpoints only one lives at a time."
            chosen={props.values.strategy}
            lines={all().map(({ kind, run }) => ({
              kind,
              points: memoryCurve(run.live, slowest(), highest()),
            }))}
            top={bytesText(highest())}
            bottom="0"
            end={timeText(slowest())}
          />
          <Chart
            title="Kept between two evaluations"
            about="Live bytes just before the network runs: what waits for the way back. Equal heights are equal factors, from one state at the bottom to ten tapes at the top."
            chosen={props.values.strategy}
            lines={all().map(({ kind, run }) => ({
              kind,
              points: keptCurve(run.evaluations, longest(), [state, most(keptOf)]),
            }))}
            top={bytesText(most(keptOf))}
            bottom={bytesText(state)}
            end={`${longest()} evaluations`}
          />
        </div>
        <Show when={chosen()}>
          {(run) => <Schedule run={run()} title={titleOf(props.values.strategy)} />}
        </Show>
        <div class="results">
          <section class="table" aria-label="What each strategy costs" tabindex="0">
            <table data-test="strategies">
              <thead>
                <tr>
                  <th scope="col">keeps</th>
                  <th scope="col">peak</th>
                  <th scope="col">between</th>
                  <th scope="col">evaluations</th>
                  <th scope="col">time</th>
                  <th scope="col">gradient</th>
                </tr>
              </thead>
              <tbody>
                <For each={all()}>
                  {({ kind, run }) => (
                    <tr classList={{ chosen: kind === props.values.strategy }} data-kind={kind}>
                      <th scope="row">
                        <i class={`dot ${kind}`} /> {titleOf(kind)}
                      </th>
                      <td>{bytesText(run.peak)}</td>
                      <td>{bytesText(keptOf(run))}</td>
                      <td>
                        {run.evaluations.length}{' '}
                        <span class="muted">{theoryText(kind, props.values.slots)}</span>
                      </td>
                      <td>{timeText(run.milliseconds)}</td>
                      <td>{comparisonText(kind, run, runs().tape)}</td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          </section>
          <Show when={chosen()}>
            {(run) => (
              <div class="pair small-pair">
                <figure>
                  <PixelView label="The sample x" plane={{ height: side, width: side, data: run().x }} />
                  <figcaption>x = R(z)</figcaption>
                </figure>
                <figure>
                  <PixelView
                    label="The gradient in z"
                    plane={{ height: side, width: side, data: run().gradient }}
                    scale="signed"
                  />
                  <figcaption>∂‖y − A x‖²/∂z</figcaption>
                </figure>
              </div>
            )}
          </Show>
        </div>
      </Show>
    </section>
  )
}

/** The number of evaluations that there have to be, as a sum. */
function theoryText(kind: Kind, slots: number): string {
  if (kind === 'tape') return '= n'
  const again = kind === 'checkpoint' ? chainSteps - 1 : revolveRecomputations(chainSteps, slots)
  return `= ${chainSteps} + ${again}`
}

/** How a gradient compares with that of the tape. */
function comparisonText(kind: Kind, run: ChainRun, tape: ChainRun | undefined): string {
  if (kind === 'tape') return 'to compare with'
  return tape === undefined ? '' : sameText(run, tape)
}
