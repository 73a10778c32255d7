import { FileFormatError } from '@tweedie/tensor'
import { show } from '../../fields.ts'
import type { ParamSource } from '../../param-source.ts'
import { iddpmLevels } from './preconditioning.ts'
import { fromScoreSde } from './score-sde.ts'
import { resampleFilters } from './spec.ts'
import type { EdmConfig } from './types.ts'

/** What stands after `model.` in the state dict of a denoiser, wherever that is. */
const inDenoiser = /(^|\.)model\.((?:map_(?:noise|label|augment|layer[01])|enc|dec|out_norm|out_conv)\.)/
const plainName = (name: string): string => name.replace(inDenoiser, '$1$2')

/** The name of a tensor that follows from the configuration, without what stands before it. */
const derived = /(?:^|\.)((?:enc|dec)\.[^.]+(?:\.(?:conv0|skip))?\.resample_filter|u)$/

/**
 * A file under the names of the network: `model.`, where a denoiser holds it, taken off, and those of score_sde translated. With a configuration, the tensors
 * that follow from it (filters of resampling, the levels of `iddpm`) are compared with it and left out.
 * @throws {FileFormatError} where one of those says otherwise.
 */
export function edmNames(
  file: ParamSource,
  read?: { readonly config: EdmConfig; readonly file: string },
): ParamSource {
  const source = fromScoreSde(file, read?.config.imageSize)
  const stored = new Map(source.entries.map(({ name }) => [plainName(name), name]))
  if (stored.size !== source.entries.length) return source // Two names for one tensor: the loader will say what is wrong.
  const values = (name: string) => source.values(stored.get(name) ?? name)
  const entries = source.entries.map((entry) => ({ ...entry, name: plainName(entry.name) }))
  if (read === undefined) return { entries, values }
  const expected = derivedTensors(read.config)
  return {
    entries: entries.filter(({ name, shape }) => {
      const wanted = expected.get(derived.exec(name)?.[1] ?? '')
      if (wanted === undefined || shape.reduce((a, b) => a * b, 1) !== wanted.values.length) return true
      const found = values(name)
      const off = wanted.values.findIndex(
        (value, i) => !(Math.abs(found[i]! - value) <= 1e-3 * Math.abs(value) + 1e-6),
      )
      if (off < 0) return false
      throw new FileFormatError(
        read.file,
        `${show(name)} holds ${found[off]} where ${wanted.field} makes it ${wanted.values[off]}: another ${wanted.field} would have to be said`,
      )
    }),
    values,
  }
}

/** Tensors that follow from the configuration, by name: their elements, and the field that makes them. */
function derivedTensors(
  config: EdmConfig,
): ReadonlyMap<string, { values: readonly number[]; field: string }> {
  const taps = config.resampleFilter
  const total = taps.reduce((sum, tap) => sum + tap, 0)
  const filter = taps.flatMap((row) => taps.map((column) => (row * column) / total ** 2))
  const tensors = new Map(
    resampleFilters(config).map((name) => [name, { values: filter, field: 'resampleFilter' }]),
  )
  const { preconditioning: p } = config
  if (p?.kind === 'iddpm') tensors.set('u', { values: Array.from(iddpmLevels(p)), field: 'preconditioning' })
  return tensors
}
