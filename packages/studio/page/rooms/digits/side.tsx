import { createMemo, For, Show } from 'solid-js'
import { Caption } from '../../parts/caption.tsx'
import type { Frame } from './engine/frames.ts'
import { lookAt } from './look.ts'
import type { Plane } from './moments.ts'
import { correlationOf, differenceOf, momentsOf } from './moments.ts'
import { Samples } from './samples.tsx'
import type { Session } from './session.ts'
import { View } from './view.tsx'

/** One method: what it is at, its samples, and how sure it is. */
export function Side(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly session: Session
  readonly frame: Frame | undefined
  readonly truth: Plane | undefined
  readonly pick: number
  readonly onPick: (sample: number) => void
}) {
  const look = lookAt(props)
  const samples = createMemo(look.samples)
  const moments = createMemo(() => {
    const pictures = samples()
    return pictures && momentsOf(pictures)
  })
  const error = createMemo(() => {
    const [found, truth] = [moments(), props.truth]
    return found && truth && differenceOf(found.mean, truth)
  })
  const several = () => (samples()?.shape[0] ?? 0) > 1
  const agreement = () => {
    const [found, wrong] = [moments(), error()]
    return found && wrong && correlationOf(found.std, wrong)
  }
  return (
    <section class="side" aria-label={props.title}>
      <Caption
        side={props.side}
        title={props.title}
        session={props.session}
        progress={props.session.progress()}
        says={look.says()}
      />
      <div class="views">
        <View
          name="xₜ"
          about="The state after the step: noise at first, the sample at last. It is the sample that is picked below."
          label={`State of ${props.title}`}
          plane={look.picked(({ x }) => x)}
        />
        <View
          name="x̂₀"
          about="What the prior takes xₜ for, before the step. A blur of all pictures that xₜ may become."
          label={`Denoised guess of ${props.title}`}
          plane={look.picked(({ x0hat }) => x0hat)}
        />
        <View
          name="guidance"
          about="What the step adds because of y: one colour brightens, the other darkens. Its own largest number has the full colour."
          label={`Guidance of ${props.title}`}
          plane={look.picked(({ guidance }) => guidance)}
          scale="signed"
          none="not shown by this method"
        />
        <View
          name="A x̂₀"
          about="What would be measured of the guess. Compare it with the measurement y above."
          label={`Measurement of the guess of ${props.title}`}
          plane={look.picked(({ predicted }) => predicted)}
        />
      </div>
      <Samples legend={look.legend()} pictures={samples()} pick={props.pick} onPick={props.onPick} />
      <div class="views three">
        <View
          name="mean"
          about="Of all samples. It has less error than most of them, and is blurred where they differ."
          label={`Mean of the samples of ${props.title}`}
          plane={moments()?.mean}
        />
        <View
          name="std"
          about="Standard deviation of the samples, from 0 to 1. A method that is honest is unsure where it is wrong."
          label={`Standard deviation of the samples of ${props.title}`}
          plane={several() ? moments()?.std : undefined}
          scale="magnitude"
          top={1}
          none="of two samples or more"
        />
        <View
          name="|error|"
          about="Of the mean against the picture that is sought, from 0 to 1. Beside the standard deviation it shows false certainty."
          label={`Error of the mean of ${props.title}`}
          plane={error()}
          scale="magnitude"
          top={1}
        />
      </div>
      <Show when={several() && agreement()}>
        {(found) => (
          <p class="small muted" data-test={`agreement-${props.side}`}>
            std and |error| correlate by {found().toFixed(2)}.
          </p>
        )}
      </Show>
      <For each={props.session.summary()?.advice ?? []}>
        {(advice) => <p class="small muted">Its authors’ range is for other pictures: {advice}</p>}
      </For>
    </section>
  )
}
