import { Show } from 'solid-js'
import { Caption } from '../../parts/caption.tsx'
import type { Frame } from '../digits/engine/frames.ts'
import { lookAt } from '../digits/look.ts'
import { Samples } from '../digits/samples.tsx'
import type { Session } from '../digits/session.ts'
import { View } from '../digits/view.tsx'

/** The pictures of one of both runs. */
export function Digits(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly session: Session
  readonly frame: Frame | undefined
  readonly pick: number
  readonly onPick: (sample: number) => void
  /** What to do, where nothing was asked to run. */
  readonly idle?: string
}) {
  const look = lookAt(props)
  return (
    <section class="side" aria-label={props.title}>
      <Caption
        side={props.side}
        title={props.title}
        session={props.session}
        progress={props.session.progress()}
        says={look.says()}
      />
      <Show
        when={props.frame}
        fallback={
          <Show when={!props.session.running() && props.session.error() === undefined}>
            <p class="small muted">{props.idle}</p>
          </Show>
        }
      >
        <Samples legend={look.legend()} pictures={look.samples()} pick={props.pick} onPick={props.onPick} />
        <div class="views three">
          <View
            name="xₜ"
            about="The state after the step, of the sample that is picked above."
            label={`State, ${props.title}`}
            plane={look.picked(({ x }) => x)}
          />
          <View
            name="x̂₀"
            about="What the prior takes xₜ for, before the step."
            label={`Denoised guess, ${props.title}`}
            plane={look.picked(({ x0hat }) => x0hat)}
          />
          <View
            name="guidance"
            about="What the step adds because of y: one colour brightens, the other darkens."
            label={`Guidance, ${props.title}`}
            plane={look.picked(({ guidance }) => guidance)}
            scale="signed"
            none="not shown by this method"
          />
        </div>
      </Show>
    </section>
  )
}
