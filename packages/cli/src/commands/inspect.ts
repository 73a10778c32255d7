import { statSync } from 'node:fs'
import { FileFormatError, printable, sizeOf } from '@tweedie/tensor'
import type { ArrayEntry, ParamSource } from '@tweedie/unet'
import { Command } from 'commander'
import { absolute } from '../files/write.ts'
import type { Io } from '../io.ts'
import type { Paper } from '../terminal/table.ts'
import { formatTable } from '../terminal/table.ts'

/** What `--json` prints. */
interface Inspection {
  readonly file: string
  readonly format: 'safetensors' | 'torch' | 'npz' | 'npy' | 'shards'
  readonly bytes: number
  readonly tensors: readonly { name: string; shape: readonly number[]; dtype: string }[]
  readonly parameters: number
  /** What lies beside the tensors and is not read. */
  readonly beside: readonly { name: string; what: string }[]
  readonly metadata: Readonly<Record<string, string>>
  readonly architecture: string
  /** Which weights loading would take, or why it would refuse. */
  readonly notes: readonly string[]
}

export function inspectCommand(io: Io): Command {
  return new Command('inspect')
    .description("Lists a checkpoint's tensors: names, shapes, element types; guesses the architecture.")
    .argument(
      '<file>',
      'a safetensors file, one of torch (.pt, .pth, .bin), .npz or .npy; an index of shards, a folder with weights, or an address',
    )
    .option('--key <key>', 'only what lies under it, such as ema or state_dict')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { json?: boolean; key?: string }) => {
      const inspection = await inspect(io, file, options.key)
      io.out(options.json ? `${json(inspection)}\n` : print(inspection, io))
    })
}

/** A file of arrays, by its headers alone. */
type Listed = Pick<Inspection, 'format' | 'bytes' | 'beside' | 'metadata'> & {
  readonly entries: readonly ArrayEntry[]
  readonly source: ParamSource
}

/** What a file holds, from its headers alone. */
async function inspect(io: Io, file: string, key: string | undefined): Promise<Inspection> {
  const { describeWeights } = await import('@tweedie/unet')
  const { format, bytes, entries, beside, metadata, source } = /^https?:\/\//.test(file)
    ? await atAddress(io, file, key)
    : await onDisk(absolute(io.cwd, file), file, key)
  return {
    file,
    format,
    bytes,
    tensors: entries.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    parameters: entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    beside,
    metadata,
    ...describeWeights(source, undefined, file),
  }
}

async function atAddress(io: Io, address: string, key: string | undefined): Promise<Listed> {
  const { openUrl, underKey } = await import('@tweedie/unet')
  const { size, load, ...remote } = await openUrl(address, { signal: io.signal })
  // No array is loaded: names and shapes are all that is asked for.
  const { choose } = await load(() => false)
  const nothing = (): never => {
    throw new FileFormatError(address, 'is not loaded')
  }
  const whole = { ...remote, stored: nothing, values: nothing, ...(choose && { choose }) }
  const file = key === undefined ? whole : underKey(whole, key, address)
  return { ...file, bytes: size, source: file }
}

async function onDisk(path: string, name: string, key: string | undefined): Promise<Listed> {
  const { openCheckpoint, underKey } = await import('@tweedie/unet')
  const { fileSource, findWeights, readWeights } = await import('@tweedie/unet/node')
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    return onDisk(findWeights(path).path, name, key)
  if (/\.index(\.\w+)?\.json$/.test(path)) {
    const shards = readWeights(path)
    if (key !== undefined) throw new FileFormatError(name, 'is an index of shards, which have no keys')
    const bytes = fileSource(path, name).size
    return { format: 'shards', bytes, entries: shards.entries, beside: [], metadata: {}, source: shards }
  }
  const source = fileSource(path, name)
  const whole = openCheckpoint(source, name)
  const file = key === undefined ? whole : underKey(whole, key, name)
  return { ...file, bytes: source.size, source: file }
}

/** JSON in which all that a terminal would obey or hide is escaped. */
const json = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) =>
    Array.from({ length: c.length }, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  )

const formats: Readonly<Record<Inspection['format'], string>> = {
  safetensors: 'safetensors',
  torch: 'torch',
  npz: 'npz (NumPy)',
  npy: 'npy (NumPy)',
  shards: 'shards of safetensors or torch',
}

/** Characters of a value of the metadata that are shown. */
const mostShown = 100

function print(inspection: Inspection, paper: Paper): string {
  const { format, tensors, parameters, metadata, beside, architecture, bytes, file, notes: said } = inspection
  const table = formatTable(
    tensors,
    [
      { title: 'name', value: (tensor) => printable(tensor.name, 200) },
      { title: 'shape', value: (tensor) => `[${tensor.shape.join(', ')}]` },
      { title: 'dtype', value: (tensor) => printable(tensor.dtype, 40) },
    ],
    paper,
  )
  const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`
  const notes = [
    `${printable(file)}: ${formats[format]}, ${count(tensors.length, 'tensor')}, ${count(parameters, 'parameter')}, ${count(bytes, 'byte')}`,
    `architecture: ${printable(architecture, 400)}`,
    ...said.map((note) => `weights: ${printable(note.replace(`${file}: `, ''), 400)}`),
    ...listed(beside),
    ...Object.entries(metadata).map(
      ([key, value]) => `${printable(key, 80)}: ${printable(value, mostShown)}`,
    ),
  ]
  return `${table}\n${notes.join('\n')}\n`
}

/** Things beside the tensors that are shown by name. */
const mostListed = 10

function listed(beside: Inspection['beside']): string[] {
  if (beside.length === 0) return []
  const shown = beside
    .slice(0, mostListed)
    .map(({ name, what }) => `${printable(name, 80)} (${printable(what, 40)})`)
  const more = beside.length > shown.length ? ` and ${beside.length - shown.length} more` : ''
  return [`beside the tensors, not read: ${shown.join(', ')}${more}`]
}
