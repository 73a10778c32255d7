import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longestHostBytes } from './host-memory.ts'
import type { HostileCall, Inputs, Plain } from './hostile-calls.test.helper.ts'
import {
  hostileCalls,
  hostileNumbers,
  listsIn,
  numbersIn,
  replaced,
  withoutNumbers,
} from './hostile-calls.test.helper.ts'
import type { Device, Tensor, TypedArray } from './index.ts'
import * as T from './index.ts'
import { unaryNames } from './primitives.ts'
import { ReferenceDevice } from './reference/index.ts'

/** Values that a call gave, or the typed error that it threw. */
type Outcome =
  | { readonly shape: readonly number[]; readonly values: readonly number[] }
  | { readonly error: Error }

const small = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 5) % 7) - 3)

const inputsOn = (device: Device): Inputs => ({
  device,
  x: (...shape) => T.fromData(small(T.sizeOf(shape)), shape, { device }),
  i: (...values) => T.fromData(values, [values.length], { device, dtype: 'int32' }),
})

/** A device with tensors of somebody else on it. */
class Guarded {
  readonly name: string
  private readonly device: Device
  private readonly canaries: readonly Tensor[]
  private readonly bits: readonly Buffer[]
  private readonly used: number

  constructor(name: string, device: Device) {
    this.name = name
    this.device = device
    T.scope(() => T.ones([3], { device }).add(T.ones([3], { device })))
    this.canaries = [5, 0.1, -7].map((value) => T.full([5000], value, { device }))
    this.bits = this.canaries.map(bytesOf)
    this.used = this.held()
  }

  /** Bytes in use, when a device has given up its working areas for a request that it has no room for. */
  private held(): number {
    expect(() => T.zeros([2 ** 40], { device: this.device })).toThrow(T.OutOfMemoryError)
    return this.device.info().memory?.used ?? 0
  }

  /** What a call does; fails for errors without a type, and where anything but its result has changed. */
  outcome({ run }: HostileCall, args: readonly Plain[]): Outcome {
    const before = T.memory()
    const outcome = T.scope(() => this.attempt(() => run(inputsOn(this.device), ...(args as never[]))))
    // Somebody goes on working: a heap whose end has moved would give them the canaries' memory.
    T.scope(() => {
      const y = T.full([4000], 2, { device: this.device }).add(T.ones([1], { device: this.device }))
      expect(y.dataSync().every((value) => value === 3)).toBe(true)
    })
    this.canaries.forEach((canary, i) => expect(bytesOf(canary).equals(this.bits[i]!)).toBe(true))
    expect(T.memory()).toEqual({ ...before, peakBytes: expect.any(Number) })
    return outcome
  }

  private attempt(run: () => ReturnType<HostileCall['run']>): Outcome {
    try {
      const result = run()
      if (T.isTensor(result)) return { shape: result.shape, values: Array.from(result.dataSync()) }
      if (typeof result === 'object' && 'length' in result) return { shape: [], values: Array.from(result) }
      throw new Error('a call that gives neither a tensor nor numbers')
    } catch (error) {
      if (error instanceof T.TweedieError) return { error }
      throw error
    }
  }

  /** Gives everything back, and finds nothing else held. */
  close(): void {
    expect(this.held()).toBe(this.used)
    for (const canary of this.canaries) canary.dispose()
  }
}

function bytesOf(x: Tensor): Buffer {
  const data: TypedArray = x.dataSync()
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

let devices: readonly [Guarded, Guarded]
beforeAll(() => {
  devices = [
    new Guarded('wasm', T.createWasmDevice({ threads: 1, maxBytes: 2 ** 26 })),
    new Guarded('reference', new ReferenceDevice()),
  ]
})
afterAll(() => {
  for (const device of devices) device.close()
})

/** Integers agree exactly; what goes through exponentials and roots to rounding. */
const near = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(a), Math.abs(b))

/** Makes a call on both devices: both refuse it, or both give the same; `wasm` may have too little room. */
function check(call: HostileCall, args: readonly Plain[]): void {
  const [wasm, reference] = devices
  const a = wasm.outcome(call, args)
  const tooLarge = 'error' in a && a.error instanceof T.DeviceError ? a.error : undefined
  // What the other has room for may take it long.
  const requested = tooLarge instanceof T.OutOfMemoryError ? tooLarge.shortage.requestedBytes : 0
  if (tooLarge !== undefined && requested <= longestHostBytes) return
  const b = reference.outcome(call, args)
  if ('error' in a || 'error' in b) {
    const errors = [a, b].flatMap((outcome) => ('error' in outcome ? [outcome.error] : []))
    if (errors.length < 2) throw errors[0]
    return
  }
  expect(b.shape).toEqual(a.shape)
  expect(b.values.length).toBe(a.values.length)
  const at = a.values.findIndex((value, i) => !near(value, b.values[i]!))
  if (at >= 0) throw new Error(`element ${at} is ${a.values[at]} on wasm and ${b.values[at]} on reference`)
}

/** The argument list with one change, in words for the message of a failure. */
const told = (args: readonly Plain[]): string =>
  JSON.stringify(args, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value)
      ? String(value)
      : value === undefined
        ? 'undefined'
        : value,
  )

function checkTold(call: HostileCall, args: readonly Plain[]): void {
  try {
    check(call, args)
  } catch (error) {
    throw new Error(`with ${told(args)}`, { cause: error })
  }
}

test('every public function is tried here, or takes no numbers', () => {
  const functions = Object.entries(T).flatMap(([name, value]) =>
    typeof value === 'function' && !/^[A-Z]/.test(name) ? [name] : [],
  )
  const tried = Object.keys(hostileCalls).map((name) => name.split(' ')[0]!)
  expect(functions.filter((name) => !tried.includes(name) && !withoutNumbers.includes(name))).toEqual([])
  expect(T.primitiveNames.filter((name) => !Object.hasOwn(hostileCalls, `primitive ${name}`))).toEqual(
    T.primitiveNames.filter((name) => withoutParams.includes(name)),
  )
})

const withoutParams: readonly T.PrimitiveName[] = [
  ...unaryNames,
  ...([
    'not',
    'cast',
    'add',
    'sub',
    'mul',
    'div',
    'pow',
    'maximum',
    'minimum',
    'siluGrad',
    'eq',
    'lt',
    'le',
    'and',
    'or',
    'where',
    'matmul',
  ] as const),
  ...(['contiguous', 'softmax', 'softmaxGrad'] as const),
]

describe.each(Object.entries(hostileCalls))('%s', (_, call) => {
  test('is right with sound parameters', () => {
    for (const device of devices) {
      const outcome = device.outcome(call, call.args)
      if ('error' in outcome) throw outcome.error
    }
    check(call, call.args)
  })

  test('with one hostile number is right or a typed error, and harms nobody', () => {
    for (const path of numbersIn(call.args)) {
      for (const number of hostileNumbers)
        checkTold(call, replaced(call.args, path, () => number) as readonly Plain[])
    }
  })

  test('with a list too short or too long is right or a typed error', () => {
    for (const path of listsIn(call.args)) {
      for (const change of [
        (list: readonly Plain[]) => list.slice(1),
        (list: readonly Plain[]) => [...list, ...list.slice(-1)],
        () => [],
      ])
        checkTold(
          call,
          replaced(call.args, path, (list) => change(list as readonly Plain[])) as readonly Plain[],
        )
    }
  })
})

test('several hostile numbers at once are right or a typed error, and harm nobody', () => {
  const cases = fc.constantFrom(...Object.keys(hostileCalls)).chain((name) => {
    const places = numbersIn(hostileCalls[name]!.args)
    const change = fc.tuple(fc.constantFrom(...places, []), fc.constantFrom(...hostileNumbers))
    return fc.tuple(fc.constant(name), fc.array(change, { minLength: 2, maxLength: 4 }))
  })
  fc.assert(
    fc.property(cases, ([name, changes]) => {
      const call = hostileCalls[name]!
      const changed = changes
        .filter(([path]) => path.length > 0)
        .reduce<Plain>((args, [path, number]) => replaced(args, path, () => number), call.args)
      checkTold(call, changed as readonly Plain[])
    }),
    { numRuns: 500 },
  )
})
