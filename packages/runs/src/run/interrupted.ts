import { TweedieError } from '@tweedie/tensor'

/** The run was stopped from outside; by default nothing of it is kept. */
export class InterruptedError extends TweedieError {
  override readonly name = 'InterruptedError'
  constructor(message = 'interrupted; nothing was written') {
    super(message)
  }
}
