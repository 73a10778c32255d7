import { statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError, fromData, OptionError } from '@tweedie/tensor'
import type { LoadedNetwork, NetworkConfig, NpyInput } from '@tweedie/unet'
import { checkCall, loadPrior, networkConfig, runNetwork, writeNpy, writeNpz } from '@tweedie/unet'
import { findModel, inferConfig, loadNetwork, readJson, readWeights } from '@tweedie/unet/node'
import type { DeviceOptions } from '../../device.ts'
import type { NumberArray } from '../../files/inputs.ts'
import { finiteFloats, readInput } from '../../files/inputs.ts'
import { checkNewFile, writeNewFile } from '../../files/new-file.ts'
import { absolute } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { naming } from '../../resolve.ts'

/** The options of `tweedie unet`. */
export interface UnetOptions extends DeviceOptions {
  readonly x: string
  readonly t: string
  readonly out: string
  readonly class?: string
  readonly cotangent?: string
  readonly vjp?: string
  readonly config?: string
  readonly key?: string
  readonly force?: boolean
  readonly json?: boolean
}

/**
 * Runs a network once and writes what it gives.
 * @throws {OptionError} for what does not fit, before the weights are read.
 * @throws {FileFormatError} where a file is damaged or none of what it should be.
 */
export async function unet(io: Io, model: string, options: UnetOptions): Promise<void> {
  const outputs = outputsOf(options)
  const place = { replace: options.force === true, source: absolute(io.cwd, options.x) }
  for (const { file, option } of outputs) await checkNewFile(absolute(io.cwd, file), place, option)
  const { config, load } = opened(io, model, options)
  const x = await arrayOf(io, options.x, ['x'], '--x')
  const t = await numbersOf(io, options.t, ['t'], '--t')
  const labels =
    options.class === undefined
      ? undefined
      : await numbersOf(io, options.class, ['y', 'class', 'labels'], '--class')
  const cotangent =
    options.cotangent === undefined
      ? undefined
      : await arrayOf(io, options.cotangent, ['cotangent', 'v'], '--cotangent')
  const asked = { x: batched(x.shape), t: t.length, labels, cotangent: cotangent && batched(cotangent.shape) }
  await checking(() => checkCall(config, asked))
  const values = { x: finiteFloats(x), cotangent: cotangent && finiteFloats(cotangent) }
  const network = load()
  for (const note of network.notes) io.err(`Note: ${note}.\n`)
  const started = performance.now()
  const { out, vjp } = await checking(() =>
    runNetwork(network, {
      x: fromData(values.x, asked.x),
      t,
      labels,
      cotangent: values.cotangent && asked.cotangent && fromData(values.cotangent, asked.cotangent),
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const results = { out: await onHost(out), ...(vjp && { vjp: await onHost(vjp) }) }
  for (const { file, option, holds } of outputs)
    await writeNewFile(absolute(io.cwd, file), place, option, (draft) => writeFile(draft, holds(results)))
  const shapes = { out: out.shape, ...(vjp && { vjp: vjp.shape }) }
  io.out(
    options.json === true
      ? `${JSON.stringify({ model, architecture: config.architecture, files: outputs.map(({ file }) => file), shapes, seconds, notes: network.notes })}\n`
      : `${outputs.map(({ file }) => `Wrote ${file}`).join('\n')}\n${Object.entries(shapes)
          .map(([name, shape]) => `${name} [${shape.join(', ')}]`)
          .join(', ')} by ${config.architecture}, ${seconds.toFixed(1)} s\n`,
  )
}

/** Names the options of a call as the command line has them. */
const checking = async <T>(work: () => T): Promise<T> => {
  try {
    return work()
  } catch (error) {
    if (error instanceof OptionError && ['x', 't', 'class', 'cotangent'].includes(error.option))
      return naming(`--${error.option}`, error.option, () => {
        throw error
      })
    throw error
  }
}

interface Results {
  readonly out: NpyInput
  readonly vjp?: NpyInput
}

/** A file to write. */
interface Output {
  readonly file: string
  readonly option: string
  holds(results: Results): Uint8Array
}

/** The files that are asked for. @throws {OptionError} where they do not go together. */
function outputsOf({ out, vjp, cotangent }: UnetOptions): Output[] {
  const ending = extname(out).toLowerCase()
  if (ending !== '.npy' && ending !== '.npz')
    throw new OptionError('--out', `'${out}' should end in .npy or .npz`)
  if (vjp !== undefined && cotangent === undefined)
    throw new OptionError('--vjp', 'is the product with a cotangent: give --cotangent too')
  if (vjp !== undefined && extname(vjp).toLowerCase() !== '.npy')
    throw new OptionError('--vjp', `'${vjp}' should end in .npy`)
  if (vjp === out) throw new OptionError('--vjp', 'is the same file as --out')
  if (ending === '.npy' && cotangent !== undefined && vjp === undefined)
    throw new OptionError(
      '--cotangent',
      'its product needs a file: give --vjp, or an --out that ends in .npz',
    )
  const product = ({ vjp: found }: Results): NpyInput => {
    if (found === undefined) throw new OptionError('--vjp', 'there is no product')
    return found
  }
  const apart: Output[] =
    vjp === undefined ? [] : [{ file: vjp, option: '--vjp', holds: (results) => writeNpy(product(results)) }]
  const whole = (results: Results) =>
    ending === '.npy'
      ? writeNpy(results.out)
      : writeNpz({
          out: results.out,
          ...(cotangent !== undefined && vjp === undefined ? { vjp: product(results) } : {}),
        })
  return [{ file: out, option: '--out', holds: whole }, ...apart]
}

/** A model: its configuration now, its weights when they are wanted. */
function opened(
  io: Io,
  model: string,
  { config, key }: UnetOptions,
): { readonly config: NetworkConfig; readonly load: () => LoadedNetwork } {
  const path = absolute(io.cwd, model)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new OptionError('MODEL', `'${model}': no such file or folder`)
  if (config !== undefined) {
    const file = absolute(io.cwd, config)
    if (found.isDirectory())
      throw new OptionError('--config', 'is for a file of weights; a folder has its own config.json')
    const json = readJson(file)
    const weights = readWeights(path)
    const load = () => loadPrior({ config: json, weights }, { key, names: { config, weights: model } })
    return { config: networkConfig(json, config), load }
  }
  const known = findModel(path, { key })
  if (known !== undefined) {
    const { directory, weights } = known
    return {
      config: known.config,
      load: () => loadNetwork(directory, { key, ...(weights === undefined ? {} : { weights }) }),
    }
  }
  if (found.isDirectory())
    throw new FileFormatError(
      model,
      'is a folder without config.json; name it by --config, with a file of weights',
    )
  const told = inferConfig(path, key)
  throw new FileFormatError(
    model,
    told === undefined
      ? `has no config.json beside it in ${dirname(model)}; name one by --config`
      : `has no config.json beside it; its weights tell ${JSON.stringify(told.fields)}, so one has to say only ${told.untold}; name it by --config`,
  )
}

/** An image as a batch of one. */
const batched = (shape: readonly number[]): readonly number[] => (shape.length === 3 ? [1, ...shape] : shape)

async function arrayOf(io: Io, file: string, names: readonly string[], option: string): Promise<NumberArray> {
  const { content } = await readInput(io, file, names).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new OptionError(option, `there is no file '${file}'`) : error
  })
  if (content.kind === 'array') return content.array
  throw new OptionError(option, `'${file}' is a picture; tweedie convert makes an array of it`)
}

const number = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i

/** Numbers in a text, separated by commas, or in a file. */
async function numbersOf(
  io: Io,
  text: string,
  names: readonly string[],
  option: string,
): Promise<readonly number[]> {
  const parts = text.split(',')
  if (parts.every((part) => number.test(part))) return parts.map(Number)
  const array = await arrayOf(io, text, names, option)
  if (array.shape.length > 1)
    throw new OptionError(option, `'${text}' is [${array.shape.join(', ')}]; one number or [N] would fit`)
  return [...finiteFloats(array)]
}

const onHost = async (tensor: Tensor): Promise<NpyInput> => ({
  shape: tensor.shape,
  values: await tensor.data(),
  dtype: 'float32',
})
