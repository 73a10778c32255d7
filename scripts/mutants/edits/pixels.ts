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
const nonlinear = (file: string) =>
  of(`operators/nonlinear/${file}`, 'operators/nonlinear', 'operators/every')
const hdr = nonlinear('hdr.ts')
const quantise = nonlinear('quantise.ts')
const jpeg = nonlinear('jpeg.ts')
const jpegTables = nonlinear('jpeg-tables.ts')
const jpegColour = nonlinear('jpeg-colour.ts')
const operatorLaw = of('laws/operator.ts', 'laws/laws')
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
    '.reshape([-1, down, side, across, side])\n        .transpose([0, 1, 3, 2, 4])\n        .reshape([-1, side * side]),',
    '.reshape([-1, side * side]),',
    'blocks are stretches of pixels in a row',
  ),
]

const nonlinearEdits: readonly Edit[] = [
  hdr(
    'hdr-order',
    'x.mul(gain).clamp(-1, 1)',
    'x.clamp(-1, 1).mul(gain)',
    'the picture is cut off, then scaled',
  ),
  hdr('hdr-low', 'clamp(-1, 1)', 'clamp(0, 1)', 'what is darker than grey is lost'),
  hdr('hdr-pinv', 'y.div(gain)', 'y.mul(gain)', 'A† multiplies by the gain again'),
  hdr('hdr-gain', '{ default: 2, min: 1 }', '{ default: 3, min: 1 }', 'another gain than that of DAPS'),
  hdr(
    'hdr-limit',
    '{ default: 2, min: 1 }',
    '{ default: 2, min: 0 }',
    'a gain of 0 is taken, which nothing undoes',
  ),
  quantise('quantise-levels', '2 ** bits - 1', '2 ** bits', 'one level too many, above 1'),
  quantise('quantise-clip', 'x.clamp(-1, 1).add(1)', 'x.add(1)', 'there are levels outside the data range'),
  quantise('quantise-nearest', '.add(0.5)', '', 'the level below, not the nearest'),
  quantise('quantise-origin', '.mul(step).sub(1)', '.mul(step)', 'levels from 0 to 2'),
  quantise('quantise-gradient', 'differentiable: false,', '', 'methods take its gradient, which is 0'),
  jpeg('jpeg-shift', 'const shift = unit / 2', 'const shift = 0', 'the middle is 127.5, not 128'),
  jpeg('jpeg-unit', 'const unit = 2 / 255', 'const unit = 2 / 256', '256 steps in the data range'),
  jpeg('jpeg-tables', '], tables.chroma)', '], tables.luma)', 'colour differences are rounded as luma is'),
  jpeg('jpeg-nearest', 'floor(c.div(steps(x)).add(0.5))', 'floor(c.div(steps(x)))', 'rounded down'),
  jpeg(
    'jpeg-display',
    'display: decode,\n      }\n    }',
    'display: (y) => y,\n      }\n    }',
    'no picture',
  ),
  jpeg(
    'jpeg-blocks',
    'checkExtents(extents, 8 * factor)',
    'checkExtents(extents, 8)',
    'half blocks of colour',
  ),
  jpeg(
    'jpeg-unshifted',
    'toRgb(luma, repeated(chroma, factor)).add(shift)',
    'toRgb(luma, repeated(chroma, factor))',
    'colours come back half a level too dark',
  ),
  jpegTables(
    'jpeg-scale',
    'Math.floor(5000 / quality)',
    '5000 / quality',
    'the scale is not an integer, as in libjpeg',
  ),
  jpegTables('jpeg-scale-half', 'quality < 50 ?', 'quality <= 25 ?', 'the wrong half of the formula'),
  jpegTables('jpeg-rounding', 'scale * step + 50)', 'scale * step)', 'steps are rounded down'),
  jpegTables('jpeg-least', 'Math.max(1,', 'Math.max(0,', 'a step of 0 at the best quality'),
  jpegTables('jpeg-most', 'Math.min(255,', 'Math.min(4095,', 'steps beyond a byte'),
  jpegColour(
    'jpeg-cb-cr',
    '[b.sub(luma).div(forBlue), r.sub(luma).div(forRed)]',
    '[r.sub(luma).div(forRed), b.sub(luma).div(forBlue)]',
    'Cr and Cb are exchanged',
  ),
  jpegColour(
    'jpeg-range',
    '[2 * (1 - blue), 2 * (1 - red)]',
    '[2 * (1 - red), 2 * (1 - blue)]',
    'the two differences have the scale of the other',
  ),
  jpegColour('jpeg-green', '.sub(b.mul(blue)).div(green)', '.sub(b.mul(blue))', 'green is too dark'),
  jpegColour(
    'jpeg-corner',
    '[0, null, 2], [0, null, 2]',
    '[1, null, 2], [1, null, 2]',
    'the bottom right one of 2×2 pixels',
  ),
  jpegColour(
    'jpeg-repeat',
    '[n, channels, height, 1, width, 1]',
    '[n, channels, height, 1, 1, width]',
    'a row of pixels again, not each pixel twice',
  ),
]

const lawEdits: readonly Edit[] = [
  operatorLaw(
    'law-undoing',
    'mustBeClose(operator.forward(pinv(y)).dataSync(), y.dataSync(), 1e-9 * (1 + norm(y))',
    'mustBeClose(y.dataSync(), y.dataSync(), 1e-9 * (1 + norm(y))',
    'any A† passes',
  ),
  operatorLaw(
    'law-gradients',
    'operator.differentiable !== false &&',
    'operator.differentiable === true &&',
    'gradients are tested of those alone that say so',
  ),
]

export const pixelEdits: readonly Edit[] = [
  ...lawEdits,
  ...inpaintEdits,
  ...demosaicEdits,
  ...sensingEdits,
  ...nonlinearEdits,
]
