import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const gpu = editsOf('packages/tensor/src/gpu')
const thrift = gpu('thrift.ts', 'thrift')
const contract = gpu('kernels/contract.ts', 'wide')
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
