import type { Device, View } from './device.ts'
import { DeviceError, DTypeError, TweedieError } from './errors.ts'
import type { PrimitiveName, PrimitiveParams } from './primitives.ts'
import { primitives, resultOf } from './primitives.ts'
import { assertShape, sizeOf } from './shape.ts'
import { Storage } from './storage.ts'
import type { Tensor } from './tensor.ts'
import { viewOf } from './views.ts'

/**
 * Something that gives primitives a meaning: recording them on a tape, drawing them, fusing them.
 * It runs what it does not keep to itself by {@link dispatchAt} with the `level` it is handed.
 */
export interface Interpreter {
  run<P extends PrimitiveName>(
    primitive: P,
    inputs: readonly Tensor[],
    params: PrimitiveParams[P],
    level: number,
  ): Tensor
}

const stack: Interpreter[] = []

/** The one door: every primitive call goes to the innermost interpreter, or to the inputs' device. */
export function dispatch<P extends PrimitiveName>(
  primitive: P,
  inputs: readonly Tensor[],
  params: PrimitiveParams[P],
): Tensor {
  return dispatchAt(stack.length - 1, primitive, inputs, params)
}

/** Dispatch to the interpreter at `level` of the stack; below 0 there is only execution. */
export function dispatchAt<P extends PrimitiveName>(
  level: number,
  primitive: P,
  inputs: readonly Tensor[],
  params: PrimitiveParams[P],
): Tensor {
  const interpreter = level >= 0 ? stack[level] : undefined
  return interpreter === undefined
    ? evaluate(primitive, inputs, params)
    : interpreter.run(primitive, inputs, params, level - 1)
}

/** Makes an interpreter the innermost one. Take it off with {@link removeInterpreter}, in any order. */
export function pushInterpreter(interpreter: Interpreter): void {
  stack.push(interpreter)
}

export function removeInterpreter(interpreter: Interpreter): void {
  const at = stack.lastIndexOf(interpreter)
  if (at >= 0) stack.splice(at, 1)
}

/** The interpreters in force, outermost first. */
export const activeInterpreters = (): readonly Interpreter[] => stack

/** Runs `fn` (synchronous) with only the given interpreters in force. */
export function withInterpreters<T>(only: readonly Interpreter[], fn: () => T): T {
  const saved = stack.splice(0, stack.length, ...only)
  try {
    return fn()
  } finally {
    stack.splice(0, stack.length, ...saved)
  }
}

function commonDevice(primitive: PrimitiveName, inputs: readonly Tensor[]): Device {
  const device = inputs[0]!.device
  for (let i = 1; i < inputs.length; i++) {
    if (inputs[i]!.device !== device) {
      const names = inputs.map((input) => input.device.name)
      const where = new Set(names).size > 1 ? names.join(' and ') : `several devices named ${device.name}`
      throw new DeviceError(
        `${primitive}: inputs are on ${where}; move them to one device with \`await x.to(device)\``,
      )
    }
  }
  return device
}

/** A tensor as plain data: kernels may copy and change it without losing its buffer, which is a getter there. */
const plainView = ({ buffer, dtype, shape, strides, offset, half }: Tensor): View => ({
  buffer,
  dtype,
  shape,
  strides,
  offset,
  half,
})

/** Runs a primitive on its inputs' device, or makes the view. Nothing is recorded. */
export function evaluate<P extends PrimitiveName>(
  primitive: P,
  inputs: readonly Tensor[],
  params: PrimitiveParams[P],
): Tensor {
  if (!Object.hasOwn(primitives, primitive)) throw new TweedieError(`no primitive '${String(primitive)}'`)
  const def = primitives[primitive]
  for (const input of inputs) {
    if (input?.isTweedieTensor !== true)
      throw new TweedieError(`${primitive}: an input is ${String(input)}, not a tensor`)
  }
  const arity = def.arityOf?.(params) ?? def.arity
  if (arity >= 0 ? inputs.length !== arity : inputs.length === 0) {
    throw new TweedieError(
      `${primitive}: takes ${arity < 0 ? 'at least 1' : arity} inputs, got ${inputs.length}`,
    )
  }
  const { shape, dtype } = resultOf(primitive, inputs, params)
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i]!.half !== undefined && def.view !== true && def.half?.includes(i) !== true)
      throw new DTypeError(primitive, `input ${i} is stored as float16; use widened(x)`)
  }
  // Whatever a shape was worked out from: devices take it as it is.
  assertShape(primitive, shape)
  // Results are made by the first input, so that this module needs the class Tensor as a type only.
  const x = inputs[0]!
  if (def.view === true) {
    const view = viewOf(primitive, x, params, shape)
    if (view !== undefined) return x.derive(x.storage.retain(), shape, view.strides, view.offset)
    const packed = evaluate('contiguous', [x], {})
    try {
      return x.derive(packed.storage.retain(), shape)
    } finally {
      packed.dispose()
    }
  }
  const device = commonDevice(primitive, inputs)
  const buffer = device.run({ primitive, inputs: inputs.map(plainView), params, shape, dtype })
  return x.derive(new Storage(device, dtype, sizeOf(shape), buffer), shape)
}
