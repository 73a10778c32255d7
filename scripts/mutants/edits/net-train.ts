import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/unet/src')
const inCli = editsOf('packages/cli/src')

const pictures = of('data/pictures.ts', 'data/pictures')
const duplicates = of('data/duplicates.ts', 'data/pictures', 'data/data-set')
const digest = of('data/digest.ts', 'data/data-set')
const resize = of('data/resize.ts', 'data/pictures')
const set = of('data/training-set.ts', 'data/data-set')
const arrays = of('data/array-file.ts', 'data/data-set-arrays')
const folder = of('data/picture-source.ts', 'data/data-set')
const files = of('data/picture-files.ts', 'data/data-set')
const store = of('data/picture-store.ts', 'data/data-set')
const batch = of('train/batch.ts', 'train/tool')
const way = of('train/on-the-way.ts', 'train/tool')
const command = of('train/command.ts', 'train/tool', 'train/dry-run')
const checks = of('train/checks.ts', 'train/tool', 'train/dry-run')
const init = of('train/init-from.ts', 'train/tool')
const difference = of('train/run-difference.ts', 'train/tool', 'train/dry-run')
const config = inCli('commands/train/config.ts', 'commands/train/pictures')
const data = inCli('commands/train/data-options.ts', 'commands/train/pictures')
const cli = inCli('commands/train/train.ts', 'commands/train/pictures')

/** Training as a tool: data sets of any kind, checks before the first step, looks on the way. */
export const netTrainEdits: readonly Edit[] = [
  pictures('net-train-turn', '[columns - 1, -1, width]', '[0, 1, width]', 'a quarter turn is a transpose'),
  pictures(
    'net-train-mirror',
    'origin = mirrored ? first + (w - 1) * right',
    'origin = mirrored ? first + (h - 1) * right',
    'a crop that is not square is mirrored about the wrong column',
  ),
  pictures(
    'net-train-reach',
    'Math.floor(y * (height - rows + 1))',
    'Math.floor(y * (height - rows))',
    'no crop reaches the last row',
  ),
  pictures(
    'net-train-key',
    "randomUnits(key.fold('crop'), 4)",
    "randomUnits(key.fold('crop').fold(Date.now()), 4)",
    'crops come from the clock',
  ),
  pictures(
    'net-train-plane',
    'start + (c * height + top) * width + left',
    'start + (c * h + top) * width + left',
    'planes are as high as a crop',
  ),
  pictures(
    'net-train-fixed',
    'Math.floor((i * set.count) / count)',
    'i',
    'of many pictures only the first are evaluated on',
  ),
  duplicates(
    'net-train-size',
    'other.size === size && sameBytes',
    'sameBytes',
    'pictures of other sizes with the same bytes are copies',
  ),
  digest(
    'net-train-digest',
    `\`;\${height},\${width};\``,
    "';'",
    'pictures of other sizes have the same digest',
  ),
  resize('net-train-alias', 'Math.max(1, scale)', '1', 'a shrunk picture aliases'),
  resize(
    'net-train-border',
    'weights.map((weight) => weight / total)',
    'weights',
    'weights at the border have no sum of 1',
  ),
  set('net-train-leak', 'withoutPlaces(images, places) }', 'images }', 'held-out images are trained on'),
  set(
    'net-train-copies',
    'held === undefined ? [] : placesAmong(rest, held)',
    '[] as number[]',
    'copies of held-out images are trained on',
  ),
  set(
    'net-train-no-test',
    'if (options.test && test === undefined)',
    'if (options.test && test === undefined && validation === undefined && false)',
    'without test images a training begins',
  ),
  arrays(
    'net-train-range',
    '(2 * (value - black)) / (white - black) - 1',
    '(value - black) / (white - black)',
    'values lie in [0, 1]',
  ),
  arrays('net-train-labels', 'values.every((value) => value < 256)', 'true', 'class 300 is class 44'),
  folder(
    'net-train-broken',
    'if (broken.length > 0 && options.skipBroken !== true)',
    'if (broken.length > 5 && options.skipBroken !== true)',
    'a few broken pictures are left out without a word',
  ),
  folder(
    'net-train-header',
    'if (h !== size[0] || w !== size[1])',
    'if (h < size[0])',
    'a picture larger than its header says overwrites the next',
  ),
  files(
    'net-train-hidden',
    "if (entry.startsWith('.') || entry === '__MACOSX') continue",
    '',
    'hidden files are taken for pictures',
  ),
  files(
    'net-train-link',
    'if (above.includes(real) || above.length > deepest) return',
    '',
    'a link to a folder above goes on',
  ),
  store(
    'net-train-memory',
    'total > memory && scratch !== undefined',
    'total > 2 * memory && scratch !== undefined',
    'more than the memory is kept in it',
  ),
  batch(
    'net-train-divisor',
    'sides.every((side) => side % divisor(model) === 0)',
    'sides.every((side) => side > 0)',
    'crops that cannot be halved reach the network',
  ),
  way(
    'net-train-noise',
    '      seed,\n',
    '      seed: Date.now() % 1000,\n',
    'evaluations on the way have other noise each time',
  ),
  way(
    'net-train-validation',
    'const images = validation ?? test',
    'const images = test',
    'validation images are never looked at',
    { tests: ['packages/unet/src/train/tool'] },
  ),
  command(
    'net-train-look',
    'due.save(step) || look) state = save',
    'due.save(step)) state = save',
    'a look is at a state that is not saved',
  ),
  command(
    'net-train-complete',
    'from.step % heldOutEvery === 0)\n    await',
    'from.step % heldOutEvery === 1)\n    await',
    'an evaluation that was cut is never made up for',
  ),
  checks(
    'net-train-disk',
    '(16 * states + 4) * parameters',
    '0 * parameters',
    'room on the disk is not looked at',
  ),
  init(
    'net-train-ema',
    'flatten(spec(model), params)',
    'flatten(spec(model), params).map((v) => v * 0.5)',
    'a training begins with halves of the parameters',
  ),
  difference(
    'net-train-run',
    'return { ...more, config:',
    'return { images: more.images, config:',
    'another checkpoint to begin with passes',
  ),
  config(
    'net-train-unknown',
    "issue.expected === 'never' && !where.includes('.')",
    "issue.expected === 'never' && where === ''",
    'an unknown field is refused without the one that was meant',
  ),
  data('net-train-percent', "percent === '%' ? value / 100", "percent === '%' ? value", '5% are five images'),
  cli(
    'net-train-beside',
    'named && beside(named)',
    'named && absolute(cwd, named)',
    'paths of a configuration start from the folder of the command',
  ),
]
