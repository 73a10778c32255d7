import { show } from '../fields.ts'
import type { Budget } from './budget.ts'
import { deepest } from './budget.ts'
import type { Fail } from './fail.ts'
import type { PickleValue } from './pickle.ts'
import { opaque, TorchStorage, TorchTensor } from './torch-world.ts'

/** What lies beside the tensors: its name and what it is. */
export interface Beside {
  readonly name: string
  readonly what: string
}

/** Things beside the tensors that are told of, at most. */
const mostBeside = 1000

/**
 * The tensors within containers, by their names, and what lies beside them. A container that holds none is
 * one thing. What is met in two places is read in both, as long as the budget lasts.
 */
export function collectTensors(
  root: PickleValue,
  budget: Budget,
  fail: Fail,
): { tensors: ReadonlyMap<string, TorchTensor>; beside: readonly Beside[] } {
  const tensors = new Map<string, TorchTensor>()
  const beside: Beside[] = []
  const add = (name: string, tensor: TorchTensor) => {
    budget.values(256 + 4 * name.length)
    if (tensors.has(name)) fail(`two tensors are named ${show(name)}`)
    tensors.set(name, tensor)
  }
  const tell = (name: string, value: PickleValue) => {
    if (beside.length < mostBeside) beside.push({ name, what: whatIs(value) })
  }
  /** Whether there are tensors in `value`. */
  const visit = (value: PickleValue, name: string, depth: number): boolean => {
    const found = opaque(value)
    if (found instanceof TorchTensor) {
      add(name, found)
      return true
    }
    const children = childrenOf(value)
    budget.values(children === undefined ? 8 : 192)
    if (children === undefined) return false
    if (depth > deepest) fail(`containers are nested deeper than ${deepest} levels`)
    const others: (readonly [string, PickleValue])[] = []
    let any = false
    for (const [key, item] of children) {
      if (typeof item !== 'object' && others.length >= mostBeside) continue
      const inner = name === '' ? key() : `${name}.${key()}`
      if (visit(item, inner, depth + 1)) any = true
      else if (others.length < mostBeside) others.push([inner, item])
    }
    if (any || depth === 0) for (const [inner, item] of others) tell(inner, item)
    return any
  }
  if (opaque(root) instanceof TorchTensor) visit(root, 'tensor', 0)
  else if (childrenOf(root) === undefined) fail(`does not hold a dictionary of tensors, but ${whatIs(root)}`)
  else if (!visit(root, '', 0) && beside.length > 0)
    fail(
      `holds no tensor, only ${beside
        .slice(0, 5)
        .map(({ name, what }) => `${show(name)} (${what})`)
        .join(', ')}`,
    )
  return { tensors, beside }
}

type Children = Iterable<readonly [key: () => string, value: PickleValue]>

function childrenOf(value: PickleValue): Children | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if ('dict' in value) return entriesOf(value.dict)
  if ('list' in value) return indexed(value.list)
  return 'tuple' in value ? indexed(value.tuple) : undefined
}

function* entriesOf(dict: ReadonlyMap<PickleValue, PickleValue>): Children {
  for (const [key, item] of dict) yield [() => keyText(key), item]
}

function* indexed(items: readonly PickleValue[]): Children {
  for (const [i, item] of items.entries()) yield [() => String(i), item]
}

/** A dictionary's key as a part of a name. */
function keyText(key: PickleValue, depth = 0): string {
  if (typeof key === 'string') return key
  if (typeof key === 'number') return String(key)
  if (typeof key === 'object' && key !== null && 'tuple' in key && depth < 4)
    return `(${key.tuple
      .slice(0, 20)
      .map((part) => keyText(part, depth + 1))
      .join(',')})`
  return whatIs(key)
}

/** What a value is, in a word. */
function whatIs(value: PickleValue): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (typeof value === 'string') return 'str'
  if ('plain' in value) return value.plain
  if ('global' in value) return value.global
  if ('opaque' in value) return value.opaque instanceof TorchStorage ? 'a storage' : 'a tensor'
  return 'dict' in value
    ? value.attributes === true
      ? 'object'
      : 'dict'
    : 'list' in value
      ? 'list'
      : 'tuple'
}
