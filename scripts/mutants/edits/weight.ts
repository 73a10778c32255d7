import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const scan = editsOf('packages/tensor/src/wasm/reduce')
const loops = scan('scan-loops.ts', 'scan.test.ts')
const deal = scan('scan.ts', 'scan.test.ts')
const serve = editsOf('packages/studio/src/serve')('site.ts', 'serve.test.ts')
const server = editsOf('packages/studio/src/serve')('serve.ts', 'serve.test.ts')
const unpack = editsOf('packages/studio/page/worker')('unpack.ts', 'unpack')
const planes = editsOf('packages/studio/src/serve')('planes.ts')
const bench = editsOf('packages/bench/src')('benny.ts', 'benny.test.ts')

/** What made packages and bundles lighter: walks along an axis, priors that lie in one package, an optional peer. */
export const weightEdits: readonly Edit[] = [
  loops(
    'weight-argmax-nan',
    'i32.and(f32.eq(best, best), i32.eqz(f32.le(value, best)))',
    'f32.gt(value, best)',
    'NaN is no larger than a number',
  ),
  loops(
    'weight-argmax-tie',
    'f32.le(value, best)',
    'f32.lt(value, best)',
    'the last of equal elements is taken',
  ),
  loops('weight-argmax-first', 'f.set(index, 0)', 'f.set(at, x)', 'the index of the line before stays'),
  loops('weight-cumsum-line', 'f.set(sum, 0)', 'f.set(left, n)', 'a line goes on where the one before ended'),
  loops(
    'weight-cumsum-width',
    'by(to, i32.mul(line, width))',
    'by(to, line)',
    'lines overlap where several are summed at a time',
  ),
  deal(
    'weight-scan-rows',
    '4 * length, 4 * perLine]',
    '4 * length, 4]',
    'results of rows lie one element apart',
  ),
  deal('weight-scan-strip', 'line * strip.from', '4 * strip.from', 'a part of the rows begins in the first'),
  deal('weight-scan-block', '4 * length * block * after', '4 * block * after', 'blocks overlap'),
  serve(
    'weight-prior-owner',
    'shipping.get(owner)',
    "'@tweedie/unet'",
    'all priors are looked for in one package',
  ),
  serve('weight-site-priors', '    ...priorFiles(folder),\n', '', 'a static host gets no prior'),
  server(
    'weight-serve-prior',
    'const files = siteFiles(folder)',
    "const files = new Map([...siteFiles(folder)].filter(([path]) => !path.startsWith('priors/')))",
    'the prior of the page is not served',
  ),
  planes(
    'weight-planes-odd',
    'first + (i - 1) / 2',
    'first + (i + 1) / 2',
    'second bytes are one place late in a packed file',
    { tests: ['packages/studio/page/worker/unpack'] },
  ),
  unpack(
    'weight-unpack-odd',
    'Math.ceil(planes.length / 2)',
    'Math.floor(planes.length / 2)',
    'a file of an odd number of bytes is mixed up',
  ),
  bench('weight-benny-command', '`\\`npm i benny\\` (', '`(', 'what to install is not said'),
]
