import { printable, sizeOf } from '@tweedie/tensor'
import { Command } from 'commander'
import { absolute } from '../files/write.ts'
import type { Io } from '../io.ts'
import type { Paper } from '../terminal/table.ts'
import { formatTable } from '../terminal/table.ts'

/** What `--json` prints. */
interface Inspection {
  readonly file: string
  readonly format: 'safetensors' | 'torch' | 'npz' | 'npy'
  readonly bytes: number
  readonly tensors: readonly { name: string; shape: readonly number[]; dtype: string }[]
  readonly parameters: number
  /** What lies beside the tensors and is not read. */
  readonly beside: readonly { name: string; what: string }[]
  readonly metadata: Readonly<Record<string, string>>
  readonly architecture: string
}

export function inspectCommand(io: Io): Command {
  return new Command('inspect')
    .description("Lists a checkpoint's tensors: names, shapes, element types; guesses the architecture.")
    .argument('<file>', 'a safetensors file, one of torch (.pt, .pth, .bin), .npz or .npy')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const inspection = await inspect(absolute(io.cwd, file), file)
      io.out(options.json ? `${json(inspection)}\n` : print(inspection, io))
    })
}

/** What a file holds, from its headers alone. */
async function inspect(path: string, name: string): Promise<Inspection> {
  const { describeNetwork, openCheckpoint } = await import('@tweedie/unet')
  const { fileSource } = await import('@tweedie/unet/node')
  const source = fileSource(path, name)
  const { format, entries, metadata, beside } = openCheckpoint(source, name)
  return {
    file: name,
    format,
    bytes: source.size,
    tensors: entries.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    parameters: entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    beside,
    metadata,
    architecture: describeNetwork(new Map(entries.map((entry) => [entry.name, entry.shape]))),
  }
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
  torch: 'torch (zip)',
  npz: 'npz (NumPy)',
  npy: 'npy (NumPy)',
}

/** Characters of a value of the metadata that are shown. */
const mostShown = 100

function print(inspection: Inspection, paper: Paper): string {
  const { format, tensors, parameters, metadata, beside, architecture, bytes, file } = inspection
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
