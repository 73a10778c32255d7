import type { JSX } from 'solid-js'
import { createMemo, For, Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import { PixelView } from '../digits/pixel-view.tsx'
import type { Shown, StepTape } from './engine/step.ts'
import type { Item } from './graph.ts'
import { montageOf, statisticsOf } from './montage.ts'
import { bytesText, numberText, shapeText, timeText } from './words.ts'

/** What is pointed at: the tensor that it gives, and the cotangent that comes back to it. */
export function TensorView(props: {
  readonly step: StepTape
  readonly item: Item
  readonly tensor: Shown | undefined
  /** Whether the tensor has come, or is still that of before. */
  readonly fresh: boolean
}) {
  const value = () => props.step.tape.values[props.item.value]
  const record = () =>
    props.item.kind === 'op' ? props.step.tape.nodes[props.item.nodes[0] ?? 0] : undefined
  /** Whether it is in the range of pictures: of their shape. */
  const isPicture = () => value()?.shape.join() === props.step.tape.values[0]?.shape.join()
  return (
    <section
      class="panel tensor"
      aria-live="polite"
      aria-label="What is pointed at"
      data-test="tensor"
      data-fresh={props.fresh}
    >
      <h2>
        {props.item.title}{' '}
        <Hint about="what is shown">
          Point at a box, or go there with the arrow keys: here is the tensor that it gives, a tile for each
          channel. Beside it is its cotangent, by how much the norm changes with each of its numbers.
        </Hint>
      </h2>
      <p class="small muted">
        {shapeText(value()?.shape ?? [])} of {value()?.dtype}
        <Show when={props.item.kind === 'leaf'}>, a leaf of the tape</Show>
      </p>
      <div class="pair">
        <Half
          name="the tensor"
          shape={value()?.shape ?? []}
          data={props.tensor?.value}
          scale={isPicture() ? 'grey' : 'signed'}
        />
        <Half
          name="its cotangent"
          shape={value()?.shape ?? []}
          data={props.tensor?.cotangent}
          scale="signed"
        />
      </div>
      <Show when={props.item.kind !== 'leaf'}>
        <dl>
          <dt>keeps</dt>
          <dd class="ink-kept">{bytesText(props.item.own)}</dd>
          <dt>forward</dt>
          <dd class="ink-a">{timeText(props.item.forward)}</dd>
          <dt>back</dt>
          <dd class="ink-b">{timeText(props.item.backward)}</dd>
        </dl>
      </Show>
      <Show when={record()}>
        {(one) => (
          <div class="small" data-test="inputs">
            <p>
              It is made
              <Show when={parameterOf(one().label)}>{(name) => <> by {name()}</>}</Show> from
            </p>
            <ul>
              <For each={one().inputs}>
                {(input) => <li>{sourceText(props.step, input, one().saved.includes(input))}</li>}
              </For>
            </ul>
            <Show when={one().outputs.some((output) => one().saved.includes(output))}>
              <p>and kept itself for the way back.</p>
            </Show>
          </div>
        )}
      </Show>
      <Show when={props.item.kind === 'block'}>
        <p class="small muted">
          {props.item.nodes.length === 1 ? 'One call' : `${props.item.nodes.length} calls`}; a click shows
          them.
        </p>
      </Show>
    </section>
  )
}

/** The layer whose parameters a call takes, by its name in the checkpoint. */
export const parameterOf = (label: string | undefined): string | undefined =>
  /^prior:(.+)\.\w+$/.exec(label ?? '')?.[1]

/** An input of a call, in words. */
export function sourceText({ tape }: StepTape, input: number, saved: boolean): string {
  const value = tape.values[input]
  const from = { argument: 'xₜ, a leaf', call: 'a call before', constant: 'a constant, a leaf' }
  return `${shapeText(value?.shape ?? [])}: ${from[value?.from ?? 'call']}${saved ? '; kept for the way back' : ''}`
}

function Half(props: {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array | undefined
  readonly scale: 'grey' | 'signed'
}): JSX.Element {
  const plane = createMemo(() => props.data && montageOf(props.shape, props.data))
  const words = createMemo(() => {
    const { data } = props
    if (data === undefined) return 'none'
    if (data.length <= 1) return numberText(data[0] ?? 0)
    const { least, most, rms } = statisticsOf(data)
    return `${numberText(least)} to ${numberText(most)}, rms ${numberText(rms)}`
  })
  return (
    <figure>
      <Show when={plane()} fallback={<output class="loss">{words()}</output>}>
        {(tiles) => <PixelView label={`${props.name}: ${words()}`} plane={tiles()} scale={props.scale} />}
      </Show>
      <figcaption>
        {props.name}
        <Show when={plane()}>
          <br />
          <span class="muted">{words()}</span>
        </Show>
      </figcaption>
    </figure>
  )
}
