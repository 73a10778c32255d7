import { stat, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { toPictures, toTensor } from '@tweedie/runs'
import { FileFormatError, fromData, OptionError, printable } from '@tweedie/tensor'
import type { NpyInput } from '@tweedie/unet'
import { writeNpy, writeNpz } from '@tweedie/unet'
import type { Input, NumberArray } from '../../files/inputs.ts'
import { finiteFloats, readInput } from '../../files/inputs.ts'
import { checkNewFile, writeNewFile } from '../../files/new-file.ts'
import { absolute } from '../../files/write.ts'
import { encodePicture } from '../../images/png.ts'
import type { Io } from '../../io.ts'

/** The options of `tweedie convert`. */
export interface ConvertOptions {
  readonly array?: string
  readonly key?: string
  readonly force?: boolean
  readonly json?: boolean
}

/** What a conversion made. */
interface Converted {
  /** The file's bytes. */
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
  readonly dtype: string
  readonly notes: readonly string[]
}

const writers: Readonly<Record<string, (input: Input, file: string) => Promise<Converted>>> = {
  '.npy': async (input) => {
    const { array, notes } = await toArray(input)
    return { bytes: writeNpy(array), shape: array.shape, dtype: array.dtype, notes }
  },
  '.npz': async (input) => {
    const { name, array, notes } = await toArray(input)
    return { bytes: writeNpz({ [name]: array }), shape: array.shape, dtype: array.dtype, notes }
  },
  '.png': toPng,
}

const checkpointEnding = '.safetensors'

/** Why an ending that people will try is not written. */
const strangers: Readonly<Record<string, string>> = {
  '.jpg': 'JPEG loses what a measurement needs; ',
  '.jpeg': 'JPEG loses what a measurement needs; ',
}

/**
 * Converts one file into another.
 * @throws {OptionError} for an ending that is not written, an OUT that is there already, or an array that is no picture.
 * @throws {FileFormatError} where IN is damaged, or not of a kind that becomes OUT's.
 */
export async function convert(io: Io, from: string, to: string, options: ConvertOptions): Promise<void> {
  const ending = extname(to).toLowerCase()
  const write = Object.hasOwn(writers, ending) ? writers[ending] : undefined
  if (write === undefined && ending !== checkpointEnding) {
    const known = [...Object.keys(writers), checkpointEnding].join(', ')
    throw new OptionError('OUT', `'${to}': ${strangers[ending] ?? ''}its ending should be one of ${known}`)
  }
  if (write !== undefined && options.key !== undefined)
    throw new OptionError(
      '--key',
      `is for checkpoints, which become ${checkpointEnding}; '${to}' is an array or a picture`,
    )
  const [source, target] = [absolute(io.cwd, from), absolute(io.cwd, to)]
  const place = { replace: options.force === true, source }
  await checkNewFile(target, place, 'OUT')
  const wanted = options.array === undefined ? [] : [options.array]
  const facts =
    write === undefined
      ? await toCheckpoint(source, target, { ...place, key: options.key })
      : await writeNewFile(target, place, 'OUT', async (draft) => {
          const { bytes, ...rest } = await write(await readInput(io, from, wanted), from)
          await writeFile(draft, bytes)
          return { ...rest, bytes: bytes.length }
        })
  io.out(options.json === true ? `${JSON.stringify({ in: from, out: to, ...facts })}\n` : inWords(to, facts))
}

interface Facts {
  readonly shape?: readonly number[]
  readonly dtype?: string
  readonly tensors?: number
  readonly bytes: number
  readonly notes: readonly string[]
}

function inWords(to: string, { shape, dtype, tensors, bytes, notes }: Facts): string {
  const what =
    shape === undefined ? `${tensors} tensor${tensors === 1 ? '' : 's'}` : `[${shape.join(', ')}] ${dtype}`
  const lines = [
    `Wrote ${to}: ${what}, ${bytes.toLocaleString('en')} bytes`,
    ...notes.map((note) => `Note: ${note}`),
  ]
  return `${lines.join('\n')}\n`
}

/** A picture as float32 [C, H, W] named x; an array as it is, in the type that holds all of it. */
async function toArray({
  content,
}: Input): Promise<{ name: string; array: Required<NpyInput>; notes: readonly string[] }> {
  if (content.kind === 'array') {
    const { array } = content
    const dtype = storedAs[array.dtype] ?? 'float64'
    return {
      name: array.name ?? 'x',
      array: { shape: array.shape, values: array.values(), dtype },
      notes: [],
    }
  }
  const { picture, notes } = content.picture.decode()
  const x = toTensor([picture])
  const values = await x.data()
  x.dispose()
  return { name: 'x', array: { shape: x.shape.slice(1), values, dtype: 'float32' }, notes }
}

/** The element types that are written, by those that are read; all others fit into float64. */
const storedAs: Readonly<Record<string, 'float32' | 'int32' | 'bool'>> = {
  F32: 'float32',
  F16: 'float32',
  I32: 'int32',
  BOOL: 'bool',
}

async function toPng({ content }: Input): Promise<Converted> {
  if (content.kind === 'picture') {
    const { picture, notes } = content.picture.decode()
    const shape = [picture.channels, picture.height, picture.width]
    const depth = content.picture.bits > 8 ? 16 : 8
    return { bytes: encodePicture(picture, { depth }), shape, dtype: `uint${depth}`, notes }
  }
  const shape = pictureShape(content.array)
  const values = finiteFloats(content.array)
  const beyond = values.reduce((count, value) => (Math.abs(value) > 1 ? count + 1 : count), 0)
  const x = fromData(values, [1, ...shape])
  const [picture] = await toPictures(x)
  x.dispose()
  if (picture === undefined) throw new FileFormatError(content.array.from, 'holds no picture')
  return {
    bytes: encodePicture(picture),
    shape,
    dtype: 'uint8',
    notes: beyond === 0 ? [] : [`${beyond} of ${values.length} values lie outside [−1, 1] and were clipped`],
  }
}

/** @throws {OptionError} for an array that is not one picture. */
function pictureShape({ shape, from }: NumberArray): readonly [number, number, number] {
  const [width = 0, height = 0, channels = 1, ...batch] = [...shape].reverse()
  const isOne = shape.length >= 2 && batch.every((extent) => extent === 1) && width > 0 && height > 0
  if (isOne && (channels === 1 || channels === 3)) return [channels, height, width]
  const hint =
    shape.length >= 3 && (width === 1 || width === 3)
      ? '; its channels come last: numpy.moveaxis(x, -1, 0) moves them to the front'
      : ''
  throw new OptionError(
    from,
    `the array is [${shape.join(', ')}]; a picture is [H, W], [1, H, W] or [3, H, W]${hint}`,
  )
}

/** Any checkpoint as safetensors. */
async function toCheckpoint(
  source: string,
  target: string,
  { key, ...place }: { replace: boolean; source: string; key: string | undefined },
): Promise<Facts & { format: string }> {
  const { convertCheckpoint } = await import('@tweedie/unet/node')
  return writeNewFile(target, place, 'OUT', async (draft) => {
    const { format, tensors, skipped } = convertCheckpoint(source, draft, { key })
    const notes = skipped.map(({ name, why }) => `${printable(name)} was left out: ${why}`)
    return { format, tensors, bytes: (await stat(draft)).size, notes }
  })
}
