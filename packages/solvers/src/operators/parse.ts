import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { OptionValue } from './options.ts'
import { checkOptions, knownOption } from './options.ts'
import type { OperatorEntry, OperatorName } from './registry.ts'
import { operators } from './registry.ts'
import type { ImageOperator } from './spectral-operator.ts'

/** An operator by name with its options, still without an image size. */
export interface OperatorSpec {
  readonly name: OperatorName
  readonly options: Readonly<Record<string, OptionValue>>
}

/**
 * Reads `name`, `name:value` or `name:key=value,key=value`, such as `denoise`, `sr:4`, `inpaint:box=14x10,at=0x3`,
 * `inpaint:random=0.7,seed=1`, `blur:size=9,std=1.5,boundary=zero`, `grey:weights=luma`.
 * @throws {OptionError} for an unknown operator (naming the known ones), an unknown option (naming those that the
 *   operator has), one given twice, or a value that does not fit. Its `option` is 'operator'.
 * @example
 * ```ts
 * import { parseOperator } from '@tweedie/solvers'
 * parseOperator('inpaint:box=14x10') // => { name: 'inpaint', options: { box: [14, 10] } }
 * ```
 */
export function parseOperator(spec: string): OperatorSpec {
  const colon = spec.indexOf(':')
  const name = (colon < 0 ? spec : spec.slice(0, colon)).trim()
  if (!Object.hasOwn(operators, name)) {
    throw new OptionError('operator', `no operator '${name}'; there are ${Object.keys(operators).join(', ')}`)
  }
  const entry: OperatorEntry = operators[name as OperatorName]
  const options: Record<string, OptionValue> = {}
  for (const part of colon < 0 ? [] : spec.slice(colon + 1).split(',')) {
    const equals = part.indexOf('=')
    const key = equals < 0 ? entry.positional : part.slice(0, equals).trim()
    const text = part.slice(equals + 1).trim()
    if (key === undefined || text === '') {
      throw new OptionError(
        'operator',
        `'${part}' in '${spec}' is no key=value; for example ${entry.example}`,
      )
    }
    const option = knownOption(name, entry.options, key)
    if (Object.hasOwn(options, key)) throw new OptionError('operator', `'${spec}' gives ${key} twice`)
    const value = option.parse(text)
    if (value === undefined) {
      throw new OptionError('operator', `'${name}' takes ${key} = ${option.range}, got '${text}'`)
    }
    options[key] = value
  }
  checkOptions(name, entry.options, options)
  return { name: name as OperatorName, options }
}

/**
 * The operator that a spec describes (see {@link parseOperator}), for images of `shape` [C, H, W].
 * @throws {OptionError} for a spec that is wrong or does not fit the shape.
 * @throws {ShapeError} for a shape that the operator cannot have.
 * @example
 * ```ts
 * import { operatorFromSpec } from '@tweedie/solvers'
 * operatorFromSpec('inpaint:random=0.7,seed=1', [1, 28, 28]).observed // => 235
 * ```
 */
export function operatorFromSpec(spec: string, shape: Shape): ImageOperator {
  const { name, options } = parseOperator(spec)
  return operators[name].make(shape, options)
}
