import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/unet/src')

const idx = of('data/idx.ts', 'data/')
const images = of('data/images.ts', 'data/data', 'data/idx-folder')
const duplicates = of('data/duplicates.ts', 'data/data', 'data/pictures')
const digest = of('data/digest.ts', 'data/idx-folder', 'data/data-set')
const folder = of('data/idx-folder.ts', 'data/idx-folder')
const lock = of('train/lock.ts', 'train/lock')
const log = of('train/loss-log.ts', 'train/loss-log')
const state = of('train/state-file.ts', 'train/state-file')
const difference = of('train/run-difference.ts', 'train/run-difference')
const arithmetic = of('train/arithmetic.ts', 'train/state-file')
const out = of('train/out-folder.ts', 'train/out-folder')

/** Image sets and the files of a training. */
export const trainingFileEdits: readonly Edit[] = [
  idx(
    'idx-big-endian',
    'view.getUint32(4 + 4 * i))\n  const size',
    'view.getUint32(4 + 4 * i, true))\n  const size',
    'extents are read from the wrong end',
  ),
  idx(
    'idx-length',
    'if (size !== bytes.length - start)',
    'if (size > bytes.length - start)',
    'bytes beyond the images are passed over',
  ),
  idx('idx-type', 'if (type !== 0x08)', 'if (type === 0)', 'other types are read as bytes'),
  images(
    'images-channels-first',
    'out[from + k * area + i] = values[from + i * channels + k]!',
    'out[from + i * channels + k] = values[from + i * channels + k]!',
    'channels that come last are taken as planes',
  ),
  images(
    'images-channels-last',
    'if (isChannels(a) || !isChannels(c))',
    'if (!isChannels(c))',
    '[N, 3, H, 3] is taken as channels last',
  ),
  duplicates(
    'images-drop',
    '?.some((k) => {',
    '?.slice(0, 1).some((k) => {',
    'of held-out images with one hash only the first is compared',
  ),
  duplicates(
    'images-hash',
    'if (a[i] !== b[i]) return false',
    'if (a[i]! > 255) return false',
    'images of one hash count as equal',
  ),
  folder(
    'folder-order',
    "['-images-idx3', '-images.idx3', '-images-idx4', '-images.idx4']",
    "['-images-idx4', '-images.idx3', '-images-idx3', '-images.idx4']",
    'colour is looked for before grey',
  ),
  digest(
    'folder-sha',
    'hash.update(shape.join()).update(bytesOf(images.pixels))',
    'hash.update(bytesOf(images.pixels))',
    'images of another shape and the same pixels are the same',
  ),
  lock(
    'lock-dead',
    'if (!isDead(other)) throw',
    'if (isDead(other)) throw',
    'the lock of a living process is taken over',
  ),
  lock(
    'lock-host',
    'if (host !== hostname()) return false',
    'if (host !== hostname()) return true',
    'the lock of another machine is taken over',
  ),
  lock(
    'lock-birth',
    "birth !== '' && now !== '' && birth !== now",
    'false',
    'a process of the same id counts as the one that is gone',
  ),
  lock(
    'lock-release',
    'if (readLock(path) === text) rmSync',
    'rmSync',
    "somebody else's lock is removed at the end",
  ),
  lock('lock-alive', ".code === 'EPERM'", ".code === 'ESRCH'", 'a dead process counts as alive'),
  log(
    'log-rewind',
    'line.step <= step && line.step >',
    'line.step < step && line.step >',
    'the last step before the state is dropped',
  ),
  log(
    'log-order',
    'line.step > (kept.at(-1)?.step ?? 0)',
    'line.step >= (kept.at(-1)?.step ?? 0)',
    'a step may be twice in the log',
  ),
  log(
    'log-finite',
    'fields.every((name) => Number.isFinite(line[name]))',
    'fields.some((name) => Number.isFinite(line[name]))',
    'lines with holes are kept',
  ),
  state(
    'state-checksum',
    '!== sha256) throw damaged',
    '=== undefined) throw damaged',
    'the checksum is not compared',
  ),
  state(
    'state-checksum-facts',
    "createHash('sha256').update(JSON.stringify(Object.entries(facts).sort()))",
    "createHash('sha256')",
    'the checksum leaves out the metadata',
  ),
  state(
    'state-steps',
    'if (step > identity.config.steps)',
    'if (step >= identity.config.steps)',
    'a finished training cannot be opened again',
  ),
  state(
    'state-version',
    "if (facts['version'] !== version)",
    "if (facts['version'] === undefined)",
    'states of older formats are read',
  ),
  difference(
    'difference-rates',
    'for (let k = 0; k < step; k++)',
    'for (let k = 1; k < step; k++)',
    'another rate of the first step goes unnoticed',
  ),
  difference(
    'difference-rates-end',
    'for (let k = 0; k < step; k++)',
    'for (let k = 0; k < step - 1; k++)',
    'another rate of the last step goes unnoticed',
  ),
  difference(
    'difference-keys',
    'new Set([...Object.keys(a), ...Object.keys(b)])',
    'new Set(Object.keys(a))',
    'fields that are new go unnoticed',
  ),
  arithmetic(
    'arithmetic-keys',
    '[...new Set([...Object.keys(saved), ...Object.keys(now)])]',
    'Object.keys(saved)',
    'settings that are new go unnoticed',
  ),
  arithmetic(
    'arithmetic-fused',
    "fusesProducts(device) ? 'yes' : 'no'",
    "fusesProducts(device) ? 'yes' : 'yes'",
    'fused products are not told',
  ),
  out(
    'out-order',
    "const order = ['record', 'model', 'config'] as const",
    "const order = ['config', 'record', 'model'] as const",
    "the configuration is not the last of a model's files",
  ),
  out(
    'out-config',
    "rmSync(folder.path('config'), { force: true })",
    '',
    "an older model's configuration stays while its files are replaced",
  ),
  out(
    'out-living',
    'pid === process.pid || !isAlive(pid)',
    'pid !== 0',
    'temporary files of living processes are removed',
  ),
]
