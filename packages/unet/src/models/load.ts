import type { Device, Shape, Tensor } from '@tweedie/tensor'
import { FileFormatError, formatShape, fromWriter, sameShape, scope } from '@tweedie/tensor'
import type { ParamSource, SpecDifference } from '../param-source.ts'
import { shapesOf } from '../param-source.ts'
import type { ParamSpec, Params } from '../params.ts'

export interface LoadOptions {
  readonly device?: string | Device
  /**
   * Says which field of the configuration would explain the differences; the member `explain` of an architecture does
   * it.
   */
  readonly explain?: (difference: SpecDifference) => string | undefined
  /** Makes a tensor of a parameter's values, in place of a plain one of float32. */
  readonly keep?: (
    values: Float32Array | Float64Array,
    shape: Shape,
    name: string,
    path: string,
    device?: string | Device,
  ) => Tensor
}

/** Compares the names and shapes of a file with a spec; undefined where they agree. */
export function compareWithSpec(file: ParamSource, spec: ParamSpec): SpecDifference | undefined {
  const found = shapesOf(file)
  const missing = Object.keys(spec).filter((name) => !found.has(name))
  const unexpected = [...found.keys()].filter((name) => !Object.hasOwn(spec, name))
  const reshaped = Object.entries(spec).flatMap(([name, expected]) => {
    const shape = found.get(name)
    return shape === undefined || sameShape(shape, expected) ? [] : [{ name, expected, found: shape }]
  })
  return missing.length + unexpected.length + reshaped.length === 0
    ? undefined
    : { missing, unexpected, reshaped, file: found }
}

/**
 * The parameters of a model from a file, as float32, in the order of the spec.
 * @param path - Name of the file, for messages.
 * @throws {FileFormatError} that lists which names are missing, unexpected or of another shape and, where
 *   `explain` can tell, which field of the configuration is off.
 */
export function loadParams(
  source: ParamSource,
  spec: ParamSpec,
  path: string,
  options: LoadOptions = {},
): Params {
  const difference = compareWithSpec(source, spec)
  if (difference !== undefined) {
    const hint = options.explain?.(difference)
    const why = hint === undefined ? '' : `; ${hint}`
    throw new FileFormatError(path, `does not fit the configuration: ${describe(difference)}${why}`)
  }
  // Where a value cannot be read, the scope frees those before it.
  return scope(() => {
    const { device, keep } = options
    const load = (name: string, shape: Shape): Tensor =>
      keep?.(source.values(name), shape, name, path, device) ??
      fromWriter(
        shape,
        (into) => {
          const values = source.values(name, into)
          if (values !== into) into.set(values)
        },
        options,
      )
    // As own properties, whatever the name: '__proto__' must not reach a prototype.
    return Object.fromEntries(Object.entries(spec).map(([name, shape]) => [name, load(name, shape)]))
  })
}

/**
 * All tensors of a file under its own names, as float32, for a network written with `layers`.
 * @throws {FileFormatError} for values that cannot be read.
 * @example
 * ```ts no-run
 * import { layers, paramsOf } from '@tweedie/unet'
 * import { readParams } from '@tweedie/unet/node'
 * const p = paramsOf(readParams('model.pt'))
 * ```
 */
export const paramsOf = (source: ParamSource, options: Pick<LoadOptions, 'device'> = {}): Params =>
  loadParams(source, Object.fromEntries(shapesOf(source)), '', options)

const shown = 5

function list<T>(items: readonly T[], format: (item: T) => string): string {
  const more = items.length > shown ? ` and ${items.length - shown} more` : ''
  return items.slice(0, shown).map(format).join(', ') + more
}

function describe({ missing, unexpected, reshaped }: SpecDifference): string {
  const parts: string[] = []
  if (missing.length > 0) parts.push(`missing ${list(missing, (name) => name)}`)
  if (unexpected.length > 0) parts.push(`unexpected ${list(unexpected, (name) => name.slice(0, 80))}`)
  if (reshaped.length > 0) {
    parts.push(
      `of another shape ${list(reshaped, (r) => `${r.name} ${formatShape(r.found)} (expected ${formatShape(r.expected)})`)}`,
    )
  }
  return parts.join('; ')
}
