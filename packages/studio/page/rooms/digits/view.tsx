import type { JSX } from 'solid-js'
import { Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import type { Plane } from './moments.ts'
import type { Scale } from './pixel-view.tsx'
import { PixelView } from './pixel-view.tsx'

/** A picture with its name and what it is. */
export function View(props: {
  readonly name: string
  readonly about: JSX.Element
  readonly label: string
  readonly plane: Plane | undefined
  readonly scale?: Scale
  readonly top?: number
  /** In its place where a method does not show it. */
  readonly none?: string
}) {
  return (
    <figure>
      <div class="frame">
        <PixelView
          label={props.label}
          plane={props.plane}
          scale={props.scale ?? 'grey'}
          {...(props.top !== undefined && { top: props.top })}
        />
        <Show when={props.plane === undefined && props.none}>
          {(why) => <span class="small muted">{why()}</span>}
        </Show>
      </div>
      <figcaption>
        {props.name} <Hint about={props.name}>{props.about}</Hint>
      </figcaption>
    </figure>
  )
}
