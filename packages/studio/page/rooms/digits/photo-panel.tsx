import { Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Hint } from '../../parts/hint.tsx'
import { Slider } from '../../parts/slider.tsx'
import type { Pictures } from './engine/frames.ts'
import type { Measurement } from './engine.ts'
import type { DigitsValues } from './fields.ts'
import { MeasuredCaption } from './measured-caption.tsx'
import type { Plane } from './moments.ts'
import { planeOf } from './moments.ts'
import type { Photos } from './photos.ts'
import { PixelView } from './pixel-view.tsx'

/** A file input that looks like a button. */
function Files(props: {
  readonly children: string
  readonly accept: string
  readonly many?: boolean
  readonly onFiles: (files: readonly File[]) => void
}) {
  return (
    <label class="button file">
      {props.children}
      <input
        type="file"
        accept={props.accept}
        multiple={props.many === true}
        class="hidden"
        onChange={(event) => {
          props.onFiles([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = '' // the same file can be taken again
        }}
      />
    </label>
  )
}

const firstOf = (pictures: Pictures | undefined): Plane | undefined => pictures && planeOf(pictures, 0)

/** The photograph that is sought and what is measured of it, and the prior that is loaded for it. */
export function PhotoPanel(props: {
  readonly values: DigitsValues
  readonly set: (change: Partial<DigitsValues>) => void
  readonly photos: Photos
  readonly measurement: Measurement | undefined
}) {
  /** The measurement of a photograph; that of a digit may be the latest still. */
  const measurement = () => (props.measurement?.problem.photo === undefined ? undefined : props.measurement)
  const says = () => {
    const [prior, photo] = [props.photos.prior(), props.photos.photo()]
    if (prior === undefined) return 'No prior is loaded.'
    const parameters = `${(prior.parameters / 1e6).toFixed(2)} million parameters`
    return `${prior.name}: ${parameters}${photo ? `; ${photo.width} × ${photo.height} pixels` : ''}.`
  }
  return (
    <section
      class="panel problem"
      data-test="photos"
      aria-label="The photograph and its measurement"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        props.photos.take([...(event.dataTransfer?.files ?? [])])
      }}
    >
      <figure data-tour="picture">
        <PixelView label="The photograph that is sought" plane={firstOf(measurement()?.truth)} />
        <figcaption>
          Sought x₀{' '}
          <Hint about="what is sought">
            The picture that no method sees. It is made smaller, for the network works through every pixel at
            every step.
          </Hint>
        </figcaption>
      </figure>
      <figure data-tour="measurement">
        <PixelView label="The measurement, as the operator shows it" plane={firstOf(measurement()?.shown)} />
        <MeasuredCaption />
      </figure>
      <div class="choose">
        <Show
          when={props.photos.progress() !== undefined}
          fallback={
            <p class="small" data-test="prior">
              {says()}
            </p>
          }
        >
          <div class="row">
            <span class="small">The prior is being fetched</span>
            <progress aria-label="The prior is being fetched" value={props.photos.progress()} />
            <Button quiet onClick={() => props.photos.stop()}>
              Stop
            </Button>
          </div>
        </Show>
        <Show when={props.photos.trouble()}>
          {(why) => (
            <p class="bad-ink small" role="alert">
              {why()}
            </p>
          )}
        </Show>
        <div class="row">
          <Files accept="image/*" onFiles={(files) => props.photos.take(files)}>
            Your picture
          </Files>
          <Files accept=".json,.safetensors" many onFiles={(files) => props.photos.take(files)}>
            Open a prior file
          </Files>
          <Hint about="files of a prior">
            The three files of a prior that you have trained, together: config.json, record.json and
            model.safetensors. They stay on this machine, as your picture does; a link has neither.
          </Hint>
          <Show when={props.photos.prior() === undefined && props.photos.progress() === undefined}>
            <Button onClick={() => props.photos.fetchShipped()}>Fetch the shipped prior</Button>
          </Show>
        </div>
        <Slider
          label="Longer side"
          value={props.values.side}
          min={32}
          max={192}
          step={8}
          unit="px"
          about="The size that the picture is made. Twice the side takes four times as long."
          onInput={(side) => props.set({ side })}
        />
      </div>
    </section>
  )
}
