import { createSignal, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Chips } from '../../parts/chips.tsx'
import { Hint } from '../../parts/hint.tsx'
import { Slider } from '../../parts/slider.tsx'
import { inWords } from '../../worker/client.ts'
import { Brush } from './brush.tsx'
import { levelsOfFile } from './drop.ts'
import type { Measurement } from './engine.ts'
import type { DigitsValues } from './fields.ts'
import { fields, painted } from './fields.ts'
import { HeldOutPicker } from './held-out-picker.tsx'
import { MeasuredCaption } from './measured-caption.tsx'
import type { Plane } from './moments.ts'
import { planeOf, planeOfGreys } from './moments.ts'
import { PixelView } from './pixel-view.tsx'
import { greyOfLevel, hiddenOf, levelOfGrey, levelsOf, maskText, pictureText, size } from './pixels.ts'
import { dabInk, dabMask } from './strokes.ts'

/** What can be chosen and painted. */
type Painted = Pick<DigitsValues, 'digit' | 'drawn' | 'operator' | 'mask'>

/** The picture that is sought and what is measured of it; both can be painted on. */
export function ProblemPanel(props: {
  readonly values: Painted
  readonly set: (change: Partial<Painted>) => void
  readonly heldOut: readonly Uint8Array[]
  readonly measurement: Measurement | undefined
}) {
  const [radius, setRadius] = createSignal(1.5)
  const [hides, setHides] = createSignal<'hide' | 'show'>('hide')
  const [trouble, setTrouble] = createSignal<string>()
  const isDrawn = () => props.values.drawn !== ''
  const isPainted = () => props.values.operator === painted
  const greys = (): ArrayLike<number> => {
    const { drawn, digit } = props.values
    return levelsOf(drawn)?.map(greyOfLevel) ?? props.heldOut[digit] ?? new Uint8Array(size)
  }
  const levels = () => levelsOf(props.values.drawn) ?? Uint8Array.from(greys(), levelOfGrey)
  const draw = (next: ArrayLike<number>) => props.set({ drawn: pictureText(next) })
  /** What was measured, but for what is just being hidden. */
  const measured = (): Plane | undefined => {
    const shown = props.measurement && planeOf(props.measurement.shown, 0)
    const hidden = isPainted() ? hiddenOf(props.values.mask) : undefined
    return shown && hidden ? { ...shown, data: shown.data.map((v, i) => (hidden[i] ? 0 : v)) } : shown
  }
  const hide = (places: readonly (readonly [number, number])[]) => {
    let hidden = hiddenOf(props.values.mask) ?? new Uint8Array(size)
    for (const place of places) hidden = dabMask(hidden, place, radius(), hides() === 'hide')
    if (hidden.includes(0)) props.set({ mask: maskText(hidden) })
  }
  const take = async (file: Blob | undefined) => {
    if (file === undefined) return
    try {
      draw(await levelsOfFile(file))
      setTrouble(undefined)
    } catch (error) {
      setTrouble(inWords(error))
    }
  }
  return (
    <section
      class="panel problem"
      aria-label="The picture and its measurement"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        void take(event.dataTransfer?.files[0])
      }}
    >
      <figure data-tour="picture">
        <Show
          when={isDrawn()}
          fallback={<PixelView label="The digit that is sought" plane={planeOfGreys(greys())} />}
        >
          <Brush
            label="Draw the picture"
            onStroke={(places) => {
              let next = levels()
              for (const place of places) next = dabInk(next, place, radius(), hides() === 'hide')
              draw(next)
            }}
          >
            <PixelView label="The picture that is sought" plane={planeOfGreys(greys())} />
          </Brush>
        </Show>
        <figcaption>
          Sought x₀{' '}
          <Hint about="what is sought">
            The picture that no method sees. It is one that the prior was not trained on, or your own.
          </Hint>
        </figcaption>
      </figure>
      <figure data-tour="measurement">
        <Show
          when={isPainted()}
          fallback={<PixelView label="The measurement, as the operator shows it" plane={measured()} />}
        >
          <Brush label="Paint what is hidden" onStroke={hide}>
            <PixelView label="The measurement; what is hidden is grey" plane={measured()} />
          </Brush>
        </Show>
        <MeasuredCaption />
      </figure>
      <div class="choose">
        <HeldOutPicker
          digits={props.heldOut}
          chosen={isDrawn() ? undefined : props.values.digit}
          onChoose={(digit) => props.set({ digit, drawn: '' })}
        />
        <div class="row">
          <Button onClick={() => draw(new Uint8Array(size))} title="An empty picture to draw in">
            Draw one
          </Button>
          <Button
            onClick={() => draw(levels())}
            pressed={isDrawn()}
            title="Draw on the picture that is shown"
          >
            Draw on it
          </Button>
          <label class="button file">
            Your picture
            <input
              type="file"
              accept="image/*"
              class="hidden"
              onChange={(event) => {
                void take(event.currentTarget.files?.[0])
                event.currentTarget.value = '' // the same file can be taken again
              }}
            />
          </label>
          <Show when={isDrawn()}>
            <Button quiet onClick={() => draw(levels().map((level) => 63 - level))}>
              Invert
            </Button>
          </Show>
        </div>
        <Show when={trouble()}>
          {(why) => (
            <p class="bad-ink small" role="alert">
              {why()}
            </p>
          )}
        </Show>
        <Show when={isDrawn() || isPainted()}>
          <div class="row">
            <Chips
              label="The brush"
              value={hides()}
              choices={[
                {
                  value: 'hide',
                  title: 'Paint',
                  about: 'Hides pixels of the measurement, draws on the picture',
                },
                { value: 'show', title: 'Wipe', about: 'Takes away what was painted' },
              ]}
              onChoose={setHides}
            />
            <Show when={isPainted()}>
              <Button quiet onClick={() => props.set({ mask: fields.mask.default })}>
                Box
              </Button>
              <Button quiet onClick={() => props.set({ mask: maskText(new Uint8Array(size)) })}>
                Hide nothing
              </Button>
            </Show>
          </div>
          <Slider label="Brush" value={radius()} min={0.5} max={6} step={0.5} unit="px" onInput={setRadius} />
        </Show>
      </div>
    </section>
  )
}
