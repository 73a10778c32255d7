import { createMemo } from 'solid-js'
import { Caption } from '../../parts/caption.tsx'
import { settingsOf } from '../../parts/settings.ts'
import { useColours } from '../../parts/theme.tsx'
import type { Frame } from './engine/frames.ts'
import type { Numbers } from './engine/numbers.ts'
import type { PlaneMethod } from './engine.ts'
import type { PlaneValues } from './fields.ts'
import type { Law, Point, Stripe } from './law.ts'
import { given, posterior } from './law.ts'
import { LensWords } from './lens-words.tsx'
import { createLook } from './look.ts'
import { nearestParticle, particleOf, wayOf } from './moments.ts'
import type { LookColours } from './paint-look.ts'
import { paintArrows, paintCloud, paintErrors, paintLens, paintWay } from './paint-look.ts'
import type { Session } from './session.ts'
import { Stage } from './stage.tsx'
import { standInOf } from './stand-in.ts'
import { verdictOf } from './verdict.ts'
import type { View } from './view.ts'

/** The plane of one method, with what is looked at in it. */
export function Side(props: {
  readonly side: 'a' | 'b'
  readonly text: string
  readonly entry: PlaneMethod | undefined
  readonly values: PlaneValues
  readonly law: Law
  readonly posterior: Law
  readonly stripe: Stripe
  readonly session: Session
  readonly numbers: Numbers | undefined
  /** Those of the run, and of the one that it branches from. */
  readonly frames: readonly Frame[]
  readonly frame: Frame | undefined
  readonly lens: Point | undefined
  readonly onLens: (at: Point | undefined) => void
  readonly onStripe: (stripe: Stripe) => void
  readonly onComponent: (index: number, to: Point) => void
  readonly onPick: (particle: number | undefined) => void
}) {
  const palette = useColours('prior', 'exact', 'a', 'b', 'ink', 'bad')
  const colours = (): LookColours => ({ ...palette(), own: palette()[props.side] })
  const title = () => props.entry?.title ?? settingsOf(props.text).name
  const look = createLook(() => ({
    law: props.law,
    stripe: props.stripe,
    method: props.text,
    frame: props.entry?.guided ? props.frame : undefined,
    show: props.values.show,
    lens: props.lens,
  }))
  /** The x_t that the cloud is of: of the particle that was picked, or under the lens. */
  const picked = createMemo((): Point | undefined => {
    const { frame, values } = props
    if (frame === undefined || values.pick === undefined) return undefined
    return particleOf(frame, values.pick)
  })
  const cloudAt = () => picked() ?? (props.values.show.includes('cloud') ? props.lens : undefined)
  const focus = createMemo(() => {
    const [at, frame] = [cloudAt(), props.frame]
    if (at === undefined || frame === undefined || !(frame.sigma > 0)) return undefined
    const before = given(props.law, at, frame.alpha, frame.sigma)
    const { name, settings } = settingsOf(props.text)
    const { alpha, sigma } = frame
    return {
      before,
      after: posterior(before, props.stripe).law,
      standIn: standInOf(name, { law: props.law, at, alpha, sigma, settings }),
    }
  })
  const under = (context: CanvasRenderingContext2D, view: View) => {
    const field = look.field()
    if (field && props.values.show.includes('error')) paintErrors(context, view, field, colours())
  }
  const over = (context: CanvasRenderingContext2D, view: View) => {
    const { frame, values } = props
    const [field, arrows] = [look.field(), look.arrows()]
    if (field && values.show.includes('guidance') && !values.show.includes('error'))
      paintArrows(context, view, field, colours())
    if (frame && values.pick !== undefined)
      paintWay(context, view, wayOf(props.frames, frame, values.pick), colours().ink)
    const seen = focus()
    if (seen) paintCloud(context, view, seen.before, seen.standIn, colours())
    if (arrows) paintLens(context, view, arrows, colours())
  }
  return (
    <section class="side" aria-label={title()}>
      <Caption
        side={props.side}
        title={title()}
        session={props.session}
        progress={props.session.progress()}
        says={props.numbers && verdictOf(props.numbers)}
      />
      <Stage
        label={`The plane with ${title()}: arrow keys move the lens, Enter picks a particle`}
        colour={props.side}
        law={props.law}
        posterior={props.posterior}
        stripe={props.stripe}
        focus={focus()}
        frame={props.frame}
        show={props.values.show}
        lens={props.lens}
        onStripe={props.onStripe}
        onComponent={props.onComponent}
        onPoint={props.onLens}
        onPick={(at) => {
          const index = props.frame && nearestParticle(props.frame, at)
          props.onPick(index === props.values.pick ? undefined : index)
        }}
        under={under}
        over={over}
      />
      <LensWords
        side={props.side}
        title={title()}
        arrows={look.arrows()}
        guided={props.entry?.guided === true}
        picked={props.values.pick}
        standIn={focus()?.standIn?.words}
        atEnd={props.frame !== undefined && !(props.frame.sigma > 0)}
      />
    </section>
  )
}
