import { show } from '../fields.ts'
import type { Budget } from './budget.ts'
import { memorySource } from './bytes.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import type { PickleCursor } from './pickle-cursor.ts'
import { pickleCursor } from './pickle-cursor.ts'

/** What a pickle is made of here: scalars, text, containers, and the caller's own values. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | { readonly tuple: readonly PickleValue[] }
  | { readonly list: PickleValue[] }
  /** A dictionary; `attributes` where it stands for an object, whose attributes are its items. */
  | { readonly dict: Map<PickleValue, PickleValue>; readonly attributes?: true }
  | { readonly global: string }
  /** A value of the outside. */
  | { readonly opaque: unknown }
  /** Plain data of which no more is kept than what it is; of bytes, where they lie in what the pickle is read from. */
  | { readonly plain: string; readonly range?: { readonly offset: number; readonly length: number } }

/** What of the outside a pickle may use. Nothing else exists for it: no import, no call, no attribute. */
export interface PickleWorld {
  /** The functions that may be called, by 'module.name'; they get the arguments of the call. */
  readonly calls: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue>>
  /** Whether a name may be mentioned but not called. */
  mentions(name: string): boolean
  /** The object of a persistent id. */
  persistent(id: PickleValue): PickleValue
}

interface Machine {
  readonly stack: PickleValue[]
  readonly marks: number[]
  readonly memo: Map<number, PickleValue>
  readonly world: PickleWorld
  readonly budget: Budget
  readonly cursor: PickleCursor
  fail(message: string): never
}

type Op = (m: Machine) => void

/** Memory of a value, about: what the budget is charged. */
const cost = { opcode: 4, number: 8, container: 64, dict: 192, item: 8, entry: 48, memo: 40 } as const

const pop = (m: Machine): PickleValue => {
  const floor = m.marks.at(-1) ?? 0
  return m.stack.length > floor ? m.stack.pop()! : m.fail('pickle: takes a value that is not there')
}
const popMark = (m: Machine): PickleValue[] => {
  const mark = m.marks.pop()
  return mark === undefined ? m.fail('pickle: there is no mark') : m.stack.splice(mark)
}
const top = (m: Machine): PickleValue => {
  const value = pop(m)
  m.stack.push(value)
  return value
}
const push = (value: (m: Machine) => PickleValue, bytes: number = cost.number): Op => {
  return (m) => {
    m.budget.values(bytes)
    m.stack.push(value(m))
  }
}
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
/** Text; what is no UTF-8 (Python lets halves of surrogate pairs pass, Python 2 any bytes) becomes U+FFFD. */
const text = (m: Machine, length: number): string => {
  const view = m.cursor.take(length)
  m.budget.values(2 * length)
  return decoder.decode(view)
}
/** Bytes: only that they are there, and where. */
const raw =
  (what: string) =>
  (m: Machine, length: number): PickleValue => {
    const offset = m.cursor.position()
    m.cursor.skip(length)
    return { plain: what, range: { offset, length } }
  }
const line = (m: Machine): string => {
  let out = ''
  for (;;) {
    const c = m.cursor.byte()
    if (c === 10) return out
    if (out.length >= 200) return m.fail('pickle: a name is too long')
    out += String.fromCharCode(c)
  }
}
const global = (m: Machine, name: string): PickleValue =>
  Object.hasOwn(m.world.calls, name) || m.world.mentions(name)
    ? { global: name }
    : m.fail(
        `pickle: ${show(name)} is none of the things that a checkpoint of tensors is made of; refused (save the state_dict() alone)`,
      )
const is = <K extends string>(
  value: PickleValue,
  key: K,
): value is Extract<PickleValue, Record<K, unknown>> =>
  typeof value === 'object' && value !== null && key in value
const append = (m: Machine, items: readonly PickleValue[]) => {
  const target = top(m)
  m.budget.values(cost.item * items.length)
  if (is(target, 'list')) for (const item of items) target.list.push(item)
  else if (!is(target, 'plain')) m.fail('pickle: appends to what is no list')
}
const setItems = (m: Machine, items: readonly PickleValue[]) => {
  const target = top(m)
  if (items.length % 2 !== 0 || !(is(target, 'dict') || is(target, 'plain')))
    return m.fail('pickle: sets items of what is no dictionary')
  m.budget.values((cost.entry * items.length) / 2)
  if (is(target, 'dict')) for (let i = 0; i < items.length; i += 2) target.dict.set(items[i]!, items[i + 1]!)
}
const dictOf = (m: Machine, items: readonly PickleValue[]): PickleValue => {
  m.stack.push({ dict: new Map() })
  setItems(m, items)
  return pop(m)
}
const counted = (m: Machine, items: PickleValue[]): PickleValue[] => {
  m.budget.values(cost.item * items.length)
  return items
}
const tuple = (n: number): Op =>
  push((m) => {
    const items = Array.from({ length: n }, () => pop(m))
    return { tuple: items.reverse() }
  }, cost.container)
const put = (m: Machine, index: number) => {
  m.budget.values(cost.memo)
  m.memo.set(index, top(m))
}
const get = (m: Machine, index: number): PickleValue =>
  m.memo.get(index) ?? (m.memo.has(index) ? null : m.fail(`pickle: nothing was kept as ${index}`))

/** An integer of any length; of one beyond 2⁵³ only that it is one. */
function long(m: Machine, length: number): PickleValue {
  if (length > 8) {
    m.cursor.skip(length)
    return { plain: 'int' }
  }
  const view = m.cursor.take(length)
  let value = 0n
  for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(view.getUint8(i))
  const number = Number(length === 0 ? 0n : BigInt.asIntN(8 * length, value))
  return Number.isSafeInteger(number) ? number : { plain: 'int' }
}

const call = (m: Machine, callee: PickleValue, args: PickleValue): PickleValue => {
  if (!is(callee, 'global') || !is(args, 'tuple') || !Object.hasOwn(m.world.calls, callee.global))
    return m.fail('pickle: calls what is no known function')
  m.budget.values(cost.item * args.tuple.length)
  return m.world.calls[callee.global]!(args.tuple)
}

/**
 * Sets attributes of the value below. Those of a dictionary (`_metadata` of a state dict) and of plain data
 * say nothing about what is read.
 */
const build = (m: Machine) => {
  const state = pop(m)
  const target = top(m)
  if (is(target, 'plain')) return
  if (!is(target, 'dict')) return m.fail('pickle: sets attributes of what is no dictionary')
  if (target.attributes !== true) return
  for (const part of is(state, 'tuple') ? state.tuple : [state])
    if (is(part, 'dict'))
      for (const [key, value] of part.dict) {
        m.budget.values(cost.entry)
        target.dict.set(key, value)
      }
}

const code = (character: string) => character.charCodeAt(0)
const length8 = (m: Machine): number => {
  const view = m.cursor.take(8)
  return view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true)
}
const length4 = (m: Machine): number => m.cursor.take(4).getUint32(0, true)
const length1 = (m: Machine): number => m.cursor.byte()
/** A value whose length stands before it. */
const sized = (length: (m: Machine) => number, read: (m: Machine, length: number) => PickleValue): Op =>
  push((m) => read(m, length(m)), cost.container)

/** The opcodes (of protocols 2 to 5) that data is written with. */
const table: ReadonlyMap<number, Op> = new Map<number, Op>([
  [0x95, (m) => m.cursor.skip(8)], // FRAME
  [
    code('('),
    (m) => {
      m.budget.values(cost.number)
      m.marks.push(m.stack.length)
    },
  ],
  [code('0'), (m) => void pop(m)],
  [code('1'), (m) => void popMark(m)],
  [code('2'), push((m) => top(m))],
  [code('N'), push(() => null)],
  [0x88, push(() => true)],
  [0x89, push(() => false)],
  [code('J'), push((m) => m.cursor.take(4).getInt32(0, true))],
  [code('K'), push((m) => m.cursor.byte())],
  [code('M'), push((m) => m.cursor.take(2).getUint16(0, true))],
  [0x8a, push((m) => long(m, length1(m)))],
  [0x8b, push((m) => long(m, length4(m)))],
  [code('G'), push((m) => m.cursor.take(8).getFloat64(0, false))],
  [code('X'), sized(length4, text)],
  [0x8c, sized(length1, text)],
  [0x8d, sized(length8, text)],
  [code('T'), sized(length4, text)],
  [code('U'), sized(length1, text)],
  [code('B'), sized(length4, raw('bytes'))],
  [code('C'), sized(length1, raw('bytes'))],
  [0x8e, sized(length8, raw('bytes'))],
  [0x96, sized(length8, raw('bytearray'))],
  [code(')'), tuple(0)],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [code('t'), push((m) => ({ tuple: counted(m, popMark(m)) }), cost.container)],
  [code(']'), push(() => ({ list: [] }), cost.container)],
  [code('l'), push((m) => ({ list: counted(m, popMark(m)) }), cost.container)],
  [code('a'), (m) => append(m, [pop(m)])],
  [code('e'), (m) => append(m, popMark(m))],
  // A set is a list here.
  [0x8f, push(() => ({ list: [] }), cost.container)],
  [0x90, (m) => append(m, popMark(m))],
  [0x91, push((m) => ({ list: counted(m, popMark(m)) }), cost.container)],
  [code('}'), push(() => ({ dict: new Map() }), cost.dict)],
  [code('d'), push((m) => dictOf(m, popMark(m)), cost.dict)],
  [code('u'), (m) => setItems(m, popMark(m))],
  [
    code('s'),
    (m) => {
      const value = pop(m)
      setItems(m, [pop(m), value])
    },
  ],
  [code('q'), (m) => put(m, m.cursor.byte())],
  [code('r'), (m) => put(m, length4(m))],
  [0x94, (m) => put(m, m.memo.size)],
  [code('h'), push((m) => get(m, m.cursor.byte()))],
  [code('j'), push((m) => get(m, length4(m)))],
  [code('c'), push((m) => global(m, `${line(m)}.${line(m)}`), cost.container)],
  [
    0x93,
    push((m) => {
      const [name, module] = [pop(m), pop(m)]
      return typeof name === 'string' && typeof module === 'string'
        ? global(m, `${module}.${name}`)
        : m.fail('pickle: names what is no text')
    }, cost.container),
  ],
  [code('Q'), push((m) => m.world.persistent(pop(m)), cost.container)],
  [code('b'), build],
  // REDUCE, NEWOBJ and NEWOBJ_EX: the class is one of the known functions.
  ...[code('R'), 0x81].map((opcode): [number, Op] => [
    opcode,
    push((m) => {
      const [args, callee] = [pop(m), pop(m)]
      return call(m, callee, args)
    }, cost.dict),
  ]),
  [
    0x92,
    push((m) => {
      const [, args, callee] = [pop(m), pop(m), pop(m)]
      return call(m, callee, args)
    }, cost.dict),
  ],
])
const ops: readonly (Op | undefined)[] = Array.from({ length: 256 }, (_, opcode) => table.get(opcode))

/**
 * Interprets a pickle as data: containers, scalars and what `world` grants. An opcode or a name outside that
 * is refused, so that a file can make nothing run. The budget is charged for every opcode and value.
 * @throws {FileFormatError} saying what was refused or does not fit.
 */
export const parsePickle = (
  bytes: Uint8Array,
  file: string,
  world: PickleWorld,
  budget: Budget,
): PickleValue => {
  const fail = failIn(file)
  return readPickle(pickleCursor(memorySource(bytes), 0, fail), world, budget, fail)
}

/** {@link parsePickle} of the bytes from a cursor on, which then stands behind the pickle. */
export function readPickle(
  cursor: PickleCursor,
  world: PickleWorld,
  budget: Budget,
  fail: Fail,
): PickleValue {
  const machine: Machine = { stack: [], marks: [], memo: new Map(), world, budget, cursor, fail }
  if (cursor.byte() !== 0x80) fail('pickle: no protocol at the start; protocols 2 to 5 are read')
  const protocol = cursor.byte()
  if (protocol < 2 || protocol > 5) fail(`pickle: protocol ${protocol}; 2 to 5 are read`)
  for (;;) {
    const opcode = cursor.byte()
    if (opcode === code('.'))
      return machine.marks.length === 0 ? pop(machine) : fail('pickle: a mark is left open')
    budget.values(cost.opcode)
    const op = ops[opcode] ?? fail(`pickle: opcode 0x${opcode.toString(16)} is not one of data; refused`)
    op(machine)
  }
}
