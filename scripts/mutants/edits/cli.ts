import type { Edit } from '../edit.ts'
import { editsOf, inside } from './of.ts'

const of = editsOf('packages/cli/src')

const bytes = of('files/bytes.ts', 'files/bytes')
const convert = of('commands/convert/convert.ts', 'commands/convert')
const inputs = of('files/inputs.ts', 'commands/restore/measured', 'commands/convert')
const arrays = of('files/arrays.ts', 'commands/restore/mask')
const measure = of('commands/restore/measure.ts', 'commands/restore/measured')
const drafts = of('files/drafts.ts', 'files/write')
const newFile = of('files/new-file.ts', 'files/new-file', 'commands/convert')
const table = of('terminal/table.ts', 'terminal/table')

const resolve = of('resolve.ts', 'cli')
const restoring = of('commands/restore/perform.ts', 'commands/restore')
const summary = of('terminal/summary.ts', 'runs')

/** The command line besides picture files. */
export const commandEdits: readonly Edit[] = [
  bytes(
    'bytes-limit',
    'this.#total > this.#limit',
    'this.#total > 2 ** 40',
    'devices and pipes are read for ever',
  ),
  bytes('bytes-pipe', 'kind.isFIFO()', 'kind.isSocket()', 'pipes are read as files'),
  convert(
    'convert-axes',
    'const [width = 0, height = 0, channels = 1, ...batch] = [...shape].reverse()',
    'const [height = 0, width = 0, channels = 1, ...batch] = [...shape].reverse()',
    'rows and columns of an array change places',
  ),
  convert(
    'convert-clipped',
    'Math.abs(value) > 1',
    'value > 1',
    'values below −1 are clipped without a word',
  ),
  convert(
    'convert-batch',
    'shape: x.shape.slice(1), values',
    'shape: x.shape, values',
    'a picture becomes [1, C, H, W]',
  ),
  convert('convert-int', "I32: 'int32'", "I32: 'float32'", 'integers become float32'),
  inputs(
    'inputs-wanted',
    'named[0] ?? (entries.length === 1',
    '(entries.length >= 1',
    'of several arrays the first is taken',
  ),
  inputs(
    'inputs-finite',
    'const bad = values.findIndex((value) => !Number.isFinite(value))',
    'const bad = values.findIndex((value) => Number.isNaN(value))',
    'infinite numbers are taken',
  ),
  inputs(
    'inputs-place',
    'index.unshift(rest % extent)',
    'index.push(rest % extent)',
    'the place of a number that is not finite',
  ),
  inputs(
    'inputs-squeeze',
    'shape.filter((extent) => extent !== 1).join()',
    'shape.reduce((a, b) => a * b, 1).toString()',
    'arrays of another shape and the same size are taken',
  ),
  measure(
    'measure-key',
    'measurementKey(options.seed)',
    'measurementKey(0)',
    "the seed does not change the measurement's noise",
  ),
  drafts('drafts-alive', "code !== 'ESRCH'", "code === 'ESRCH'", 'drafts of dead processes stay'),
  drafts('drafts-host', 'where !== host || isAlive', 'isAlive', 'drafts of other machines are removed'),
  drafts(
    'drafts-old',
    "kind === 'old' && !existsSync(target)",
    "kind === 'part' && !existsSync(target)",
    'a half-written draft takes the place of the target',
  ),
  drafts('drafts-living', '|| isAlive(Number(pid))', '', 'drafts of living processes are removed'),
  newFile(
    'new-file-itself',
    'from?.dev === there.dev && from.ino === there.ino',
    'from === there',
    'a file may be converted onto itself',
  ),
  newFile(
    'new-file-again',
    'await checkNewFile(path, options, argument)\n    await rename',
    'await rename',
    'a file that came to be there meanwhile is replaced',
  ),
  table(
    'table-gap',
    'gap.length * (columns.length - 1)',
    'gap.length',
    'the gaps of a table are not counted',
  ),
  table(
    'table-narrowest',
    '(widths[b]! < widths[a]! ? b : a)',
    '(widths[b]! > widths[a]! ? b : a)',
    'the widest column grows first',
  ),
  table(
    'table-align',
    'columns[i]!.right === true ? space + text : text + space',
    'text + space',
    'numbers are left-aligned',
  ),
  table(
    'table-blocks',
    'if (sum(least) > room) return undefined',
    'if (sum(least) > 2 * room) return undefined',
    'tables run over the edge before they become blocks',
  ),
  resolve(
    'resolve-reason',
    'error.option === kind',
    'false',
    'the kind of a thing is named beside its option',
  ),
  resolve(
    'resolve-defaults',
    'fillSettings(name, options, readSettings(name, options, given))',
    'readSettings(name, options, given)',
    'run.json leaves out the defaults',
    inside('packages/cli/src', 'runs'),
  ),
  restoring('restore-draws', 'draws: count > 1', 'draws: false', 'the mean of several draws is not shown'),
  restoring('restore-seed', '{ steps }), seed }', '{ steps }) }', 'the seed is not handed to the method'),
  arrays(
    'arrays-range',
    'return fromData(data, [channels',
    'return fromData(data.map((v) => 2 * v - 1), [channels',
    "a mask's picture is read in the data range",
  ),
  arrays('arrays-inputs', 'inputs.push(input.record)', '', 'a mask is no input of the run'),
  arrays(
    'arrays-missing',
    "error.code === 'ENOENT'",
    "error.code === 'EISDIR'",
    'a mask that is not there has no option',
  ),
  summary(
    'summary-means',
    "kind !== 'mean')",
    "kind !== 'input')",
    'the input is not shown beside the methods',
  ),
]
