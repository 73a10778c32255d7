import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const heap = editsOf('packages/tensor/src')(
  'wasm/runtime/heap.ts',
  'wasm/runtime/heap',
  'wasm/runtime/heap-trace',
)

const of = editsOf('packages/solvers/src')
const law = 'samplers/ancestral'
const ancestral = of('samplers/ancestral.ts', law)
const flags = editsOf('packages/unet/src')('architectures/adm/flags.ts', 'architectures/adm/flags')

const pieces = of('priors/sizes/pieces.ts', 'priors/sizes/pieces')
const rests = editsOf('packages/runs/src')('run/rests.ts', 'run/run-method')

/** Memory, learned variances, guided-diffusion's other networks. */
export const netsEdits: readonly Edit[] = [
  heap(
    'nets-lasting',
    'last ? this.#spans.findLastIndex',
    'last ? this.#spans.findIndex',
    'what lasts is cut from the first span',
  ),
  heap(
    'nets-moved',
    'if (long && known.capacity === this.#capacity)',
    'if (long)',
    'areas stay where the memory ended once',
  ),
  heap('nets-exact', 'units * alignment > listed ? 0 :', '', 'long blocks are rounded up by an eighth'),
  heap(
    'nets-joined',
    'for (const i of [index, index - 1])',
    'for (const i of [index])',
    'a freed block does not join the one before it',
  ),
  heap('nets-most', 'room > listed ? 0 :', '', 'what would have fitted is rounded down'),
  ancestral(
    'nets-half-log',
    '.mul((high - low) / 4)',
    '.mul((high - low) / 2)',
    'the variance for the deviation',
  ),
  ancestral('nets-middle', '.add((high + low) / 4)', '.add(low / 2)', 'v = 0 stands for β̃'),
  ancestral('nets-last-draw', 'at.s === at.schedule.clean ? 0 : ', '', 'the last step draws'),
  ancestral(
    'nets-range-only',
    'prior.pipeline?.variance !== variance',
    'prior.pipeline === undefined',
    'any pipeline will do',
  ),
  ancestral('nets-v-pulled', 'v: zerosLike(v) }', 'v: c }', 'the gradient of v is added'),
  of('methods/exact/tds.ts', law, 'methods/exact/tds')(
    'nets-tds-scale',
    'flat(next.sub(m).div(scale))',
    'flat(next.sub(m))',
    'weights without σ̃',
  ),
  flags(
    'nets-flags-learned',
    '...(learned && { pipeline: learnedPipeline })',
    '',
    'flags do not tell of the sampler',
  ),
  pieces(
    'nets-pieces-again',
    'if (number < this.#done.length)',
    'if (number < 0)',
    'a piece is done again after each rest',
  ),
  pieces(
    'nets-pieces-number',
    'const number = this.#next++',
    'const number = this.#next',
    'every piece is the first',
  ),
  pieces('nets-pieces-left', '    pieces.free()', '', 'what pieces made stays'),
  pieces(
    'nets-pieces-swallowed',
    'if (pieces.rest === undefined) return result as T',
    'if (result !== undefined) return result as T',
    'a break that is swallowed is missed',
  ),
  of('priors/sizes/tiled.ts', 'priors/sizes/pieces')(
    'nets-tiled-piece',
    'prior.denoise(window, t), piece)',
    'prior.denoise(window, t))',
    'windows are no pieces',
  ),
  editsOf('packages/autograd/src')('checkpoint.ts')(
    'nets-checkpoint-within',
    'within(() => pullThrough(new Tape(), again, saved, wanted, cotangents))',
    'pullThrough(new Tape(), again, saved, wanted, cotangents)',
    'the way back is no piece',
    { tests: ['packages/solvers/src/priors/sizes/pieces'] },
  ),
  rests('nets-rests-left', "Reflect.deleteProperty(device, 'settle')", '', 'a device keeps its rests'),
  rests('nets-rests-signal', 'signal?.aborted === true', 'false', 'a rest does not look at the signal'),
  editsOf('packages/runs/src')('run/drive.ts', 'run/run-method', 'run/drive')(
    'nets-drive-kept',
    'await watch.onInterrupt?.(last.step)',
    '',
    'what a run had come to is not kept',
  ),
  editsOf('packages/autograd/src')('vjp.ts')(
    'nets-vjp-failed',
    'ifScopeFails(dispose)',
    '',
    'the tape of a step that fails stays',
    { tests: ['packages/solvers/src/run/look'] },
  ),
]
