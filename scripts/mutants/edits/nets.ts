import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const heap = editsOf('packages/tensor/src')(
  'wasm/runtime/heap.ts',
  'wasm/runtime/heap',
  'wasm/runtime/heap-trace',
)

const of = editsOf('packages/solvers/src')
const law = 'samplers/ancestral'
const ancestral = of('samplers/learned-range.ts', law)
const flags = editsOf('packages/unet/src')('architectures/adm/flags.ts', 'architectures/adm/flags')

const pieces = of('priors/sizes/pieces.ts', 'priors/sizes/pieces')
const rests = editsOf('packages/runs/src')('run/rests.ts', 'run/run-method')

const classes = of('guidance/class-likelihood.ts', 'guidance/class-likelihood')
const others = (file: string) =>
  editsOf('packages/unet/src')(`architectures/adm/${file}`, 'architectures/adm/others-parity')

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
    'if (size === known.bytes && known.capacity === this.#capacity)',
    'if (size === known.bytes)',
    'areas stay where the memory ended once',
  ),
  heap(
    'nets-merged',
    '      this.#merge()\n      at = take()',
    '      at = take()',
    'short blocks wait while the memory grows',
  ),
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
  of('run/look.ts', law)(
    'nets-v-pulled',
    'treeMap(more, zerosLike)',
    'treeMap(more, () => v)',
    'the gradient of v is added',
  ),
  of('methods/exact/tds.ts', law, 'methods/exact/tds')(
    'nets-tds-scale',
    'flat(next.sub(m).div(scale))',
    'flat(next.sub(m))',
    'weights without σ̃',
  ),
  flags(
    'nets-flags-learned',
    '...(learned && { pipeline: learnedPipeline }),',
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
  rests('nets-rests-left', "Reflect.deleteProperty(device, 'settle')", 'void 0', 'a device keeps its rests'),
  rests('nets-rests-signal', 'signal?.aborted === true', 'false', 'a rest does not look at the signal'),
  editsOf('packages/runs/src')('run/drive.ts', 'run/run-method', 'run/drive')(
    'nets-drive-kept',
    'await watch.onInterrupt?.(last.step)',
    '',
    'what a run had come to is not kept',
  ),
  editsOf('packages/autograd/src')('tape.ts')(
    'nets-vjp-failed',
    'whenScopeEnds(dispose, watch)',
    'whenScopeEnds(() => undefined, watch)',
    'the tape of a step that fails stays',
    { tests: ['packages/solvers/src/run/look'] },
  ),
  classes('nets-class-log', '.sub(logSumExp(all, [1], true))', '', 'the log-odds for the log-probability'),
  classes('nets-class-scale', 'fill(scale)', 'fill(1)', 'the scale is ignored'),
  classes('nets-class-first', 'labels.length === 1 ? 0 : i', '0', 'all pictures have the first label'),
  others('classifier.ts')(
    'nets-classifier-place',
    "placed = all.add(param(params, 'out.2.positional_embedding'))",
    'placed = all',
    'no positions',
  ),
  others('classifier.ts')(
    'nets-classifier-mean',
    'concat([pixels.mean(2, true), pixels], 2)',
    'concat([pixels, pixels.mean(2, true)], 2)',
    'the mean is last',
  ),
  others('classifier.ts')(
    'nets-classifier-order',
    "heads, 'qkv-first')",
    "heads, 'heads-first')",
    'the order of q, k, v',
  ),
  others('super-res.ts')(
    'nets-super-half',
    '((i + 0.5) * small) / large - 0.5',
    '(i * small) / large',
    'corners are aligned',
  ),
  others('super-res.ts')(
    'nets-super-order',
    'concat([x, stretched(lowRes, height, width)], 1)',
    'concat([stretched(lowRes, height, width), x], 1)',
    'the small picture is first',
  ),
]
