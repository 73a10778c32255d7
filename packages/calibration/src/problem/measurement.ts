import type { Noise, Operator, OperatorEntry, Settings } from '@tweedie/solvers'
import {
  denoise,
  gaussianNoise,
  matrixOperator,
  noiseFromSpec,
  noises,
  operators,
  readSettings,
  specName,
  splitSpec,
} from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { fromData, OptionError, ShapeError, sizeOf } from '@tweedie/tensor'
import type { ReadArray } from './array.ts'
import { arrayAt, shapeInWords } from './array.ts'
import type { Fields } from './fields.ts'
import { choiceOf, within } from './fields.ts'

const host = { dtype: 'float64', device: 'reference' } as const

/** Runs `make`; what it throws is made to name `place`. */
export async function placing<T>(place: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof OptionError)
      throw error.option.startsWith(place) ? error : new OptionError(place, error.message)
    if (error instanceof ShapeError) throw new OptionError(place, error.message)
    throw error
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

async function matrixFrom(value: unknown, shape: Shape, read: ReadArray): Promise<Operator> {
  const place = 'operator.matrix'
  const given = await arrayAt(place, value, read)
  const d = sizeOf(shape)
  const [rows = 1, columns = 0] = given.shape.length === 1 ? [1, ...given.shape] : given.shape
  if (given.shape.length > 2 || given.shape.length === 0 || columns !== d)
    throw new OptionError(place, `must be [m, ${d}] for ${d} unknowns, got ${shapeInWords(given.shape)}`)
  const a = fromData(Float64Array.from(given.values), [rows, columns], host)
  return matrixOperator(a, { inShape: shape, name: 'matrix' })
}

/** An operator of the catalog, with the files that options of arrays name read. */
async function named(name: string, texts: Settings, shape: Shape, read: ReadArray): Promise<Operator> {
  const entry: OperatorEntry = operators.find(name)
  const settings: Record<string, unknown> = { ...texts }
  for (const [key, value] of Object.entries(texts)) {
    const spec = Object.hasOwn(entry.info.options, key) ? entry.info.options[key] : undefined
    if (spec?.control.kind !== 'array') continue
    const { shape: extents, values } = await arrayAt(within('operator', key), value, read)
    settings[key] = fromData(Float64Array.from(values), extents, host)
  }
  return entry.make(shape, readSettings(name, entry.info.options, settings))
}

/**
 * The operator of a description: `{ "matrix": … }`, 'identity', a text such as 'inpaint:box=2', or an object of one key
 * such as `{ "inpaint": { "box": 2 } }`.
 * @param shape - Of a sample.
 * @throws {OptionError} naming what does not fit.
 */
export const operatorOfDescription = (value: unknown, shape: Shape, read: ReadArray): Promise<Operator> =>
  placing('operator', () => {
    if (value === 'identity') return denoise(shape)
    if (typeof value === 'string') {
      const entry = operators.names.includes(specName(value)) ? operators.find(specName(value)) : undefined
      if (entry === undefined)
        throw new OptionError(
          'operator',
          `'${value}' is none: { "matrix": … }, "identity", or one of ${operators.names.join(', ')}`,
        )
      return named(entry.info.name, splitSpec('operator', value, entry.info).settings, shape, read)
    }
    const [name, of] = choiceOf(
      'operator',
      value,
      `{ "matrix": … }, "identity", or one of ${operators.names.join(', ')} with options`,
    )
    if (name === 'matrix') return matrixFrom(of, shape, read)
    if (name === 'identity') return denoise(shape)
    if (isFields(of)) return named(name, of, shape, read)
    const { positional } = operators.find(name).info
    if (positional === undefined)
      throw new OptionError(within('operator', name), `must be an object of its options`)
    return named(name, { [positional]: of }, shape, read)
  })

/**
 * The noise of a description: σ_y, a text such as 'poisson:peak=30' or 'none', or an object of one key such as
 * `{ "gaussian": 0.3 }`.
 * @throws {OptionError} naming what does not fit.
 */
export const noiseOfDescription = (value: unknown): Promise<Noise> =>
  placing('noise', () => {
    if (typeof value === 'number') return gaussianNoise(value)
    if (typeof value === 'string') return noiseFromSpec(value)
    const wanted = `σ_y, { "gaussian": σ_y }, or one of ${noises.names.join(', ')} with options`
    const [name, of] = choiceOf('noise', value, wanted)
    const { info, make } = noises.find(name)
    if (isFields(of)) return make(readSettings(name, info.options, of))
    if (info.positional === undefined)
      throw new OptionError(within('noise', name), 'must be an object of its options')
    return make({ [info.positional]: of })
  })
