import type { Preset } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import * as v from 'valibot'
import { number, reason, record } from '../json.ts'

const format = 'tweedie preset 1'

const setting = v.union([number, v.string(), v.boolean(), v.array(number)])

const PresetSchema = v.object({
  format: v.literal(format),
  method: v.string(),
  name: v.string(),
  settings: record(setting),
  /** Where they come from, in a sentence. */
  from: v.string(),
  /** How they were found, for people and programs; not read back. */
  record: v.optional(record(v.unknown())),
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
    return v.parse(PresetSchema, JSON.parse(text))
  } catch (error) {
    throw new FileFormatError(name, `holds no preset as \`tweedie tune\` writes it: ${reason(error)}`)
  }
}
