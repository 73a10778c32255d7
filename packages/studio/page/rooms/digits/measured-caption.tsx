import { Hint } from '../../parts/hint.tsx'

/** What stands under a measurement. */
export function MeasuredCaption() {
  return (
    <figcaption>
      Measured y{' '}
      <Hint about="what is measured">
        What all methods get: the picture through the operator, with noise. What was not measured is grey.
      </Hint>
    </figcaption>
  )
}
