import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const heap = editsOf('packages/tensor/src')(
  'wasm/runtime/heap.ts',
  'wasm/runtime/heap',
  'wasm/runtime/heap-trace',
)

/** Memory, learned variances, guided-diffusion's other networks. */
export const netsEdits: readonly Edit[] = [
  heap('nets-lasting', 'last ? this.#spans.findLastIndex', 'last ? this.#spans.findIndex', 'what lasts is cut from the first span'),
  heap('nets-moved', 'if (long && known.capacity === this.#capacity)', 'if (long)', 'areas stay where the memory ended once'),
  heap('nets-exact', 'units * alignment > listed ? 0 :', '', 'long blocks are rounded up by an eighth'),
  heap('nets-joined', 'for (const i of [index, index - 1])', 'for (const i of [index])', 'a freed block does not join the one before it'),
  heap('nets-most', 'room > listed ? 0 :', '', 'what would have fitted is rounded down'),
]
