import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const priors = editsOf('packages/solvers/src/priors/sizes')
const windows = priors('windows.ts', 'sizes.test.ts')
const tiled = priors('tiled.ts', 'sizes.test.ts')
const padded = priors('padded.ts', 'sizes.test.ts')
const channels = priors('channels.ts', 'sizes.test.ts')
const sizes = editsOf('packages/runs/src')('priors/sizes.ts', 'priors/sizes.test.ts')
const middle = editsOf('packages/runs/src')('pictures/picture.ts', 'pictures/picture.test.ts')
const cli = editsOf('packages/cli/src')
const restoring = 'commands/restore'
const sizing = cli(`${restoring}/sizing.ts`, `${restoring}/sizing.test.ts`)
const targets = cli(`${restoring}/folder/targets.ts`, `${restoring}/folder`)
const folder = cli(`${restoring}/folder/folder.ts`, `${restoring}/folder`)
const one = cli(`${restoring}/folder/one.ts`, `${restoring}/folder`)
const journal = cli(`${restoring}/folder/journal.ts`, `${restoring}/folder`)
const left = cli('terminal/time-left.ts', 'terminal/time-left.test.ts')
const read = ['images/pillow', 'images/read', 'images/formats'] as const
const gif = cli('images/formats/gif.ts', 'images/formats/gif.test.ts', ...read)
const webp = cli('images/formats/webp.ts', ...read)
const profile = cli('images/formats/profile.ts', ...read)
const colour = cli('images/formats/png-colour.ts', 'images/formats/png', ...read)
const strangers = cli('images/formats/strangers.ts', 'images/read')

/** Pictures of other sizes and channels, in windows, in folders; and of more kinds. */
export const networkPictureEdits: readonly Edit[] = [
  windows(
    'pictures-weights-unnormalised',
    'raw(k, from + j) / sum',
    'raw(k, from + j)',
    'weights of three windows sum to more than 1',
  ),
  windows(
    'pictures-no-margin',
    'const unused = 1 / 4',
    'const unused = 0',
    'what a window knows least counts',
  ),
  windows(
    'pictures-margin-short',
    'to: k === count - 1 ? extent : start + tile - margin,',
    'to: k === count - 1 ? extent : start + tile,',
    'the far end of a window counts',
  ),
  windows(
    'pictures-hard-ramp',
    'Math.sin((Math.PI / 2) * u) ** 2',
    '(u < 0.5 ? 0 : 1)',
    'windows meet without a transition',
  ),
  windows(
    'pictures-window-early',
    'at: from - starts[k]!',
    'at: 0',
    'a segment is taken from the start of its window',
  ),
  tiled(
    'pictures-axes-swapped',
    'const [rows, columns] = [along(height, tall), along(width, wide)]',
    'const [rows, columns] = [along(height, tall), along(width, tall)]',
    'columns are cut by the height of windows',
  ),
  tiled(
    'pictures-not-recomputed',
    'const each = checkpoint(look, within)',
    'const each = look',
    'the tape keeps the inside of all windows',
  ),
  tiled(
    'pictures-weight-axis',
    'axis === 3 ? [to - from] : [to - from, 1]',
    'axis === 3 ? [to - from, 1] : [to - from]',
    'weights lie along the other axis',
  ),
  padded(
    'pictures-symmetric',
    'const from = length === 1 ? 0 : length - 1 - more',
    'const from = length === 1 ? 0 : length - more',
    'the last row is repeated',
  ),
  padded(
    'pictures-unflipped',
    'flip(x.slice(...range), [axis])',
    'x.slice(...range)',
    'the border is no mirror',
  ),
  padded(
    'pictures-crop-swapped',
    'slice(null, null, [0, height], [0, width])',
    'slice(null, null, [tall - height, tall], [wide - width, wide])',
    'the other corner of x̂₀ is returned',
  ),
  channels(
    'pictures-channels-mixed',
    'xt.reshape([count * channels, 1, ...size])',
    'xt.transpose([1, 0, 2, 3]).reshape([count * channels, 1, ...size])',
    'channels of a batch change places',
  ),
  channels(
    'pictures-grey-first',
    '.mean(1, true)',
    '.slice(null, [0, 1])',
    'one channel stands for the mean',
  ),
  sizes(
    'pictures-batch-memory',
    'const each = batch * bytesPerPixel(sizes)',
    'const each = bytesPerPixel(sizes)',
    'memory is that of one sample',
  ),
  sizes(
    'pictures-largest-fits',
    '.find((side) => each',
    '.findLast((side) => each',
    'the smallest window is taken',
  ),
  sizes(
    'pictures-overlap-multiple',
    'overlap < tile && overlap % divisor === 0',
    'overlap < tile',
    'windows start between the pixels that the network halves to',
  ),
  sizes('pictures-latent-padded', 'if (!same(padded, size))', 'if (false)', 'latents of padded pictures'),
  middle(
    'pictures-centre-corner',
    'Math.floor((picture.height - height) / 2)',
    '0',
    'the upper part is taken for the middle',
  ),
  middle('pictures-reduced-sum', 'sum / count', 'sum / factor ** 2', 'pictures darken at their borders'),
  sizing(
    'pictures-measured-size',
    '[channels, factor * size[0], factor * size[1]]',
    '[channels, size[0], size[1]]',
    'a measurement of super-resolution is of a picture of its own size',
  ),
  sizing(
    'pictures-keep-ignored',
    "if (channels !== 'keep') return own",
    'if (channels !== undefined) return own',
    'channels are converted whatever is asked',
  ),
  targets(
    'pictures-names-clash',
    'const wanted = keys(stem).some((key) => (counts.get(key) ?? 0) > 1) ? name : stem',
    'const wanted = stem',
    'names that are alike lose their endings',
  ),
  targets('pictures-hidden', "!name.startsWith('.')", 'true', 'hidden files are taken'),
  folder(
    'pictures-kept-changed',
    'if (!(await isSame(io, input))) return false',
    '{}',
    'a picture that changed is not restored anew',
  ),
  folder(
    'pictures-failed-quietly',
    'if (failed.length > 0)',
    'if (failed.length > rows.length)',
    'the exit code does not tell of failures',
  ),
  folder('pictures-journal-late', 'await folder.add(row)', '', 'nothing is kept of a picture that is done'),
  one('pictures-leak', 'for (const tensor of tensors) tensor.dispose()', '', 'tensors of a picture stay'),
  journal(
    'pictures-other-settings',
    'if (other !== undefined)',
    'if (false)',
    'a run goes on with pictures of other settings',
  ),
  left('pictures-left-all', 'this.#total - this.#done', 'this.#total', 'time that is past is left'),
  gif('pictures-gif-order', '[4, 8],', '[2, 8],', 'interlaced rows change places'),
  gif(
    'pictures-gif-width',
    'next === 2 ** wide && wide < 12',
    'next === 2 ** wide + 1 && wide < 12',
    'codes grow one late',
  ),
  gif('pictures-gif-clear', 'if (number === clear) continue', '', 'what is see-through has a colour'),
  gif(
    'pictures-gif-short',
    "if (at >= packed.length) throw new RangeError('its first picture has too few pixels')",
    'if (at >= packed.length) return out',
    'half a picture is a picture',
  ),
  webp(
    'pictures-frame-place',
    '4 * ((top + y) * width + left)',
    '4 * (y * width + left)',
    'a frame lies at the top of its canvas',
  ),
  webp(
    'pictures-frame-alpha',
    "=== 'ALPH' ? [extended] : []",
    "=== 'ALPH' ? [] : []",
    'alpha beside a lossy frame is lost',
  ),
  profile('pictures-profile-srgb', '/\\bs-?RGB\\b/i.test(name)', 'true', 'no profile is ever told of'),
  profile('pictures-profile-language', "=== 'en'", "=== 'de'", 'names of profiles are told in German'),
  colour(
    'pictures-gamma-usual',
    'Math.abs(value - usualGamma) <= 500',
    'value === 0',
    'every gamma is unusual',
  ),
  strangers(
    'pictures-brand-first',
    'own.some((each) => brand.test(each))',
    'brand.test(own[0] ?? "")',
    'only the main brand counts',
  ),
]
