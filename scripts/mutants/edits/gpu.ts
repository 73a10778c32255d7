import type { Edit } from '../edit.ts'
import { editsOf, inside } from './of.ts'

const gpu = editsOf('packages/tensor/src')
const normalise = gpu('gpu/kernels/normalise.ts', 'gpu/gpu')
const attention = gpu('gpu/kernels/attention.ts', 'gpu/gpu')
const indexing = gpu('gpu/kernels/indexing.ts', 'gpu/gpu')
const contract = gpu('gpu/kernels/contract.ts', 'gpu/wide')
const body = gpu('gpu/kernels/body.ts', 'gpu/fuse')
const fuse = gpu('gpu/fuse.ts', 'gpu/fuse')
const pending = gpu('gpu/pending.ts', 'gpu/fuse')
const programs = gpu('gpu/programs.ts', 'gpu/fuse')
const plan = gpu('gpu/plan.ts', 'record')
const recording = gpu('record/recording.ts', 'record')
const simplify = gpu('record/simplify.ts', 'record')
const replay = gpu('record/replay.ts', 'record')
const count = gpu('gpu/count.ts', 'gpu/count')
const device = gpu('gpu/device.ts', 'gpu/gpu')

/** Kernels of the gpu device. */
export const gpuEdits: readonly Edit[] = [
  normalise('gpu-norm-parts', ' * apart * apart)', ' * 0)', 'means of parts are taken for that of the group'),
  normalise('gpu-norm-centre', "'const centre = r;'", "'const centre = 0;'", 'squares are taken about 0'),
  normalise(
    'gpu-norm-across',
    '- along - n * across',
    '- along + n * across',
    'the slope of the spread is turned',
  ),
  normalise(
    'gpu-norm-affine',
    '> 0) { h = dz; }',
    '> 1) { h = dz; }',
    'the bias has the gradient of the weight',
  ),
  normalise(
    'gpu-norm-group',
    'add(scale(n!, params.groups), divide(c!, perGroup))',
    'divide(c!, perGroup)',
    'all samples have the statistics of the first',
  ),
  attention('gpu-attention-sum', 'rowAt(g, 1, b, i))', 'rowAt(g, 0, b, i))', 'weights do not add up to 1', {
    nth: 1,
    tests: inside('packages/tensor/src', 'gpu/wide', 'gpu/gpu').tests!,
  }),
  attention(
    'gpu-attention-mean',
    '[0, 1, 2, 3].map',
    '[0, 1, 2, 1].map',
    'slopes of a row do not add up to 0',
  ),
  attention(
    'gpu-attention-keys',
    'saved(1, b, k, j)',
    'saved(0, b, k, j)',
    'the gradient in k is made of weights',
  ),
  indexing('gpu-gather-first', 'picked >= 0', 'picked > 0', 'the first slice of an axis is none'),
  indexing(
    'gpu-cumsum-part',
    'scale(divide(own, chunk), chunk)',
    'divide(own, chunk)',
    'parts begin elsewhere',
  ),
  indexing('gpu-argmax-tie', 'v > best ||', 'v >= best ||', 'the last of equal ones is found'),
  contract('gpu-wide-tap', 'j * stride[1] + v * rhsDilation[1]', 'j + v * rhsDilation[1]', 'strides are 1'),
  contract(
    'gpu-wide-column',
    "once.of('column', places[0]!.at(-1)!)",
    "once.of('column', places.at(-1)!.at(-1)!)",
    'columns begin at the last of a thread',
  ),
  contract(
    'gpu-wide-edge',
    'within(at, 0, dilated(extent, dilation))',
    'within(at, 0, dilated(extent, dilation) + 1)',
    'what is beside a row is its end',
  ),
  contract(
    'gpu-wide-all',
    'const quads = [...shape.slice(0, -1), shape.at(-1)! / width]',
    'const quads = [...shape]',
    'threads lie as if each had one element',
  ),
  body(
    'gpu-fuse-names',
    'names.has(word) ? word + suffix : word',
    'word',
    'two kernels share their variables',
  ),
  body(
    'gpu-fuse-scalars',
    'first + Number(scalar)',
    'Number(scalar)',
    'a kernel takes the numbers of another',
  ),
  body(
    'gpu-fuse-place',
    'one && ofThread ? first.index',
    'ofThread ? first.index',
    'two places are taken for one',
  ),
  fuse(
    'gpu-fuse-index',
    "replaceAll('this.thread.x', places.index)",
    "replaceAll('this.thread.x', 'this.thread.x')",
    'a broadcast value is that of the thread',
  ),
  fuse(
    'gpu-fuse-twice',
    'if (loops && !(alone && own && producer.length === consumer.length)) return undefined',
    '',
    'a sum is worked out by each of its readers',
  ),
  fuse(
    'gpu-fuse-wanted',
    'if (producer.gone || wanted.has(i) || by.length',
    'if (producer.gone || by.length',
    'a result that somebody holds is nowhere',
  ),
  fuse(
    'gpu-fuse-inputs',
    'if (inputs.length > mostInputs) return undefined',
    '',
    'a kernel has more inputs than a device binds',
  ),
  fuse(
    'gpu-fuse-dead',
    'canonical[i] !== i || !(wanted.has(i) || readers[i]!.length > 0)',
    'canonical[i] !== i',
    'what nobody reads is computed',
  ),
  fuse(
    'gpu-fuse-twins',
    '(kept.has(i) && wanted.has(before))',
    '(kept.has(i) && kept.has(i + 1))',
    'two results share a buffer',
  ),
  pending(
    'gpu-pending-freed',
    'result !== undefined && !result.freed',
    'result !== undefined',
    'what was freed is computed',
  ),
  pending('gpu-pending-name', "isKept ? '!' : ':'", "':'", 'a plan is that of other wanted results'),
  programs('gpu-program-strides', 'strides.join()', "''", 'a call has the kernels of another view'),
  plan(
    'gpu-plan-constants',
    '[...handles, ...literals]',
    '[...literals, ...handles]',
    'a plan takes constants for inputs',
  ),
  recording(
    'recorded-copies',
    'whole && made.delete(y.buffer as Value)',
    'made.delete(y.buffer as Value)',
    'a view is returned as its whole buffer',
  ),
  recording(
    'recorded-retain',
    'constant: x.storage.retain()',
    'constant: x.storage',
    'constants are not held',
  ),
  simplify(
    'recorded-once',
    'outputs.has(result) || valuesOf(call)',
    'true || valuesOf(call)',
    'what depends on no input is done in each run',
  ),
  simplify('recorded-dead', 'if (!needed.has(result)) continue', '', 'what nobody needs is done'),
  replay('recorded-lifetimes', '!this.#outputs.includes(made)', 'true', 'an output is freed'),
  replay('recorded-free', 'free(value)\n', '\n', 'nothing is freed on the way'),
  count('gpu-count-loops', 'times *= count', 'times *= 1', 'a loop counts once'),
  count('gpu-count-index', "line.replace(/\\[[^\\]]*\\]/g, '')", 'line', 'indices count as operations'),
  device('gpu-integers', 'value !== values[i]', 'value > 2 ** 31', 'integers are rounded on their way'),
]
