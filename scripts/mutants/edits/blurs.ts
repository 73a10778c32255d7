import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const boundary = of('operators/boundary.ts', 'operators/operators', 'operators/sampling', 'operators/blur')
const resize = of('operators/sampling/resize.ts', 'operators/sampling')
const sr = of('operators/sampling/sr.ts', 'operators/sampling')

export const blurEdits: readonly Edit[] = [
  boundary(
    'boundary-reflect',
    '2 * extent - 2',
    '2 * extent',
    'reflection at the edge repeats the last pixel',
  ),
  boundary(
    'boundary-symmetric',
    'symmetric: (extent) => [2 * extent, -1]',
    'symmetric: (extent) => [2 * extent - 2 || 1, 0]',
    'the symmetric border is mirrored about its pixel',
  ),
  resize(
    'resize-keys',
    '1.5 * x ** 3 - 2.5 * x ** 2 + 1',
    '1.25 * x ** 3 - 2.25 * x ** 2 + 1',
    'a = −¾ in Keys’ middle',
  ),
  resize('resize-keys-tail', '-0.5 * x ** 3 +', '-0.75 * x ** 3 +', 'another a in Keys’ outer part'),
  resize(
    'resize-aliased',
    'const x = Math.abs(first + k - centre) / factor',
    'const x = Math.abs(first + k - centre)',
    'the kernel is not stretched: no antialiasing',
  ),
  resize(
    'resize-centre',
    '(i + 0.5) * factor - 0.5',
    'i * factor',
    'pixels of the small image have their middle at their corner',
  ),
  resize('resize-sum', 'weight / total', 'weight / factor', 'the weights of a row do not sum to 1'),
  resize(
    'resize-border',
    "extent, 'symmetric')",
    "extent, 'reflect')",
    'the border is mirrored about its pixel',
  ),
  resize('resize-lobes', 'sinc(x / 3)', 'sinc(x / 2)', 'Lanczos’ window of another width'),
  resize(
    'resize-first',
    'Math.ceil(centre - reach * factor)',
    'Math.ceil(centre - reach)',
    'the kernel is cut off on one side',
  ),
  resize('resize-gaussian', 'Math.exp(-2 * x ** 2)', 'Math.exp(-1 * x ** 2)', 'the Gaussian is wider by √2'),
  sr(
    'sr-axes',
    'separableParts(along(height), along(width), channels)',
    'separableParts(along(width), along(height), channels)',
    'rows and columns change places',
  ),
]
