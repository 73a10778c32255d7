import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const gpu = editsOf('packages/tensor/src/gpu')
const thrift = gpu('thrift.ts', 'thrift')
const contract = gpu('kernels/contract.ts', 'wide')
const packed = gpu('packed-weights.ts', 'packed-weights')
const packing = gpu('kernels/packing.ts', 'packed-weights')
const device = gpu('device.ts', 'packed-weights')
const buffer = gpu('buffer.ts', 'buffer')
const count = gpu('count.ts', 'count')
const cache = editsOf('packages/tensor/src')('weight-cache.ts', 'weight-cache')
const program = gpu('kernels/program.ts', 'wide', 'gpu')
const normalise = gpu('kernels/normalise.ts', 'gpu')
const indices = gpu('kernels/index-math.ts', 'gpu')

/** What makes the kernels of a card fast: commands in one buffer, spare buffers, grids of threads, unrolled loops. */
export const gpuThriftEdits: readonly Edit[] = [
  thrift(
    'gpu-thrift-write-early',
    'if (awaited.some(({ written }) => written.includes(buffer))) flush()',
    '',
    'values are written before the kernels that were to find the former ones have run',
  ),
  thrift(
    'gpu-thrift-write-skipped',
    'if (held !== undefined && same(held, words)) return',
    'if (held !== undefined) return',
    'parameters are written once only',
  ),
  thrift(
    'gpu-thrift-copy-waits',
    'copied = true',
    'copied = false',
    'what is copied out is waited for and never asked for',
  ),
  thrift(
    'gpu-thrift-destroy-early',
    `      : () => {
          flush()
          destroys.get(buffer)!()
        }`,
    '      : () => destroys.get(buffer)!()',
    'a buffer is gone before the commands that use it',
  ),
  thrift(
    'gpu-thrift-spare-twice',
    'if (this.#all.has(buffer)) return',
    '',
    'a buffer that is destroyed twice is handed out to two',
  ),
  thrift(
    'gpu-thrift-group-layout',
    'let part: object = layout',
    'let part: object = this',
    'kernels of other layouts get a bind group',
  ),
  thrift(
    'gpu-thrift-newest',
    'if (this.#ages.get(alike[i]!)! < this.#ages.get(alike[first]!)!) first = i',
    'first = i',
    'the spare buffer that came last is handed out, so that bind groups are made anew',
  ),
  contract(
    'gpu-grid-weights',
    'strides: view.shape.map((_, axis) => strides[order.indexOf(axis)]!)',
    'strides: view.shape.map((_, axis) => strides[axis]!)',
    'weights that were laid out anew are read in their former order',
  ),
  contract('gpu-packed-kind', 'lays: order.join()', "lays: ''", 'layouts of one view pass for each other', {
    tests: ['packages/tensor/src/gpu/packed-weights.test.ts'],
  }),
  packed(
    'gpu-packed-never',
    'return found && { ...packing, copy: found.at, ready: found.ready }',
    'return found && { ...packing, copy: found.at, ready: false }',
    'weights that were laid out are laid out again',
  ),
  packed(
    'gpu-packed-always',
    '4 * packing.length, buffer.isWritten)',
    '4 * packing.length, true)',
    'what is used once is kept',
  ),
  packed(
    'gpu-packed-host',
    '4 * packing.length, buffer.isWritten)',
    '4 * packing.length)',
    'weights from the host are laid out twice',
  ),
  packed(
    'gpu-packed-failed',
    'if (found?.at.error !== undefined)',
    'if (found === undefined)',
    'what failed once fails for good',
  ),
  packing(
    'gpu-packing-stage',
    '{ stage: from.stage - 1 }',
    '{ stage: from.stage }',
    'kernels after the first read the wrong one of them',
  ),
  packing(
    'gpu-packing-input',
    'from.stage === 0 ? inputs :',
    'from.stage === 0 ? first.inputs[0] as number :',
    'weights are read as if they were laid out',
  ),
  device(
    'gpu-packed-freed',
    `    this.#packed.forget(target)
    target.values = undefined
    if`,
    `    target.values = undefined
    if`,
    'what was laid out outlives its tensor',
  ),
  device(
    'gpu-packed-written',
    `    this.#packed.forget(target)
    target.values = values`,
    '    target.values = values',
    'weights that were written anew are the former ones',
  ),
  device(
    'gpu-packed-lost',
    'this.#packed.clear() // some of them may be among what is lost',
    '',
    'what an error of the driver has spoilt is kept',
  ),
  device(
    'gpu-packed-early',
    'if (this.#pending.reads(target)) this.#leaving.add(target)',
    'if (target.length === 0) this.#leaving.add(target)',
    'memory is given back before what waits has read it',
  ),
  device('gpu-packed-bytes', 'this.#packed.bytes +', '0 +', 'bytes of weights that are kept are not counted'),
  buffer(
    'gpu-release-kept',
    'if (buffer !== undefined && kernel?.outputBuffer === buffer) {',
    'if (buffer !== undefined && kernel === undefined) {',
    'kernels keep results that were freed',
  ),
  buffer(
    'gpu-release-other',
    'kernel?.outputBuffer === buffer',
    'kernel !== undefined',
    'a kernel loses a result that is in use',
  ),
  count(
    'gpu-count-packed',
    'packing === undefined || !isConstant(weights)',
    'packing === undefined || isConstant(weights)',
    'what is laid out in each call counts as done, and what is done once does not',
    { tests: ['packages/tensor/src/gpu/count.test.ts', 'packages/bench/src/gpu-page.test.ts'] },
  ),
  cache(
    'weights-lasting-drops',
    'const before = known?.asked ?? 0',
    'const before = known?.asked ?? asked',
    'a weight that is used for the first time drives out the others',
  ),
  cache(
    'weights-lasting-late',
    'if (!lasts) return undefined',
    'return undefined',
    'what lasts is kept from its second use on',
  ),
  cache(
    'weights-thrash',
    'if (room >= bytes || known.asked >= since) break',
    'if (room >= bytes) break',
    'weights that exceed the room drive each other out',
    {
      tests: [
        'packages/tensor/src/weight-cache.test.ts',
        'packages/tensor/src/wasm/runtime/packed-weights.test.ts',
      ],
    },
  ),
  program(
    'gpu-unrolled-rest',
    "rest === 0 ? '' : loop(name, rest, (index) => body(add(constant(whole * rounds), index)))",
    "rest === 0 ? '' : loop(name, rest, (index) => body(add(constant(whole), index)))",
    'the last rounds of a loop begin too early',
  ),
  program(
    'gpu-unrolled-round',
    'renamed(body(add(scale(index, rounds), constant(i)))',
    'renamed(body(add(scale(index, rounds), constant(0)))',
    'the rounds of a loop do the same',
  ),
  program(
    'gpu-grid-thread',
    "add(scale(variable('this.thread.y', rows), columns)",
    "add(scale(variable('this.thread.y', rows), rows)",
    'threads of a grid are numbered by the wrong extent',
  ),
  normalise(
    'gpu-parts-channel',
    "once.of('channel', scale(part[0], of.channels))",
    "once.of('channel', part[0])",
    'parts of several channels begin at the wrong one',
  ),
  indices('gpu-index-start', 'render(add(x, constant(-1)))', 'render(x)', 'indices are one too large'),
]
