import type { ValueBudget } from './budget.ts'
import { deepest } from './budget.ts'
import type { Fail } from './fail.ts'
import type { PickleValue } from './pickle.ts'

/** The items of a dictionary. */
type Items = ReadonlyMap<PickleValue, PickleValue>

/** What an object of EDM's was made by: its class, and the arguments of its constructor. */
interface Made {
  readonly className: string
  readonly args: PickleValue | undefined
  readonly kwargs: PickleValue | undefined
}

const made = new WeakMap<Items, Made>()

/** Modules of torch without parameters of their own, which hold others: read as the objects that they are. */
export const moduleContainers: readonly string[] = ['ModuleDict', 'ModuleList', 'Sequential'].map(
  (name) => `torch.nn.modules.container.${name}`,
)

const itemsOf = (value: PickleValue | undefined): Items | undefined =>
  typeof value === 'object' && value !== null && 'dict' in value ? value.dict : undefined
const listOf = (value: PickleValue | undefined): readonly PickleValue[] => {
  if (typeof value !== 'object' || value === null) return []
  return 'list' in value ? value.list : 'tuple' in value ? value.tuple : []
}

/**
 * What stands for a call of `_reconstruct_persistent_obj` (NVlabs/edm, torch_utils/persistence.py), which in Python would run
 * the source code that the file brings: the state of the object as data, of a module its tensors under the names of
 * its state dict. The code is not looked at.
 */
export const persistentObject =
  (budget: ValueBudget, fail: Fail) =>
  ([meta]: readonly PickleValue[]): PickleValue => {
    const fields = itemsOf(meta)
    const [className, state] = [fields?.get('class_name'), itemsOf(fields?.get('state'))]
    if (typeof className !== 'string' || state === undefined)
      return fail('pickle: an object is not described as torch_utils.persistence does')
    const dict = isModule(state) ? stateDict(state, budget, fail, 0) : copy(state, budget)
    made.set(dict, { className, args: state.get('_init_args'), kwargs: state.get('_init_kwargs') })
    return { dict, attributes: true }
  }

const isModule = (state: Items): boolean =>
  itemsOf(state.get('_parameters')) !== undefined && itemsOf(state.get('_modules')) !== undefined

/** Memory of an entry, about. */
const entry = 48
function copy(items: Items, budget: ValueBudget): Map<PickleValue, PickleValue> {
  budget.values(entry * items.size)
  return new Map(items)
}

/** The parameters and buffers of a module's attributes, and those of the modules in it. */
function stateDict(
  state: Items,
  budget: ValueBudget,
  fail: Fail,
  depth: number,
): Map<PickleValue, PickleValue> {
  if (depth > deepest) fail(`pickle: modules are nested deeper than ${deepest} levels`)
  const passing = listOf(state.get('_non_persistent_buffers_set'))
  const out = new Map<PickleValue, PickleValue>()
  // What is worked through is paid for each time: many modules may have one dictionary.
  const add = (name: PickleValue, value: PickleValue) => {
    budget.values(entry)
    if (value !== null) out.set(name, value)
  }
  for (const [name, value] of itemsOf(state.get('_parameters')) ?? []) add(name, value)
  for (const [name, value] of itemsOf(state.get('_buffers')) ?? []) {
    budget.values(passing.length)
    add(name, passing.includes(name) ? null : value)
  }
  for (const [name, value] of itemsOf(state.get('_modules')) ?? []) {
    const inner = itemsOf(value)
    if (inner === undefined) continue
    const dict = isModule(inner) ? stateDict(inner, budget, fail, depth + 1) : undefined
    add(name, (dict ?? inner).size === 0 ? null : dict === undefined ? value : { dict, attributes: true })
  }
  return out
}

/**
 * The configuration of the network in what a pickle holds, as JSON: `class_name` and the arguments of its constructor.
 * Undefined where none of EDM's objects with tensors is there.
 */
export function configurationIn(root: PickleValue, budget: ValueBudget): unknown {
  const top = itemsOf(root)
  if (top === undefined) return undefined
  const found = [top, ...[...top.values()].map(itemsOf)].flatMap((items) => {
    const by = items === undefined ? undefined : made.get(items)
    return by === undefined || itemsOf(by.kwargs) === undefined || !holdsModules(items) ? [] : [by]
  })[0]
  if (found === undefined) return undefined
  const positional = listOf(found.args)
  return {
    ...(json(found.kwargs, 0, budget) as object),
    class_name: found.className,
    // Not one that is known has any; where there are some, they are named.
    ...(positional.length === 0 ? {} : { init_args: positional.map((value) => json(value, 1, budget)) }),
  }
}

const holdsModules = (items: Items | undefined): boolean =>
  [...(items?.values() ?? [])].some((value) => itemsOf(value) !== undefined)

/** A value as JSON has it: infinity is null there, and what JSON does not have is an object that says what it is. */
function json(value: PickleValue | undefined, depth: number, budget: ValueBudget): unknown {
  budget.values(64)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || value === null) return value ?? null
  if (depth > deepest) return { nested: 'deeply' }
  const items = itemsOf(value)
  if (items !== undefined)
    return Object.fromEntries([...items].map(([key, item]) => [String(key), json(item, depth + 1, budget)]))
  if ('list' in value || 'tuple' in value) return listOf(value).map((item) => json(item, depth + 1, budget))
  return { value: 'plain' in value ? value.plain : 'no JSON' }
}
