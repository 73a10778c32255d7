import type { JSX } from 'solid-js'
import { createSignal, onCleanup, Show } from 'solid-js'
import { Button } from './button.tsx'

/** Milliseconds that a run takes to be played. */
const length = 5000

/** Goes through time: a line to drag, and buttons to play and to step. */
export function Scrubber(props: {
  /** 0 … 1000. */
  readonly at: number
  /** Moments that can be stepped through. */
  readonly moments: number
  readonly onMove: (at: number) => void
  /** Where it stands, in words. */
  readonly says: string
  /** Beside it. */
  readonly children?: JSX.Element
}) {
  const [playing, setPlaying] = createSignal(false)
  let frame = 0
  const pause = () => {
    cancelAnimationFrame(frame)
    setPlaying(false)
  }
  const play = () => {
    const from = props.at >= 1000 ? 0 : props.at
    const began = performance.now()
    const move = (now: number) => {
      const at = from + (1000 * Math.max(0, now - began)) / length
      props.onMove(Math.min(1000, Math.round(at)))
      if (at >= 1000) return pause()
      frame = requestAnimationFrame(move)
    }
    setPlaying(true)
    frame = requestAnimationFrame(move)
  }
  const step = (way: 1 | -1) => {
    pause()
    const each = 1000 / Math.max(1, props.moments - 1)
    const moment = Math.round(props.at / each) + way
    props.onMove(Math.round(Math.min(1000, Math.max(0, moment * each))))
  }
  onCleanup(pause)
  return (
    <div class="scrubber">
      <div class="scrubber-keys">
        <Button onClick={() => step(-1)} label="One step back" title="One step back, to more noise">
          ‹
        </Button>
        <Button onClick={() => (playing() ? pause() : play())} label={playing() ? 'Pause' : 'Play'}>
          <Show when={playing()} fallback="▶ Play">
            ❚❚ Pause
          </Show>
        </Button>
        <Button onClick={() => step(1)} label="One step on" title="One step on, to less noise">
          ›
        </Button>
      </div>
      <input
        type="range"
        aria-label="Time, from noise to the result"
        aria-valuetext={props.says}
        min={0}
        max={1000}
        step={1}
        value={props.at}
        onInput={(event) => {
          pause()
          props.onMove(event.currentTarget.valueAsNumber)
        }}
      />
      <output class="small">{props.says}</output>
      {props.children}
    </div>
  )
}
