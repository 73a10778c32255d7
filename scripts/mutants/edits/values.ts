import type { Edit } from '../edit.ts'
import { editsOf, inside as insideOf } from './of.ts'

const src = 'packages/tensor/src'
const of = editsOf(src)
const inside = (...paths: readonly string[]) => insideOf(src, ...paths)

const dtype = of('dtype.ts', 'special-values', 'tensor')
const elementwise = of('reference/elementwise.ts', 'special-values', 'tensor', 'ops/known-answers')
const reduceLoops = of('reference/reduce.ts', 'special-values', 'tensor')
const elementOps = of('ops/elementwise.ts', 'special-values', 'tensor')
const reduceOps = of('ops/reduce.ts', 'special-values', 'tensor')
const format = of('format.ts', 'format')
const printable = of('printable.ts', 'printable')
const host = of('host-memory.ts', 'huge', 'hostile')
const checks = of('rules/checks.ts', 'rules/checks', 'hostile')
const primitives = of('primitives.ts', 'rules/checks', 'hostile')
const shape = of('shape.ts', 'hostile', 'tensor')
const heap = of('wasm/runtime/heap.ts', 'wasm/runtime/heap', 'hostile')
const scope = of('scope.ts', 'scope')
const tree = of('tree.ts', 'scope')
const random = of('random/random.ts', 'random/')
const create = of('ops/create.ts', 'special-values', 'tensor', 'ops/known-answers')

const values: readonly Edit[] = [
  dtype('cast-top', '2 ** 31 - 1),', '2 ** 31),', 'numbers beyond int32 wrap to its least'),
  dtype(
    'cast-bool',
    'bool: (x) => (x === 0 ? 0 : 1)',
    'bool: (x) => (x > 0 ? 1 : 0)',
    'numbers below 0, and NaN, are false',
  ),
  elementwise(
    'div-scalar-reciprocal',
    'v / b!',
    'v * (1 / b!)',
    'a quotient is a product with the reciprocal',
  ),
  elementwise('power-one', 'a === 1 || (a === -1', '(a === -1', '1 to the power NaN is NaN'),
  elementwise(
    'power-minus-one',
    'Math.abs(b) === Infinity) ? 1',
    'b === Infinity) ? 1',
    '−1 to the power −∞ is NaN',
  ),
  elementwise('silu-end', 'x === -Infinity ? -0 : x * sigmoid(x)', 'x * sigmoid(x)', 'silu(−∞) is NaN'),
  elementwise('silu-slope-end', 's === 0 || s === 1 ? s : s *', 's *', "SiLU's slope at ±∞ is NaN"),
  elementwise(
    'affine-held',
    "out.dtype === 'float32' ? Math.fround",
    "out.dtype === 'float64' ? Math.fround",
    'parameters are rounded in float64 and not in float32',
  ),
  reduceLoops('argmax-nan', '|| (Number.isNaN(x) && !Number.isNaN(best))', '', 'argmax passes over NaN'),
  reduceLoops(
    'argmax-last-nan',
    'Number.isNaN(x) && !Number.isNaN(best)',
    'Number.isNaN(x)',
    'argmax takes the last NaN',
  ),
  elementOps('relu-nan', 'where(lessEqual(x, 0), 0, x)', 'where(less(0, x), x, 0)', 'relu(NaN) is 0'),
  elementOps(
    'relu-kink',
    'where(lessEqual(x, 0), 0, x)',
    'where(less(x, 0), 0, x)',
    "relu's gradient at 0 is 1",
    inside('tensor', 'special-values'),
  ),
  elementOps(
    'mul-zero-sign',
    "return affine('mul', a, b, -0)",
    "return affine('mul', a, b, 0)",
    '−0 times a number is 0',
  ),
  elementOps('div-number', 'divisor: b })', 'divisor: 1 / b })', 'division by a number multiplies'),
  reduceOps(
    'logsumexp-infinite',
    'less(abs(top), Infinity), top, 0)',
    'less(top, Infinity), top, 0)',
    'log Σ exp of −∞ alone is NaN',
  ),
  reduceOps(
    'logsumexp-empty',
    'if (reduced.some((axis) => x.shape[axis] === 0)) return',
    'if (reduced.length > 99) return',
    'log Σ exp of nothing is refused',
  ),
  reduceOps(
    'logsumexp-keep',
    'return keepDims ? total',
    'return !keepDims ? total',
    'keepDims of log Σ exp the wrong way round',
  ),
  reduceOps(
    'variance-correction-sign',
    ') - (options.correction ?? 0)',
    ') + (options.correction ?? 0)',
    "variance's correction is added",
  ),
  create('linspace-one', 'count === 1 ? start : start +', 'start +', 'linspace of one value is NaN'),
  random(
    'permutation-resolution',
    'words[2 * i]! * 2 ** 21',
    'words[2 * i]! * 2 ** 20',
    'permutations from numbers below ½',
  ),
  random('chunk-first', 'philox4x32((first + at) / 4,', 'philox4x32(at / 4,', 'draws repeat after 16384'),
]

const safety: readonly Edit[] = [
  host(
    'host-limit',
    'if (bytes > longestHostBytes) throw',
    'if (bytes > 4 * longestHostBytes) throw',
    'arrays of 8 GB are asked for',
  ),
  host(
    'host-count',
    "requireCount('length', length)",
    "if (length < 0) requireCount('length', length)",
    'arrays of broken lengths are made',
  ),
  checks('check-axis', 'axis >= shape.length)', 'axis > shape.length)', 'an axis one too many is taken'),
  checks(
    'check-least',
    'Number.isSafeInteger(n) && n >= least',
    'Number.isSafeInteger(n)',
    'sizes below 0 are taken',
  ),
  checks(
    'check-integers',
    'Number.isSafeInteger(n) && n >= least',
    'n >= least',
    'fractions are taken for integers',
  ),
  primitives(
    'check-scatter',
    'if (!isCount(size))',
    'if (Number.isNaN(size))',
    'scatterAdd takes a size below 0',
  ),
  primitives(
    'check-slice',
    'size[i]! > 0 && !(inside(first) && inside(last))',
    'size[i]! > 0 && !inside(first)',
    'a slice may end outside',
  ),
  primitives(
    'check-pad',
    "requireIntegers(op, 'high', x!, high, 0)",
    "requireIntegers(op, 'high', x!, high)",
    'pad cuts off at the end',
  ),
  primitives(
    'check-permutation',
    'new Set(permutation).size === shape.length && ',
    '',
    'an axis may be named twice in a transposition',
  ),
  primitives(
    'check-indices',
    'count !== updates!.shape[axis]',
    'count < updates!.shape[axis]!',
    'scatterAdd takes more indices than slices',
  ),
  primitives(
    'check-empty',
    'if (axes.some((axis) => shape[axis] === 0))',
    "if (op !== 'reduceMax' && axes.some((axis) => shape[axis] === 0))",
    'the largest of nothing is −∞',
  ),
  shape('shape-count', 'Number.isSafeInteger(n) && n >= 0', 'n >= 0', 'fractions count'),
  shape(
    'shape-product',
    'if (size > Number.MAX_SAFE_INTEGER)',
    'if (size > Number.MAX_VALUE)',
    'shapes of more than 2⁵³ elements are taken',
  ),
  heap(
    'heap-longest',
    'bytes > Math.min(this.#longest, this.#linear.limit)',
    'bytes > this.#linear.limit',
    'blocks beyond 2 GiB in 32-bit memory',
    inside('wasm/runtime/heap', 'huge', 'wasm/large'),
  ),
  heap(
    'heap-free',
    'this.#usedBytes -= size',
    'this.#usedBytes -= bytes',
    'freed bytes are not those that were taken',
  ),
  heap(
    'heap-merge',
    'last.at + last.size === span.at) last.size += span.size',
    'last.at + last.size <= span.at) last.size += span.size',
    'blocks with others between them are merged',
  ),
  heap(
    'heap-top',
    '? last.at : this.#capacity',
    '? this.#capacity : last.at',
    'free space at the end does not count',
  ),
  heap(
    'heap-scratch',
    'known.bytes < bytes ? Math.ceil(bytes * 1.25) : known.bytes',
    'known.bytes',
    'working areas do not grow',
  ),
  heap('heap-span', 'span.at += size\n', '', 'a span is cut twice at one place'),
  scope(
    'scope-kept',
    'if (!kept.has(tensor)) tensor.dispose()',
    'if (kept.size === 0) tensor.dispose()',
    'a scope that returns a tensor frees nothing',
  ),
  scope(
    'scope-error',
    'innermost = outer\n    for (const tensor of mine.owned) tensor.dispose()\n    for',
    'innermost = outer\n    for',
    'a scope that fails frees nothing',
  ),
  tree(
    'tree-cycle',
    'if (above.has(node)) throw',
    'if (above.size > 1e9) throw',
    'trees that contain themselves are walked',
    { tests: [`${src}/scope`] },
  ),
  tree(
    'tree-index',
    'return fn(node, index++)',
    'return fn(node, index)',
    'every leaf of a tree has index 0',
  ),
]

const texts: readonly Edit[] = [
  format('format-edge', 'const edge = 3', 'const edge = 4', 'four elements at either end of a long axis'),
  format(
    'format-threshold',
    'const threshold = 1000',
    'const threshold = 1001',
    'a tensor of 1001 elements is printed whole',
  ),
  format('format-abridged', 'extent > 2 * edge', 'extent >= 2 * edge', 'an axis of six is abridged'),
  format('format-wide', 'top >= most ||', 'top > most ||', '10⁸ is written out'),
  format('format-least', 'least < held(1e-4)', 'least <= held(1e-4)', '10⁻⁴ is written in powers'),
  format(
    'format-ratio',
    'held(top / least) > 1000',
    'top / least > 1000',
    'the ratio of float32 is not rounded',
  ),
  format(
    'format-even',
    'Number(below.at(-1)) % 2 !== 0',
    'Number(below.at(-1)) % 2 === 0',
    'ties go to the odd digit',
  ),
  format('format-zero', '(x < 0 || Object.is(x, -0)) && ', 'x < 0 && ', '−0 is written without its sign'),
  format(
    'format-width',
    'line.length + word.length > width',
    'line.length + word.length >= width',
    'lines are a character too short',
  ),
  format(
    'format-stride',
    'render(axis + 1, at + i * x.strides[axis]!',
    'render(axis + 1, at + i * (x.strides[axis] === 0 ? 0 : x.strides.at(-1)! * (axis === rank - 1 ? 1 : x.shape.slice(axis + 1).reduce((a, b) => a * b, 1)))',
    'views are printed as if row-major',
  ),
  format(
    'format-bool',
    "dtype === 'bool' ? data[at] !== 0 : data[at]!",
    'data[at]!',
    'truth values are numbers in arrays',
  ),
  format(
    'format-json',
    'Number.isFinite(x) ? x : String(x)',
    'Number.isNaN(x) ? String(x) : x',
    'JSON of ∞ is null',
  ),
  printable('printable-most', 'text.length > most', 'text.length > most + 1', 'a text may be one too long'),
  printable('printable-format', '\\p{Cf}', '', 'marks that turn the direction of text reach the terminal'),
]

/** Special values, checks before work, memory, and what tensors look like as text. */
export const valueEdits: readonly Edit[] = [...values, ...safety, ...texts]
