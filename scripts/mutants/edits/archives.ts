import type { Edit } from '../edit.ts'
import { editsOf, inside as insideOf } from './of.ts'

const src = 'packages/unet/src'
const of = editsOf(src)
const inside = (...paths: readonly string[]) => insideOf(src, ...paths)

const npy = of('checkpoint/npy.ts', 'checkpoint/npy', 'checkpoint/foreign')
const npyWrite = of('checkpoint/npy-write.ts', 'checkpoint/npy')
const npz = of('checkpoint/npz.ts', 'checkpoint/npy', 'checkpoint/foreign')
const zip = of('checkpoint/zip.ts', 'checkpoint/zip', 'checkpoint/foreign')
const zipDirectory = of('checkpoint/zip-directory.ts', 'checkpoint/zip', 'checkpoint/foreign')
const zipWrite = of('checkpoint/zip-write.ts', 'checkpoint/npy')
const fields = of('fields.ts', 'fields', 'models/scheduler')
const scheduler = of('models/scheduler.ts', 'models/scheduler')
const schedulerFields = of('models/scheduler-fields.ts', 'models/scheduler')

const arrays: readonly Edit[] = [
  npy(
    'npy-byte-order',
    "little: order !== '>'",
    "little: order !== '<'",
    'the byte orders of npy change places',
  ),
  npy('npy-fortran', "fortran: fortran === 'True'", 'fortran: false', 'Fortran order is read as C order'),
  npy('npy-size', '!== size - start)', '> size - start)', 'bytes beyond the array are passed over'),
  npy(
    'npy-turned',
    'const turned = fortran &&',
    'const turned = !little && fortran &&',
    'Fortran order is heeded in big-endian files only',
  ),
  npyWrite('npy-alignment', '/ 64) * 64', '/ 16) * 16', 'the data start at a multiple of 16'),
  npyWrite(
    'npy-length',
    'view.setUint16(8, start - begin, true)',
    'view.setUint16(8, start, true)',
    "the header's own start counts as header",
  ),
  npyWrite(
    'npy-vector',
    'shape.length === 1 ?',
    'shape.length === 0 ?',
    'the shape of a vector is a number in parentheses',
  ),
  npyWrite('npy-newline', 'out[start - 1] = 0x0a', '', 'the header does not end with a new line'),
  npyWrite('npy-truth', 'values[i] === 0 ? 0 : 1', 'values[i]! > 0 ? 1 : 0', 'numbers below 0 are false'),
  npz('npz-name', "member.slice(0, -'.npy'.length)", 'member', 'names of arrays keep .npy'),
  npz(
    'npz-start',
    'slicePieces(pieces, header.start, size',
    'slicePieces(pieces, 0, size',
    'the header is read as elements',
  ),
  npz(
    'npz-budget',
    'zip.pieces(member, size * held(type))',
    'zip.pieces(member, 0)',
    'compressed arrays cost nothing',
    inside('checkpoint/hostile'),
  ),
  zip('zip-checksum', 'if (sum !== crc)', 'if (sum === 0 && crc !== 0)', 'damaged contents are read'),
  zip('zip-more', 'if (length > size)', 'if (length > 2 * size)', 'contents may be longer than they claim'),
  zip(
    'zip-ratio',
    'size > bestRatio * compressed + bestRatio',
    'size > 2 ** 52',
    'absurd claims are believed',
  ),
  zip(
    'zip-budget-compressed',
    'budget.elements(name, held ?? size)',
    'budget.elements(name, Math.min(held ?? size, entry.compressed))',
    'what is deflated costs only what is stored',
    inside('checkpoint/hostile'),
  ),
  zip(
    'zip-own-name',
    'own.length !== path.length || own.some((byte, i) => byte !== path[i])',
    'own.length !== path.length',
    "another name in a file's own header is not seen",
  ),
  zipDirectory(
    'zip-overlap',
    'Math.min(entry.limit, next[1].header)',
    'entry.limit',
    'files of an archive may overlap',
  ),
  zipDirectory('zip-encrypted', '& 1) !== 0)', '& 1) > 1)', 'encrypted files are read'),
  zipDirectory(
    'zip-twice',
    'if (entries.has(name)) fail',
    'if (entries.has(name) && count < 2) fail',
    'two files of one name are taken',
  ),
  zipDirectory(
    'zip64-order',
    '([1, 0, 2] as const)',
    '([0, 1, 2] as const)',
    'compressed and plain size of ZIP64 change places',
  ),
  zipDirectory(
    'zip64-high',
    'view.getUint32(at + 4, true) * 2 ** 32',
    'view.getUint32(at + 4, true) * 2 ** 31',
    'the high word of ZIP64',
  ),
  zipDirectory(
    'zip-comment',
    'nameLength! + extraLength! + commentLength!',
    'nameLength! + extraLength!',
    "an entry's comment is not skipped",
  ),
  zipWrite(
    'zip-write-crc',
    'view.setUint32(at + 10, crc, true)',
    'view.setUint32(at + 10, crc ^ 1, true)',
    'a wrong checksum is written',
  ),
  zipWrite(
    'zip-write-offset',
    'view.setUint32(directory + 42, local, true)',
    'view.setUint32(directory + 42, 0, true)',
    'every entry points to the first file',
  ),
]

const configurations: readonly Edit[] = [
  fields(
    'fields-within',
    '(value as number) >= min && (value as number) <= max',
    '(value as number) > min && (value as number) <= max',
    'the least value of a field is refused',
  ),
  fields(
    'fields-most',
    '(value as number) >= min && (value as number) <= max',
    '(value as number) >= min',
    'fields have no upper limit',
  ),
  fields(
    'fields-own',
    'Object.hasOwn(fields, name) ? fields[name] : undefined',
    'fields[name]',
    'fields of the prototype are read',
  ),
  schedulerFields(
    'scheduler-t',
    'num_train_timesteps: [count(limits.timesteps), 1000]',
    'num_train_timesteps: [count(limits.timesteps), 999]',
    "diffusers' default T",
  ),
  schedulerFields(
    'scheduler-beta-end',
    'beta_end: [beta, 0.02]',
    'beta_end: [beta, 0.012]',
    "diffusers' default β_T",
  ),
  schedulerFields(
    'scheduler-beta-start',
    'beta_start: [beta, 1e-4]',
    'beta_start: [beta, 0.00085]',
    "diffusers' default β₀",
  ),
  schedulerFields(
    'scheduler-clip',
    'clip_sample: [flag, true]',
    'clip_sample: [flag, false]',
    'x̂₀ is not clipped by default',
  ),
  scheduler(
    'scheduler-clip-range',
    "(read<number>('clip_sample_range') ?? 1)",
    '1',
    '`clip_sample_range` is ignored',
  ),
  scheduler(
    'scheduler-prediction',
    "prediction: read<DiffusersScheduler['prediction']>('prediction_type')",
    "prediction: 'epsilon'",
    '`prediction_type` is ignored',
  ),
  scheduler(
    'scheduler-learned',
    "startsWith('learned')",
    "startsWith('fixed')",
    'learned variance is told the wrong way round',
  ),
  scheduler(
    'scheduler-trained',
    'trainedBetas.length !== timesteps',
    'trainedBetas.length > timesteps',
    'too few βs are taken',
  ),
]

/** NumPy files, zip archives, and the fields of JSON files. */
export const archiveEdits: readonly Edit[] = [...arrays, ...configurations]
