import type { Device, Executor, KernelCall, Recording, Value } from '../device.ts'
import { DeviceError } from '../errors.ts'
import type { PrimitiveName } from '../primitives.ts'
import { constantsOf, isHeld } from '../record/simplify.ts'
import type { FusedSteps, Step } from './fuse.ts'
import { fuse } from './fuse.ts'
import type { GpuJsPipeline } from './gpujs.ts'
import type { Program } from './kernels/program.ts'
import { kernelSource } from './kernels/program.ts'
import type { KernelRunner } from './runner.ts'

/** Backends on which gpu.js runs a plan as a whole: all kernels in one command buffer, or on one memory. */
const wholePlans = ['webgpu', 'webasm']

/** The kernels of a recording, fused. Buffers from outside are its inputs, then its constants. */
interface Steps extends FusedSteps {
  /** The steps of the outputs. */
  readonly outputs: readonly number[]
  readonly constants: readonly Value[]
  scalar(step: number, scalar: number): number
  /** The primitive of a step, as it was numbered before it was fused. */
  what(step: number): PrimitiveName
}

/** The kernels of a recording, or why there are none. */
export function stepsOf(
  { inputs, calls, outputs }: Recording,
  programOf: (call: KernelCall) => Program | undefined,
): Steps | { readonly reason: string } {
  const constants = constantsOf(calls)
  const numbers = new Map<Value, number>([...inputs, ...constants].map((value, i) => [value, -1 - i]))
  const steps: Step[] = []
  const scalars: (readonly number[])[] = []
  const names: PrimitiveName[] = []
  for (const { call, result } of calls) {
    const program = programOf(call)
    if (program === undefined) return { reason: `${call.primitive} has nothing to compute on, or no result` }
    const base = steps.length
    for (const { inputs: from, scalars: given = [], ...stage } of program) {
      const sources = from.map((k) =>
        typeof k === 'number' ? numbers.get(call.inputs[k]!.buffer as Value)! : base + k.stage,
      )
      steps.push({ ...stage, inputs: sources, scalars: given.length })
      scalars.push(given)
      names.push(call.primitive)
    }
    numbers.set(result, steps.length - 1)
  }
  const kept = outputs.map(({ value }) => numbers.get(value)!)
  const fused = fuse(steps, new Set(kept))
  const wanted = kept.map((step) => fused.results.get(step)!)
  return {
    ...fused,
    outputs: wanted,
    constants,
    scalar: (step, k) => scalars[step]![k]!,
    what: (step) => names[step]!,
  }
}

/**
 * Numbers that a plan holds. gpu.js copies arrays it is given while it records, once for each use; it takes what has a
 * `delete` for memory that is someone's own, and one array stays one buffer.
 */
async function held(device: Device, { constant, dtype, length }: Value): Promise<Float32Array> {
  const values = isHeld(constant)
    ? await device.read(constant.buffer, dtype, length)
    : (constant ?? { length })
  return Object.assign(Float32Array.from(values), { delete: () => {} })
}

/** A recording as one plan of gpu.js, tried once; or why it cannot be. */
export async function planOf(
  recording: Recording,
  device: Device,
  runner: KernelRunner,
  programOf: (call: KernelCall) => Program | undefined,
): Promise<Executor | { readonly reason: string }> {
  if (!wholePlans.includes(runner.backend))
    return { reason: `gpu.js runs the kernels of a plan one by one on ${runner.backend}` }
  const found = stepsOf(recording, programOf)
  if ('reason' in found) return found
  const { steps, outputs, constants, scalar } = found
  const literals = await Promise.all(constants.map((value) => held(device, value)))
  const pipeline = runner.pipeline(recording.inputs.length, (kernel, handles) => {
    const outside = [...handles, ...literals]
    const made: unknown[] = []
    for (const { body, length, inputs, scalars } of steps) {
      const arrays = inputs.map((from) => (from < 0 ? outside[-1 - from] : made[from]))
      const numbers = scalars.map(([step, k]) => scalar(step, k))
      made.push(kernel(kernelSource(inputs.length, numbers.length, body), length)(...arrays, ...numbers))
    }
    return outputs.map((step) => made[step])
  })
  const call = async (inputs: readonly Float32Array[]): Promise<readonly Float32Array[]> => {
    try {
      return await pipeline(...inputs)
    } catch (cause) {
      throw new DeviceError(`gpu (${runner.backend}): recorded program: ${(cause as Error).message}`, {
        cause,
      })
    }
  }
  await call(recording.inputs.map(({ length }) => new Float32Array(length)))
  if (!pipeline.executorKind.startsWith('fused')) {
    await pipeline.destroy()
    return { reason: pipeline.fallbackReason ?? `gpu.js took its ${pipeline.executorKind} executor` }
  }
  return {
    kind: pipeline.executorKind,
    launches: steps.length,
    bytes: bytesOf(pipeline, [...recording.inputs, ...constants]),
    async run(inputs) {
      const given = await Promise.all(
        inputs.map((buffer, i) => {
          const { dtype, length } = recording.inputs[i]!
          return device.read(buffer, dtype, length)
        }),
      )
      const results = await call(given.map((values) => Float32Array.from(values)))
      return results.map((values, i) => {
        const { dtype, length } = recording.outputs[i]!.value
        const buffer = device.allocate(dtype, length)
        device.write(buffer, dtype, values)
        return buffer
      })
    },
    dispose: () => pipeline.destroy(),
  }
}

/** What a plan holds: its buffers, each for several results in turn, and what is written into it. */
function bytesOf({ plan }: GpuJsPipeline, written: readonly Value[]): number {
  const lengths = [
    ...(plan?.buffers ?? []).map(({ output }) => output[0]!),
    ...written.map(({ length }) => length),
  ]
  return 4 * lengths.reduce((total, length) => total + length, 0)
}
