import { open, readFile, stat } from 'node:fs/promises'
import { FileFormatError } from '@tweedie/tensor'
import { Command } from 'commander'
import { guessArchitecture } from '../architecture.ts'
import type { Io } from '../io.ts'
import type { Paper } from '../table.ts'
import { formatTable } from '../table.ts'
import { absolute } from '../write.ts'

/** What `--json` prints. */
interface Inspection {
  readonly file: string
  readonly format: 'safetensors'
  readonly bytes: number
  readonly tensors: readonly { name: string; shape: readonly number[]; dtype: string }[]
  readonly parameters: number
  readonly metadata: Readonly<Record<string, string>>
  readonly architecture: string
}

export function inspectCommand(io: Io): Command {
  return new Command('inspect')
    .description("Lists a checkpoint's tensors: names, shapes, element types; guesses the architecture.")
    .argument('<file>', 'a .safetensors file')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const inspection = await inspect(absolute(io.cwd, file), file)
      io.out(options.json ? `${JSON.stringify(inspection, null, 2)}\n` : print(inspection, io))
    })
}

/** Files of other formats that people will try, told by their first bytes. */
const strangers: readonly (readonly [start: string, what: string])[] = [
  ['PK\x03\x04', 'a zip archive (torch .pt or .pth, npz), which is not read yet'],
  ['\x80\x02', 'a Python pickle, which is not read'],
  ['\x89HDF', 'an HDF5 file, which is not read'],
  ['GGUF', 'a GGUF file, which is not read'],
]

async function inspect(path: string, name: string): Promise<Inspection> {
  const { size } = await stat(path)
  const handle = await open(path)
  const start = Buffer.alloc(8)
  try {
    await handle.read(start, 0, 8, 0)
  } finally {
    await handle.close()
  }
  const stranger = strangers.find(([magic]) => start.toString('latin1').startsWith(magic))
  if (stranger !== undefined) throw new FileFormatError(name, `${stranger[1]}; save it as safetensors`)
  const { countParams, parseSafetensors } = await import('@tweedie/unet')
  const { entries, metadata } = parseSafetensors(await readFile(path), name)
  const spec = Object.fromEntries(entries.map((entry) => [entry.name, entry.shape]))
  return {
    file: name,
    format: 'safetensors',
    bytes: size,
    tensors: entries.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    parameters: countParams(spec),
    metadata,
    architecture: guessArchitecture(new Map(Object.entries(spec))),
  }
}

function print(inspection: Inspection, paper: Paper): string {
  const { tensors, parameters, metadata, architecture, bytes, file } = inspection
  const table = formatTable(
    tensors,
    [
      { title: 'name', value: (tensor) => tensor.name },
      { title: 'shape', value: (tensor) => `[${tensor.shape.join(', ')}]` },
      { title: 'dtype', value: (tensor) => tensor.dtype },
    ],
    paper,
  )
  const extra = Object.entries(metadata).map(
    ([key, value]) => `${key}: ${value.length > 100 ? `${value.slice(0, 97)}…` : value}\n`,
  )
  return `${table}\n${file}: ${tensors.length} tensors, ${parameters.toLocaleString('en')} parameters, ${bytes.toLocaleString('en')} bytes\narchitecture: ${architecture}\n${extra.join('')}`
}
