import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError, tensor, zeros } from '@tweedie/tensor'
import { architectureOfJson, configurationIn, describeNetwork } from '../../architectures/catalog.ts'
import { bytesPerRead, bytesPerStored, decodePieces, isElementType, sizeOf } from '../arrays.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { writeNpy, writeNpz } from '../npy-write.ts'
import { openCheckpoint } from '../open.ts'
import { writeSafetensors } from '../write.ts'
import { parseZip } from '../zip.ts'
import type { Sound } from './files.test.helper.ts'
import { mutated, partsOf } from './files.test.helper.ts'
import { randomOf } from './random.test.helper.ts'

const fixtures = join(import.meta.dirname, '../../../../../tests/fixtures/checkpoints')

const membersOf = (bytes: Uint8Array): Record<string, Uint8Array> => {
  const zip = parseZip(bytes, 'sound')
  return Object.fromEntries(zip.names.map((name) => [name, zip.read(name)]))
}

/** A network of score_sde as small as can be: one level of one block. */
function scoreSde(): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = { sigmas: tensor([50, 0.01]) }
  const put = (m: number, parts: Readonly<Record<string, readonly number[]>>) => {
    for (const [own, shape] of Object.entries(parts)) tensors[`all_modules.${m}.${own}`] = zeros(shape)
  }
  const square = [1, 1, 3, 3]
  const block = (m: number, inputs: number) =>
    put(m, {
      ...{ 'GroupNorm_0.weight': [inputs], 'Conv_0.weight': [1, inputs, 3, 3], 'Dense_0.weight': [1, 4] },
      ...{ 'GroupNorm_1.weight': [1], 'Conv_1.weight': square },
      ...(inputs > 1 && { 'Conv_2.weight': [1, inputs, 1, 1] }),
    })
  put(0, { W: [1] })
  put(1, { weight: [4, 2] })
  put(2, { weight: [4, 4] })
  put(3, { weight: square })
  for (const m of [4, 5, 7]) block(m, 1)
  const matrix = [1, 1]
  put(6, {
    'GroupNorm_0.weight': [1],
    'NIN_0.W': matrix,
    'NIN_1.W': matrix,
    'NIN_2.W': matrix,
    'NIN_3.W': matrix,
  })
  for (const m of [8, 9]) block(m, 2)
  put(10, { weight: [1] })
  put(11, { weight: square })
  return tensors
}

/** Files that are in order, of every format and kind, of less than 20 kB each; and one of EDM's pickles. */
export function soundFiles(): readonly Sound[] {
  const w = tensor([
    [1, 2],
    [3, 4],
  ])
  const net = {
    'time_embed.0.weight': w,
    'input_blocks.0.0.weight': w,
    'conv_in.weight': w,
    'm.weight': w,
    'x.w': w.sum(),
  }
  const files: Uint8Array[] = [
    writeSafetensors(net, { metadata: { format: 'pt' } }),
    writeSafetensors(
      Object.fromEntries(
        Object.entries(net).flatMap(([k, v]) => [
          [`model.${k}`, v],
          [`ema.${k}`, v],
        ]),
      ),
    ),
    writeSafetensors({ w }, { dtype: 'float16' }),
    writeSafetensors(scoreSde()),
    writeNpz({
      w: { shape: [2, 2], values: Float64Array.of(1, 2, 3, 4) },
      n: { shape: [], values: Int32Array.of(3) },
    }),
    writeNpy({ shape: [3, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) }),
    writeNpy({ shape: [5], values: new Uint8Array(5) }),
    readFileSync(join(fixtures, 'kinds.npz')),
    readFileSync(join(fixtures, 'saved.npz')),
    ...['torch-kinds.zip', 'torch-legacy.zip'].flatMap((file) =>
      Object.values(membersOf(readFileSync(join(fixtures, file)))),
    ),
  ]
  const sound = files.filter((bytes) => bytes.length < 20_000).map((bytes) => partsOf(bytes, membersOf))
  const pickle = readFileSync(join(fixtures, '../edm/edm-skip.pkl'))
  return [
    ...sound,
    partsOf(pickle, membersOf),
    ...files.filter((_, i) => i % 5 === 0).map((bytes): Sound => ({ kind: 'raw', bytes })),
  ]
}

const kinds: readonly Sound['kind'][] = ['safetensors', 'zip', 'npy', 'legacy', 'pickle', 'raw']

/** The file of case `index` of a campaign of `seed`. */
export function caseOf(files: readonly Sound[], seed: number, index: number): Uint8Array {
  const random = randomOf(seed, index)
  // Every kind as often as another, however many files there are of it.
  const kind = random.pick(kinds)
  return mutated(random.pick(files.filter((file) => file.kind === kind)), random)
}

/** How a file ended: read, or refused by a typed error. */
export type Outcome = 'read' | 'refused'

/**
 * Opens a file and asks for everything in it.
 * @throws whatever is neither right nor a typed error: an error of another kind, arrays of a length that their shapes do not
 *   have, two ways to read that disagree.
 */
export function readAll(bytes: Uint8Array): Outcome {
  try {
    const file = openCheckpoint(bytes, 'case')
    let outcome: Outcome = 'read'
    for (const { name } of file.entries) if (!readOne(file, name)) outcome = 'refused'
    const shapes = new Map(file.entries.map(({ name, shape }) => [name, shape]))
    describeNetwork(shapes)
    const json = configurationIn(file)
    if (json !== undefined) architectureOfJson(json, 'case').parse(json, 'case', () => shapes)
    for (const landmark of ['conv_in.weight', 'w', 'extra'])
      for (const key of [undefined, 'model', '.']) choose(file, landmark, key)
    return outcome
  } catch (error) {
    if (error instanceof FileFormatError) return 'refused'
    throw error
  }
}

function choose(file: Checkpoint, landmark: string, key: string | undefined): void {
  try {
    file.choose?.(file, { landmark, key, spec: { [landmark]: [2], b: [1] }, path: 'case' })
  } catch (error) {
    if (!(error instanceof FileFormatError)) throw error
  }
}

/** Whether an array was read. */
function readOne(file: Checkpoint, name: string): boolean {
  const entry = file.entries.find((each) => each.name === name)
  if (entry === undefined) throw new Error(`no entry ${name}`)
  const { dtype, shape } = entry
  try {
    const values = file.values(name)
    if (!isElementType(dtype)) throw new Error(`values of ${dtype}`)
    if (values.length !== sizeOf(shape)) throw new Error(`${values.length} values of [${shape.join()}]`)
    if (values.BYTES_PER_ELEMENT !== bytesPerRead(dtype))
      throw new Error(`values of ${dtype} in another type`)
    const refuse = (message: string): never => {
      throw new FileFormatError('case', message)
    }
    let length = 0
    const counted = function* () {
      for (const piece of file.stored(name)) {
        length += piece.length
        yield piece
      }
    }
    const again = decodePieces(counted(), dtype, sizeOf(shape), refuse)
    if (length !== values.length * bytesPerStored(dtype))
      throw new Error(`${length} bytes of ${values.length} ${dtype}`)
    if (!again.every((value, i) => Object.is(value, values[i]))) throw new Error('two ways to read disagree')
    return true
  } catch (error) {
    if (error instanceof FileFormatError) return false
    throw error
  }
}

/** What a campaign found. */
export interface Tally {
  /** Cases done. */
  count: number
  read: number
  refused: number
  /** Cases that ended in neither, with what they ended in. */
  failures: { index: number; error: string }[]
  /** The most seconds of processor time of a case, and which it was. */
  slowest: { index: number; seconds: number }
}

export const emptyTally = (): Tally => ({
  count: 0,
  read: 0,
  refused: 0,
  failures: [],
  slowest: { index: -1, seconds: 0 },
})

/** Runs cases `from` … `to` − 1 into a tally. */
export function runCases(
  files: readonly Sound[],
  seed: number,
  from: number,
  to: number,
  tally: Tally,
): void {
  for (let index = from; index < to; index++) {
    const bytes = caseOf(files, seed, index)
    const before = process.cpuUsage()
    try {
      tally[readAll(bytes)]++
    } catch (error) {
      const { name, message, stack } = error as Error
      const where =
        stack
          ?.split('\n')
          .find((line) => line.includes('/checkpoint/'))
          ?.trim()
          .replace(/\(.*\//, '(') ?? ''
      tally.failures.push({ index, error: `${name}: ${message.slice(0, 200)} ${where}` })
    }
    const { user, system } = process.cpuUsage(before)
    const seconds = (user + system) / 1e6
    if (seconds > tally.slowest.seconds) tally.slowest = { index, seconds }
    if (seconds > 1) tally.failures.push({ index, error: `took ${seconds} s` })
    tally.count++
  }
}
