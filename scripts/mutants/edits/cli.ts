import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/cli/src')

const bytes = of('images/bytes.ts', 'images/bytes')
const convert = of('convert.ts', 'convert')
const inputs = of('inputs.ts', 'measured', 'convert')
const measure = of('measure.ts', 'measured')
const drafts = of('drafts.ts', 'write')
const newFile = of('new-file.ts', 'new-file', 'convert')
const table = of('table.ts', 'table')
const network = of('network.ts', 'priors')
const unfinished = of('unfinished.ts', 'resume')
const scores = of('scores.ts', 'scores', 'runs', 'report')
const spread = of('spread.ts', 'spread', 'runs', 'report')

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
    "randomKey(options.seed).fold('measurement')",
    "randomKey(0).fold('measurement')",
    "the seed does not change the measurement's noise",
  ),
  measure(
    'measure-noise',
    'gaussianNoise(options.noise)',
    'gaussianNoise(options.noise / 2)',
    'the measurement has half of its noise',
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
  network('network-clip', 'clip: [-clip, clip]', 'clip: [0, clip]', 'x̂₀ is limited to 0 … clip'),
  network(
    'network-prediction',
    '    prediction: predictions[predicts],\n',
    '',
    'what the network predicts is ignored',
  ),
  network(
    'network-memory',
    'needed <= memory.limit',
    'needed >= memory.limit',
    'networks that do not fit are run',
  ),
  unfinished(
    'unfinished-state',
    'sha256(bytes) !== fingerprints.state',
    'bytes.length === 0',
    'a changed state is continued',
  ),
  unfinished(
    'unfinished-record',
    'if (!isUntouched(json, fingerprints.record))',
    'if (isUntouched(json, ""))',
    'a changed record is continued',
  ),
  scores(
    'scores-residual',
    '.square().reshape([rest.shape[0]!, -1]).sum(1).sqrt()',
    '.square().reshape([rest.shape[0]!, -1]).sum(1)',
    'residuals are squared',
  ),
  scores(
    'scores-unseen',
    'error.sub(pinv(operator.forward(error)))',
    'pinv(operator.forward(error))',
    'the seen part of the error is shown as the unseen',
  ),
  spread(
    'spread-deviation',
    'squares / pictures.length - mean[i]! ** 2',
    'squares / pictures.length - mean[i]!',
    'the spread is not a deviation',
  ),
]
