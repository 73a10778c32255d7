import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const defined = (file: string) => of(`operators/${file}`, 'operators/operators', 'operators/catalog')
const lines = defined('pixels/lines.ts')
const hidden = defined('pixels/hidden.ts')
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

export const pixelEdits: readonly Edit[] = [...inpaintEdits]
