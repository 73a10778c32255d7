import { Match, Switch } from 'solid-js'
import type { Arrows } from './look.ts'

/** What the lens and the picked particle show, in words; what to do where there is neither. */
export function LensWords(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly arrows: Arrows | undefined
  readonly guided: boolean
  readonly picked: number | undefined
  readonly standIn: string | undefined
  readonly atEnd: boolean
}) {
  const angle = () => {
    const { angle } = props.arrows?.difference ?? {}
    return angle === undefined ? '–' : `${Math.round(angle)}°`
  }
  const ratio = () => {
    const { ratio = 0 } = props.arrows?.difference ?? {}
    return ratio >= 10 ? `${Math.round(ratio)}` : ratio.toFixed(2)
  }
  return (
    <p class="lens small" data-test={`lens-${props.side}`}>
      <Switch
        fallback={
          <span class="muted">Point at the plane for the arrows there; click a particle to follow it.</span>
        }
      >
        <Match when={props.picked !== undefined && props.standIn}>
          {(words) => (
            <>
              Particle {props.picked}: shaded, what x₀ may be from here; green, the same given y. {words()}.
            </>
          )}
        </Match>
        <Match when={props.picked !== undefined}>
          Particle {props.picked}: its way so far
          {props.atEnd ? '.' : '; shaded, what x₀ may be from here; green, the same given y.'}
        </Match>
        <Match when={props.arrows?.difference}>
          <span class={`ink-${props.side}`}>Guidance</span> is off by {angle()} and {ratio()} times as long as
          the <span class="ink-exact">exact ∇ log p(y | xₜ)</span>; grey, the prior’s score.
        </Match>
        <Match when={props.arrows && !props.guided}>
          <span class="ink-exact">Exact ∇ log p(y | xₜ)</span>, and in grey the prior’s score. {props.title}{' '}
          steps by no such arrow.
        </Match>
        <Match when={props.atEnd}>
          <span class="muted">Go back in time to see what guides the particles.</span>
        </Match>
      </Switch>
    </p>
  )
}
