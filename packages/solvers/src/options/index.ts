export type { Catalog, Chosen, Described, Info } from './catalog.ts'
export { catalog } from './catalog.ts'
export { fill, fillSettings, findOption, formatValue } from './fill.ts'
export type { Kind } from './kind.ts'
export { kind, madeFrom } from './kind.ts'
export type { SpecText } from './parse.ts'
export { formatSpec, readSettings, specName, splitSpec } from './parse.ts'
export { readText } from './read-text.ts'
export type {
  Control,
  Filled,
  Given,
  Limits,
  OptionSpec,
  Pair,
  Settings,
  Settled,
  Specs,
  ValueOf,
} from './spec.ts'
export { array, choice, flag, integer, interval, number, object, pair, sides, text } from './spec.ts'
export { tensorOption } from './tensor-option.ts'
