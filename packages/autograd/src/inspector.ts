import type { PrimitiveName, Tensor } from '@tweedie/tensor'
import type { Sparse, TapeNode } from './node.ts'

/** Looks at all that tapes record and that passes compute; it may throw. */
export interface Inspector {
  /** Where the call that is being recorded was made, if that can be told. */
  site(): string | undefined
  call(primitive: PrimitiveName, inputs: readonly Tensor[], out: Tensor): void
  pass(node: TapeNode, direction: 'backward' | 'forward', arriving: Sparse, leaving: Sparse): void
}

const running: Inspector[] = []

/** The inspector at work, if any. Tapes ask here, so that programs without one need none of its code. */
export const inspector = (): Inspector | undefined => running.at(-1)

/** Puts an inspector to work until the function that is returned is called. */
export function inspect(by: Inspector): () => void {
  running.push(by)
  return () => {
    running.splice(running.lastIndexOf(by), 1)
  }
}
