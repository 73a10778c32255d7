import type { Frame, Pictures } from './engine/frames.ts'
import type { Plane } from './moments.ts'
import { planeOf } from './moments.ts'
import type { Session } from './session.ts'
import { summaryOf } from './words.ts'

/** A run at the time that is shown, as its pictures and words. */
export function lookAt(props: {
  readonly session: Session
  readonly frame: Frame | undefined
  readonly pick: number
}) {
  const isLast = () => props.frame !== undefined && props.frame.index === props.frame.steps
  return {
    /** A picture of the sample that is picked. */
    picked: (pictures: (frame: Frame) => Pictures | undefined): Plane | undefined => {
      const found = props.frame && pictures(props.frame)
      return found && planeOf(found, props.pick)
    },
    /** The results at the end, and the guesses on the way. */
    samples: (): Pictures | undefined => (isLast() ? props.frame?.x : props.frame?.x0hat),
    legend: (): string => (isLast() ? 'Samples' : 'Guesses of all samples'),
    /** What came of the run. */
    says: (): string | undefined => {
      const summary = props.session.summary()
      return summary && summaryOf(summary, props.session.frames().at(-1))
    },
  }
}
