import { createMemo, onCleanup, Show } from 'solid-js'
import { createLatest, createOnce } from '../../parts/latest.ts'
import { frameAt } from '../../parts/moment.ts'
import { resultOf } from '../../parts/session.ts'
import { engine } from '../../worker/client.ts'
import '../digits/digits.css'
import { createGate } from '../digits/gate.ts'
import { differenceOf, planeOf } from '../digits/moments.ts'
import { NoisePicker, OperatorPicker, SamplesSlider } from '../digits/pickers.tsx'
import { ProblemPanel } from '../digits/problem.tsx'
import { problemIn } from '../digits/problem-in.ts'
import { createSession } from '../digits/session.ts'
import { View } from '../digits/view.tsx'
import { Difference } from './difference.tsx'
import { Digits } from './digits-side.tsx'
import { digits } from './grounds.ts'
import type { RunsProps } from './runs.tsx'
import { BothRuns, failingBriefly } from './runs.tsx'

/** A method and its edit on digits, with a trained network as the prior. */
export function DigitsRuns(props: RunsProps) {
  onCleanup(() => void engine.digits.close())
  // No resources: while one loads, the page's Suspense takes the editor away.
  const { answer: heldOut } = createOnce(() => engine.digits.heldOut())
  const { answer: operators } = createOnce(() => engine.digits.operators())
  const { answer: noises } = createOnce(() => engine.digits.noises())
  const problem = createMemo(() => problemIn(props.values), undefined, {
    equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  })
  const measurement = createLatest(
    () => ({ problem: problem(), seed: props.values.seed }),
    (asked) => engine.digits.measurement(asked.problem, asked.seed),
  )
  const request = () => ({
    problem: problem(),
    method: props.values.method,
    count: props.values.samples,
    seed: props.values.seed,
  })
  const gate = createGate() // open: runs are held in the room of the digits
  const own = createSession(request, gate)
  const other = createSession(
    () => props.text && { ...request(), text: props.text },
    gate,
    ({ text, ...asked }, take) => props.begin(digits, text, asked, (frames) => void take(frames)),
  )
  const frames = {
    a: createMemo(() => frameAt(own.frames(), props.values.at)),
    b: createMemo(() => frameAt(other.frames(), props.values.at)),
  }
  /** Where the picked sample differs. */
  const apart = createMemo(() => {
    const [a, b] = [resultOf(own)?.x, resultOf(other)?.x]
    if (a === undefined || b === undefined || a.data.length !== b.data.length) return undefined
    return differenceOf(planeOf(a, props.values.pick), planeOf(b, props.values.pick))
  })
  const onPick = (pick: number) => props.set({ pick })
  return (
    <BothRuns
      runs={props}
      settled={own.settled() && (props.text === undefined || other.settled())}
      frame={frames.a()}
      about="Operator, noise, samples"
      settings={
        <>
          <OperatorPicker values={props.values} set={props.set} entries={operators()} paint />
          <NoisePicker values={props.values} set={props.set} entries={noises()} />
          <SamplesSlider
            value={props.values.samples}
            onInput={(samples) => props.set({ samples, pick: 0 })}
          />
        </>
      }
      problem={
        <ProblemPanel
          values={props.values}
          set={props.set}
          heldOut={heldOut() ?? []}
          measurement={measurement()}
        />
      }
      a={
        <Digits
          side="a"
          title="As it is"
          session={own}
          frame={frames.a()}
          pick={props.values.pick}
          onPick={onPick}
        />
      }
      b={
        <Digits
          side="b"
          title={props.edited.title}
          session={failingBriefly(other)}
          frame={frames.b()}
          pick={props.values.pick}
          onPick={onPick}
          idle={props.edited.idle}
        />
      }
      difference={
        <div class="apart">
          <Show when={apart()}>
            {(plane) => (
              <View
                name="difference"
                about="Of the sample that is picked, between both results. The largest has the full colour."
                label="Where both results differ"
                plane={plane()}
                scale="magnitude"
              />
            )}
          </Show>
          <div>
            <Difference
              name="samples"
              a={resultOf(own)?.x.data}
              b={resultOf(other)?.x.data}
              says={(a, b) => `The edit moves a pixel by ${change(a, b).toPrecision(3)} in the mean.`}
            />
          </div>
        </div>
      }
    />
  )
}

/** Mean of |a − b|. */
const change = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, v, i) => sum + Math.abs(v - (b[i] ?? 0)), 0) / a.length
