import { FileFormatError } from '@tweedie/tensor'

/** What a pickle is made of here: scalars, text, containers, and the caller's own values. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | { readonly tuple: readonly PickleValue[] }
  | { readonly list: PickleValue[] }
  | { readonly dict: Map<PickleValue, PickleValue> }
  | { readonly global: string }
  | { readonly opaque: unknown }

/** What of the outside a pickle may use. Nothing else exists for it: no import, no call, no attribute. */
export interface PickleWorld {
  /** The functions that may be called, by 'module.name'; they get the arguments of the call. */
  readonly calls: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue>>
  /** Names that may be mentioned but not called. */
  readonly names: ReadonlySet<string>
  /** The object of a persistent id. */
  persistent(id: PickleValue): PickleValue
}

interface Machine {
  readonly stack: PickleValue[]
  readonly marks: number[]
  readonly memo: Map<number, PickleValue>
  readonly world: PickleWorld
  /** The next n bytes. */
  take(n: number): DataView
  fail(message: string): never
}

type Op = (m: Machine) => void

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
const push = (value: (m: Machine) => PickleValue): Op => {
  return (m) => {
    m.stack.push(value(m))
  }
}
const text = (m: Machine, length: number): string => {
  const view = m.take(length)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(view)
  } catch {
    return m.fail('pickle: text is not UTF-8')
  }
}
const line = (m: Machine): string => {
  let out = ''
  for (;;) {
    const c = m.take(1).getUint8(0)
    if (c === 10) return out
    if (out.length >= 200) return m.fail('pickle: a name is too long')
    out += String.fromCharCode(c)
  }
}
const global = (m: Machine, name: string): PickleValue =>
  Object.hasOwn(m.world.calls, name) || m.world.names.has(name)
    ? { global: name }
    : m.fail(`pickle: '${name}' is none of the things that a checkpoint of tensors is made of; refused`)
const is = <K extends string>(
  value: PickleValue,
  key: K,
): value is Extract<PickleValue, Record<K, unknown>> =>
  typeof value === 'object' && value !== null && key in value
const append = (m: Machine, items: readonly PickleValue[]) => {
  const target = top(m)
  if (!is(target, 'list')) return m.fail('pickle: appends to what is no list')
  for (const item of items) target.list.push(item)
}
const setItems = (m: Machine, items: readonly PickleValue[]) => {
  const target = top(m)
  if (!is(target, 'dict') || items.length % 2 !== 0)
    return m.fail('pickle: sets items of what is no dictionary')
  for (let i = 0; i < items.length; i += 2) target.dict.set(items[i]!, items[i + 1]!)
}
const tuple = (n: number): Op =>
  push((m) => {
    const items = Array.from({ length: n }, () => pop(m))
    return { tuple: items.reverse() }
  })
const put = (m: Machine, index: number) => {
  m.memo.set(index, top(m))
}
const get = (m: Machine, index: number): PickleValue =>
  m.memo.get(index) ?? (m.memo.has(index) ? null : m.fail(`pickle: nothing was kept as ${index}`))

function long(m: Machine): number {
  const length = m.take(1).getUint8(0)
  if (length > 8) return m.fail('pickle: an integer has more than 64 bits')
  const view = m.take(length)
  let value = 0n
  for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(view.getUint8(i))
  const number = Number(length === 0 ? 0n : BigInt.asIntN(8 * length, value))
  return Number.isSafeInteger(number) ? number : m.fail('pickle: an integer is beyond 2^53')
}

const code = (character: string) => character.charCodeAt(0)

/** The opcodes (of protocols 2 to 5) that containers of tensors are written with. */
const ops: ReadonlyMap<number, Op> = new Map<number, Op>([
  [0x95, (m) => void m.take(8)], // FRAME
  [code('('), (m) => void m.marks.push(m.stack.length)],
  [code('0'), (m) => void pop(m)],
  [code('N'), push(() => null)],
  [0x88, push(() => true)],
  [0x89, push(() => false)],
  [code('J'), push((m) => m.take(4).getInt32(0, true))],
  [code('K'), push((m) => m.take(1).getUint8(0))],
  [code('M'), push((m) => m.take(2).getUint16(0, true))],
  [0x8a, push(long)],
  [code('G'), push((m) => m.take(8).getFloat64(0, false))],
  [code('X'), push((m) => text(m, m.take(4).getUint32(0, true)))],
  [0x8c, push((m) => text(m, m.take(1).getUint8(0)))],
  [code(')'), tuple(0)],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [code('t'), push((m) => ({ tuple: popMark(m) }))],
  [code(']'), push(() => ({ list: [] }))],
  [code('l'), push((m) => ({ list: popMark(m) }))],
  [code('a'), (m) => append(m, [pop(m)])],
  [code('e'), (m) => append(m, popMark(m))],
  [code('}'), push(() => ({ dict: new Map() }))],
  [code('u'), (m) => setItems(m, popMark(m))],
  [
    code('s'),
    (m) => {
      const value = pop(m)
      setItems(m, [pop(m), value])
    },
  ],
  [code('q'), (m) => put(m, m.take(1).getUint8(0))],
  [code('r'), (m) => put(m, m.take(4).getUint32(0, true))],
  [0x94, (m) => put(m, m.memo.size)],
  [code('h'), push((m) => get(m, m.take(1).getUint8(0)))],
  [code('j'), push((m) => get(m, m.take(4).getUint32(0, true)))],
  [code('c'), push((m) => global(m, `${line(m)}.${line(m)}`))],
  [
    0x93,
    push((m) => {
      const [name, module] = [pop(m), pop(m)]
      return global(m, `${String(module)}.${String(name)}`)
    }),
  ],
  [code('Q'), push((m) => m.world.persistent(pop(m)))],
  [
    code('R'),
    push((m) => {
      const [args, callee] = [pop(m), pop(m)]
      if (!is(callee, 'global') || !is(args, 'tuple') || !Object.hasOwn(m.world.calls, callee.global))
        return m.fail('pickle: calls what is no known function')
      return m.world.calls[callee.global]!(args.tuple)
    }),
  ],
  // BUILD sets attributes, of which a dictionary's (`_metadata` of a state dict) say nothing about its items.
  [
    code('b'),
    (m) => {
      pop(m)
      if (!is(top(m), 'dict')) m.fail('pickle: sets attributes of what is no dictionary')
    },
  ],
])

/**
 * Interprets a pickle as data: containers, scalars and what `world` grants. An opcode or a name outside that
 * is refused, so that a file can make nothing run.
 * @throws {FileFormatError} saying what was refused or does not fit.
 */
export function parsePickle(bytes: Uint8Array, file: string, world: PickleWorld): PickleValue {
  let at = 0
  const fail = (message: string): never => {
    throw new FileFormatError(file, message)
  }
  const take = (n: number): DataView => {
    if (n > bytes.length - at) fail('pickle: truncated')
    at += n
    return new DataView(bytes.buffer, bytes.byteOffset + at - n, n)
  }
  const machine: Machine = { stack: [], marks: [], memo: new Map(), world, take, fail }
  if (take(1).getUint8(0) !== 0x80) fail('pickle: no protocol at the start; protocols 2 to 5 are read')
  const protocol = take(1).getUint8(0)
  if (protocol < 2 || protocol > 5) fail(`pickle: protocol ${protocol}; 2 to 5 are read`)
  for (;;) {
    const opcode = take(1).getUint8(0)
    if (opcode === code('.'))
      return machine.marks.length === 0 ? pop(machine) : fail('pickle: a mark is left open')
    const op = ops.get(opcode) ?? fail(`pickle: opcode 0x${opcode.toString(16)} is not one of data; refused`)
    op(machine)
  }
}
