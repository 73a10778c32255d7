import type { JSX } from 'solid-js'
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
