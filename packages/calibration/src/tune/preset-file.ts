import type { Preset } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import { z } from 'zod'

const format = 'tweedie preset 1'

const setting = z.union([z.number(), z.string(), z.boolean(), z.array(z.number())])

const PresetSchema = z.object({
  format: z.literal(format),
  method: z.string(),
  name: z.string(),
  settings: z.record(z.string(), setting),
  /** Where they come from, in a sentence. */
  from: z.string(),
  /** How they were found, for people and programs; not read back. */
  record: z.record(z.string(), z.unknown()).optional(),
})

/** A preset of a method as a file holds it, such as `tweedie tune` writes. */
export interface PresetFile extends Preset {
  readonly method: string
  readonly record?: Readonly<Record<string, unknown>> | undefined
}

/** A preset as it stands in a file. */
export const formatPreset = (preset: PresetFile): string =>
  `${JSON.stringify({ format, ...preset }, null, 1)}\n`

/**
 * The preset that a text holds.
 * @param name - Of the file, for errors.
 * @throws {FileFormatError} where it holds something else.
 * @example
 * ```ts
 * import { formatPreset, parsePreset } from '@tweedie/calibration'
 * const text = formatPreset({ method: 'dps', name: 'mine', settings: { scale: 0.2 }, from: 'tried by hand' })
 * parsePreset(text, 'mine.json').settings // => { scale: 0.2 }
 * ```
 */
export function parsePreset(text: string, name: string): PresetFile {
  try {
    return PresetSchema.parse(JSON.parse(text))
  } catch (error) {
    const why =
      error instanceof z.ZodError ? z.prettifyError(error).split('\n').slice(0, 2).join(' ') : String(error)
    throw new FileFormatError(name, `holds no preset as \`tweedie tune\` writes it: ${why}`)
  }
}
