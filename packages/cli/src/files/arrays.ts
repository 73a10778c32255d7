import type { InputRecord } from '@tweedie/runs'
import type { Settings, Specs } from '@tweedie/solvers'
import { fromData, OptionError, type Tensor } from '@tweedie/tensor'
import type { Io } from '../io.ts'
import type { Input } from './inputs.ts'
import { finiteFloats, readInput } from './inputs.ts'

/** A picture as [C, H, W] in [0, 1], or an array as it is. */
function asTensor({ content }: Input): Tensor {
  if (content.kind === 'array') return fromData(finiteFloats(content.array), content.array.shape)
  const { channels, height, width, data } = content.picture.decode().picture
  return fromData(data, [channels, height, width])
}

/**
 * Settings from texts, with the numbers of each file that an option of arrays names (such as `mask` of `inpaint`), and
 * which files these are.
 * @throws {OptionError} where there is no such file, naming the option.
 * @throws {FileFormatError} where it is neither a picture nor an array, or is damaged.
 */
export async function withArrays(
  io: Io,
  options: Specs,
  texts: Settings,
): Promise<{ readonly settings: Settings; readonly inputs: readonly InputRecord[] }> {
  const settings: Record<string, unknown> = { ...texts }
  const inputs: InputRecord[] = []
  for (const [name, file] of Object.entries(texts)) {
    const spec = Object.hasOwn(options, name) ? options[name] : undefined
    if (spec?.control.kind !== 'array' || typeof file !== 'string') continue
    const input = await readInput(io, file, [name]).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new OptionError(name, `there is no file '${file}'`) : error
    })
    settings[name] = asTensor(input)
    inputs.push(input.record)
  }
  return { settings, inputs }
}
