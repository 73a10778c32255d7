import type { HeldBuffer, KernelCall, RecordedCall, Recording, Value, View } from '../device.ts'
import { Storage } from '../storage.ts'

const valuesOf = ({ inputs }: KernelCall): Value[] => inputs.map(({ buffer }) => buffer as Value)

/** Whether what is known of a value is a buffer of the device. */
export const isHeld = (constant: Value['constant']): constant is HeldBuffer =>
  constant !== undefined && 'release' in constant

/** The constant's buffer on the device. */
export function placed(recording: Recording, value: Value): HeldBuffer {
  const { constant, dtype, length } = value
  if (isHeld(constant)) return constant
  const { device } = recording
  const buffer = device.allocate(dtype, length)
  if (constant !== undefined) device.write(buffer, dtype, constant)
  return (value.constant = new Storage(device, dtype, length, buffer))
}

/** A call over the buffers that `of` gives for its values. */
export const bound = (call: KernelCall, of: (value: Value) => unknown): KernelCall => ({
  ...call,
  inputs: call.inputs.map((view): View => ({ ...view, buffer: of(view.buffer as Value) })),
})

/**
 * The recording without calls that no output needs, and with those done that depend on no input: their results are
 * constants.
 */
export function simplified(recording: Recording): Recording {
  const needed = new Set(recording.outputs.map(({ value }) => value))
  for (const { call, result } of recording.calls.toReversed()) {
    if (needed.has(result)) for (const value of valuesOf(call)) needed.add(value)
  }
  const given = new Set<Value>(recording.inputs)
  const outputs = new Set(recording.outputs.map(({ value }) => value))
  const calls: RecordedCall[] = []
  for (const recorded of recording.calls) {
    const { call, result } = recorded
    if (!needed.has(result)) continue
    if (outputs.has(result) || valuesOf(call).some((value) => given.has(value))) {
      given.add(result)
      calls.push(recorded)
    } else {
      const buffer = recording.device.run(bound(call, (value) => placed(recording, value).buffer))
      result.constant = new Storage(recording.device, result.dtype, result.length, buffer)
    }
  }
  // What only led to constants is not held any longer.
  const read = new Set(calls.flatMap(({ call }) => valuesOf(call)))
  for (const value of constantsOf(recording.calls)) if (!read.has(value)) release(value)
  return { ...recording, calls }
}

function release(value: Value): void {
  if (isHeld(value.constant)) value.constant.release()
  delete value.constant
}

/** The values that calls read and that are known. */
export const constantsOf = (calls: readonly RecordedCall[]): Value[] => [
  ...new Set(calls.flatMap(({ call }) => valuesOf(call)).filter(({ constant }) => constant !== undefined)),
]

/** Gives up what the recording holds. */
export const releaseConstants = ({ calls }: Recording): void => constantsOf(calls).forEach(release)
