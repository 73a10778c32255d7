import { createMemo, createSignal, onCleanup, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { createLatest, createOnce } from '../../parts/latest.ts'
import { Notes } from '../../parts/notes.tsx'
import '../../parts/room.css'
import { Tour } from '../../parts/tour.tsx'
import { Trouble } from '../../parts/trouble.tsx'
import { roomState } from '../../state/store.ts'
import { engine } from '../../worker/client.ts'
import '../digits/digits.css'
import type { DigitsProblem } from '../digits/engine/problem.ts'
import { ChainPanel } from './chain-panel.tsx'
import { Controls } from './controls.tsx'
import { chainSteps, fields, noise, openIn, turned } from './fields.ts'
import './gradient.css'
import { viewOf } from './graph.ts'
import { Legend } from './legend.tsx'
import { createChains, createStep } from './session.ts'
import { strategyOf } from './strategy.ts'
import { Strip } from './strip.tsx'
import { TapeGraph } from './tape-graph.tsx'
import { TensorView } from './tensor-view.tsx'
import { tourOf } from './tour.ts'

/** Room 4: the gradient of a guidance step, and of a whole sampler. */
export default function GradientRoom() {
  const { values, set, notes, dismiss } = roomState('gradient', fields)
  onCleanup(() => void engine.gradient.close())
  const heldOut = createOnce(() => engine.gradient.heldOut())
  const operators = createOnce(() => engine.gradient.operators())
  const problem = (): DigitsProblem => ({
    ...{ digit: values.digit, drawn: '', mask: '', noise },
    operator: values.operator,
  })
  const session = createStep(() => ({
    problem: problem(),
    seed: values.seed,
    steps: values.steps,
    i: Math.min(values.step, values.steps) - 1,
  }))
  const chains = createChains(
    (kind) => ({
      problem: problem(),
      seed: values.seed,
      steps: chainSteps,
      strategy: strategyOf(kind, values.slots),
    }),
    () => !session.running() && session.error() === undefined,
  )
  const open = () => openIn(values)
  const view = createMemo(() => {
    const step = session.step()
    return step && viewOf(step, open())
  })
  const [pointed, setPointed] = createSignal<string>()
  const item = createMemo(() => {
    const items = view()?.items ?? []
    const wanted = [pointed(), values.pick, 'x']
    return wanted.flatMap((id) => items.find((one) => one.id === id) ?? [])[0]
  })
  /** A tensor of the step that is shown. */
  const tensorOf = (value: () => number | undefined) =>
    createLatest(
      () => {
        const [step, number] = [session.step(), value()]
        return step && number !== undefined ? { step, number } : undefined
      },
      async (of) => ({ ...of, shown: await engine.gradient.tensor(of.number) }),
    )
  const [x, x0hat, shown] = [
    tensorOf(() => session.step()?.x),
    tensorOf(() => session.step()?.x0hat),
    tensorOf(() => item()?.value),
  ]
  return (
    <div
      class="gradient"
      data-test="gradient"
      data-settled={!session.running()}
      data-measured={!session.running() && !chains.running()}
    >
      <Notes notes={notes()} onDismiss={dismiss} />
      <Trouble error={heldOut.error()} />
      <div class="intro">
        <div>
          <h1>What a gradient through a network costs</h1>
          <p class="muted">
            DPS pulls a noisy picture towards a measurement by a gradient through the whole network. This is
            the tape of one such step: what is kept on the way forward, and what it takes to go back.
          </p>
        </div>
        <Tour steps={tourOf(set)} />
      </div>
      <div class="layout">
        <div class="work">
          <Show when={session.error()}>
            {(error) => (
              <p class="note bad" role="alert">
                {error()}
              </p>
            )}
          </Show>
          <Show when={session.running()}>
            <div class="row progress" role="status">
              <progress aria-label="The run that leads to the step" value={session.done()} />
              <span class="small muted">DPS goes to step {Math.min(values.step, values.steps)}</span>
              <Button quiet onClick={session.stop}>
                Stop
              </Button>
            </div>
          </Show>
          <Show
            when={session.step()}
            fallback={<div class="panel empty muted">The network is fetched …</div>}
          >
            {(step) => (
              <>
                <Strip step={step()} x={x()?.shown} x0hat={x0hat()?.shown} />
                <section class="panel" aria-labelledby="tape-title" data-tour="tape">
                  <Legend step={step()} />
                  <div class="tape">
                    <Show when={view()}>
                      {(now) => (
                        <TapeGraph
                          step={step()}
                          view={now()}
                          open={open()}
                          shown={item()?.id ?? ''}
                          zoom={values.zoom}
                          onZoom={(zoom) => set({ zoom })}
                          onPoint={setPointed}
                          onPick={({ id, kind }) =>
                            set({ pick: id, ...(kind === 'block' && { open: turned(open(), id) }) })
                          }
                        />
                      )}
                    </Show>
                    <Show when={item()}>
                      {(one) => (
                        <TensorView
                          step={step()}
                          item={one()}
                          tensor={shown()?.shown}
                          fresh={shown()?.step === step() && shown()?.number === one().value}
                        />
                      )}
                    </Show>
                  </div>
                </section>
              </>
            )}
          </Show>
          <ChainPanel values={values} set={set} chains={chains} />
        </div>
        <Controls
          values={values}
          set={set}
          heldOut={heldOut.answer() ?? []}
          operators={operators.answer() ?? []}
        />
      </div>
    </div>
  )
}
