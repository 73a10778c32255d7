import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const defined = (file: string) => of(`operators/${file}`, 'operators/operators', 'operators/catalog')
const lines = defined('pixels/lines.ts')
const hidden = defined('pixels/hidden.ts')
const demosaic = defined('pixels/demosaic.ts')
const keep = defined('pixels/keep.ts')
const sensed = (file: string) =>
  of(`operators/sensing/${file}`, 'operators/sensing', 'operators/spectral', 'operators/harness')
const gaussian = sensed('cs-gaussian.ts')
const rows = sensed('random-rows.ts')
const ratio = sensed('ratio.ts')
const hadamard = sensed('walsh-hadamard.ts')
const walsh = sensed('cs-walsh-hadamard.ts')
const block = sensed('cs-block.ts')
const inpaint = defined('pixels/inpaint.ts')

const inpaintEdits: readonly Edit[] = [
  lines('lines-first', 'i % k === 0', 'i % k === k - 1', 'the last line of every k is kept, not the first'),
  lines(
    'lines-axis',
    "lines === 'rows' ? row : column",
    "lines === 'rows' ? column : row",
    'rows are columns',
  ),
  lines(
    'lines-count',
    'Math.round(fraction * extent)',
    'Math.floor(fraction * extent)',
    'the number of hidden lines is rounded down',
  ),
  lines('lines-none', 'if (!seen.includes(true))', 'if (seen.length === 0)', 'all lines may be hidden'),
  hidden('margin-places', '- 2 * from + 1', '- 2 * from', 'the lowest and rightmost place is never drawn'),
  hidden('margin-from', 'return from + (', 'return (', 'a box is drawn at the border, not within the margin'),
  hidden(
    'margin-axis',
    'along(shape[2], w, beside,',
    'along(shape[2], w, above,',
    'one margin for both axes',
  ),
  hidden('mask-light', 'Number(flags[i]) >= 0.5', 'Number(flags[i]) > 0', 'dark grey of a mask is observed'),
  inpaint(
    'margin-seed',
    'randomPlace(shape, box, margin, seed)',
    'randomPlace(shape, box, margin, 0)',
    'the place of a random box does not depend on the seed',
  ),
  inpaint(
    'lines-random',
    'return randomLines(shape, lines, random, seed)',
    'return randomPixels(shape, random, seed)',
    'random lines are random pixels',
  ),
]

const demosaicEdits: readonly Edit[] = [
  demosaic('bayer-rows', '2 * (row % 2) +', '2 * (column % 2) +', 'the pattern has one row'),
  demosaic('bayer-columns', '+ (column % 2))', '+ (row % 2))', 'the pattern has one column'),
  demosaic('bayer-order', "channelOf = 'RGB'", "channelOf = 'BGR'", 'red and blue are exchanged'),
  demosaic(
    'bayer-pixel',
    '* height * width + pixel',
    '* width + pixel',
    'green and blue are taken from places of red',
  ),
  demosaic('bayer-channels', 'if (channels !== 3)', 'if (channels < 3)', 'four channels have a Bayer filter'),
  keep('kept-shape', 'shown ?? (shared', '(shared', 'a mosaic is no picture'),
]

const sensingEdits: readonly Edit[] = [
  gaussian('cs-scale', 'value / Math.sqrt(m)', 'value / Math.sqrt(n)', 'entries of variance 1/n, not 1/m'),
  gaussian('cs-limit', 'if (m * n > largest)', 'if (m > largest)', 'a matrix of any size is drawn'),
  gaussian(
    'cs-seed',
    "randomKey(seed).fold('csGaussian')",
    "randomKey(0).fold('csGaussian')",
    'one matrix only',
  ),
  gaussian(
    'cs-display',
    '{ ...parts, display: parts.adjoint }',
    'parts',
    'random sums are shown as they are, no picture',
  ),
  gaussian('cs-fit', 'most / n)', '1 / n)', 'the ratio that fits is that of one row'),
  rows('cs-row-keys', 'key.fold(i))', 'key)', 'all rows are the same'),
  rows(
    'cs-not-orthogonal',
    'for (let j = 0; j < i; j++)',
    'for (let j = 1; j < i; j++)',
    'rows lean on the first',
  ),
  rows('cs-not-unit', 'mine[k]! /= length', 'mine[k]! /= length * length', 'rows are not of length 1'),
  rows(
    'cs-once',
    'if (after > before / 2) break',
    'break',
    'rows that cancel are orthogonal to few digits only',
  ),
  rows('cs-inner-rest', 'k = whole; k <', 'k = whole + 1; k <', 'a row of 4k + 1 lacks its last product'),
  ratio('cs-round', 'Math.round(ratio * n)', 'Math.floor(ratio * n)', 'the number measured is rounded down'),
  ratio('cs-none', 'if (count >= 1)', 'if (count >= 0)', 'nothing is measured without a word'),
  hadamard('wht-sign', 'isOdd(i & j) ? -1 : 1', 'isOdd(i | j) ? -1 : 1', 'no Hadamard matrix'),
  hadamard('wht-scale', '/ Math.sqrt(n)).data', '/ n).data', 'the transform is not orthonormal'),
  hadamard('wht-radix', 'done *= radix', 'done *= 2 * radix', 'from 32 on a factor is missed'),
  hadamard(
    'wht-columns',
    'return along(rows.reshape([-1, height, width]), height, width)',
    'return rows',
    'rows only are transformed',
  ),
  hadamard('wht-parts', '[from, from + power])', '[0, power])', 'all parts of a side are its first'),
  hadamard('wht-gray', 's ^ (s >> 1)', 's', 'natural order with its bits reversed, not sequency'),
  hadamard(
    'wht-length',
    'changes[place] = s / power',
    'changes[place] = s',
    'changes of long parts count as much',
  ),
  walsh(
    'cs-lowest',
    'sum[a]! - sum[b]!',
    'sum[b]! - sum[a]!',
    'the coefficients of highest sequency are measured',
  ),
  walsh(
    'cs-random',
    'slice(0, count).sort()',
    'sort().slice(0, count)',
    'the first coefficients, not random ones',
  ),
  walsh('cs-back', 'transform(kept.adjoint(y))', 'kept.adjoint(y)', 'the adjoint leaves the transform out'),
  block('cs-block-side', 'each <= 32', 'each <= 16', 'blocks of at most 16×16'),
  block(
    'cs-block-fit',
    'if (!fitting.includes(side))',
    'if (height % side !== 0)',
    'blocks may leave the width',
  ),
  block(
    'cs-block-columns',
    '.reshape([-1, down, across, side, side])',
    '.reshape([-1, across, down, side, side])',
    'blocks come back in other places',
  ),
  block(
    'cs-block-places',
    '* pixels + (k % count)',
    '* count + (k % count)',
    'coordinates of a block lie in another',
  ),
  block(
    'cs-block-apart',
    'x.reshape([-1, down, side, across, side]).transpose([0, 1, 3, 2, 4])',
    'x',
    'blocks are stretches of pixels in a row',
  ),
]

export const pixelEdits: readonly Edit[] = [...inpaintEdits, ...demosaicEdits, ...sensingEdits]
