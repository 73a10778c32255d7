import type { JSX } from 'solid-js'
import { Scrubber } from '../../parts/scrubber.tsx'
import { SeedSlider } from '../../parts/seed.tsx'
import type { Running } from '../../worker/client.ts'
import type { CodeValues } from './fields.ts'
import type { Ground } from './grounds.ts'
import type { Text } from './sandbox.ts'

/** What both runs, of a method as it is and of its edit, stand on: the plane or digits. */
export interface RunsProps {
  readonly values: CodeValues
  readonly set: (change: Partial<CodeValues>) => void
  /** The text that was asked to run. */
  readonly text: Text | undefined
  readonly begin: <R, F, S>(
    ground: Ground<R, F, S>,
    text: Text,
    request: R,
    take: (frames: readonly F[]) => void,
  ) => Running<S>
  /** What the edit is called, and what is in its place before it was asked to run. */
  readonly edited: { readonly title: string; readonly idle: string }
  /** Chooses what to run on. */
  readonly head: JSX.Element
}

interface Failing {
  readonly error: () => string | undefined
}

/** A session of an edit, whose failure is shown in full beside its text. */
export const failingBriefly = <S extends Failing>(session: S): S => ({
  ...session,
  error: () => session.error() && 'It did not run: the reason stands over the file.',
})

/** Both runs: what they stand on, each beside the other, and what the edit has changed. */
export function BothRuns(props: {
  readonly runs: RunsProps
  readonly settled: boolean
  /** Of the method as it is, at the time that is shown. */
  readonly frame: { readonly index: number; readonly steps: number } | undefined
  /** Names of the settings, beside the seed, and they themselves. */
  readonly about: string
  readonly settings: JSX.Element
  readonly problem?: JSX.Element
  readonly a: JSX.Element
  readonly b: JSX.Element
  readonly difference: JSX.Element
}) {
  const says = () => (props.frame === undefined ? '' : `step ${props.frame.index} of ${props.frame.steps}`)
  return (
    <section
      class="code-runs"
      classList={{ digits: props.runs.values.on === 'digits' }}
      aria-label="Both runs"
      data-settled={props.settled}
    >
      <div class="panel ground" data-tour="ground">
        {props.runs.head}
        <details>
          <summary>{props.about}, seed</summary>
          {props.settings}
          <SeedSlider value={props.runs.values.seed} onInput={(seed) => props.runs.set({ seed })} />
        </details>
      </div>
      {props.problem}
      <div class="stages two" data-tour="runs">
        {props.a}
        {props.b}
      </div>
      <div class="panel">
        <Scrubber
          at={props.runs.values.at}
          moments={(props.frame?.steps ?? 0) + 1}
          onMove={(at) => props.runs.set({ at })}
          says={says()}
        />
        {props.difference}
      </div>
    </section>
  )
}
