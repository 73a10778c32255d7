import type { KernelCall, RecordedCall, Recording, Value } from '../device.ts'
import type { PrimitiveName } from '../primitives.ts'
import { trace } from '../record/recording.ts'
import type { Tensor } from '../tensor.ts'
import type { FusedStep } from './fuse.ts'
import { packingOf } from './kernels/packing.ts'
import type { Planner, Program } from './kernels/program.ts'
import { gpuKernels } from './kernels/table.ts'
import { stepsOf } from './plan.ts'

/** What kernels do, counted in their text: every loop to its end, every condition as if it held. */
export interface KernelCounts {
  /** The primitive whose result the kernels make; what is fused into them counts with it. */
  readonly primitive: PrimitiveName
  readonly launches: number
  /** Operations on floats; a call of a function is one. */
  readonly flops: number
  /** Bytes that threads load, caches or not. */
  readonly loadedBytes: number
  /** Bytes of inputs and results, each once a kernel: what must move at least. */
  readonly movedBytes: number
}

/** What one thread loads and computes. */
function ofThread(body: string): { readonly loads: number; readonly flops: number } {
  const open: number[] = []
  let [times, loads, flops] = [1, 0, 0]
  const integers = new Set([...body.matchAll(/^(\w+)\+\+;$/gm)].map(([, name]) => name))
  for (const line of body.split('\n')) {
    if (line.startsWith('}')) times /= open.pop() ?? 1
    loads += times * (line.match(/\ba\d+\[/g)?.length ?? 0)
    // Indices are no floats, and what decides on them neither.
    const text = line.replace(/\[[^\]]*\]/g, '')
    const index =
      /^(if|for) |this\.thread\.x|idiv|imod|\+\+;$/.test(text) || integers.has(/^(\w+) = /.exec(text)?.[1])
    if (!index) flops += times * (text.match(/ [-+*/] |\w\((?!\))/g)?.length ?? 0)
    if (line.endsWith('{')) {
      const count = Number(/^for \(.*< (\d+);/.exec(line)?.[1] ?? 1)
      open.push(count)
      times *= count
    }
  }
  return { loads, flops }
}

function countOf(step: FusedStep, lengthOf: (from: number) => number): Omit<KernelCounts, 'primitive'> {
  const { loads, flops } = ofThread(step.body)
  const threads = step.length / step.width
  const elements = step.inputs.reduce((total, from) => total + lengthOf(from), step.length)
  return { launches: 1, flops: threads * flops, loadedBytes: 4 * threads * loads, movedBytes: 4 * elements }
}

const isConstant = ({ buffer }: KernelCall['inputs'][number]): boolean =>
  (buffer as Value).constant !== undefined

/** A recording in which constants are laid out as kernels want them, and the programs of its calls. */
function packed(
  recording: Recording,
  programOf: (call: KernelCall) => Program | undefined,
): { readonly recording: Recording; readonly programs: ReadonlyMap<KernelCall, Program | undefined> } {
  const programs = new Map<KernelCall, Program | undefined>()
  const calls = recording.calls.map(({ call, result }): RecordedCall => {
    const program = programOf(call)
    const packing = program && packingOf(program, call.inputs.length)
    const weights = call.inputs[packing?.input ?? 0]!
    if (packing === undefined || !isConstant(weights)) {
      programs.set(call, program)
      return { call, result }
    }
    const { dtype } = weights
    const copy: Value = { dtype, length: packing.length, constant: new Float32Array(0) }
    const given = { ...call, inputs: [...call.inputs, { ...weights, buffer: copy }] }
    programs.set(given, packing.rest)
    return { call: given, result }
  })
  return { recording: { ...recording, calls }, programs }
}

/**
 * Counts what a function would ask of a gpu, without one: its kernels, fused, by primitive, most loads first. What the device
 * does once for tensors that the function closes over, laying out weights, is not among them.
 * @param fn - Takes tensors, returns one or several; nothing is computed.
 * @param wideFrom - Elements from which on threads of contractions compute four; infinite for recorded programs.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { countKernels } from '@tweedie/tensor/gpu'
 * const [all] = countKernels((x) => x.mul(x).add(1).exp(), [tensor([1, 2, 3, 4])])
 * all // => { primitive: 'exp', launches: 1, flops: 16, loadedBytes: 32, movedBytes: 32 }
 * ```
 */
export function countKernels(
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  examples: readonly Tensor[],
  wideFrom: number = 2 ** 17,
): KernelCounts[] {
  const { recording, programs } = packed(trace(fn, examples), (call) => {
    const planner = gpuKernels[call.primitive]
    return planner === 'none' ? undefined : (planner as Planner<PrimitiveName>)(call, wideFrom)
  })
  const found = stepsOf(recording, (call) => programs.get(call))
  if ('reason' in found) return []
  const outside = [...recording.inputs, ...found.constants]
  const lengthOf = (from: number) => (from < 0 ? outside[-1 - from]!.length : found.steps[from]!.length)
  const counts = new Map<PrimitiveName, KernelCounts>()
  for (const step of found.steps) {
    const primitive = found.what(step.origin)
    const one = countOf(step, lengthOf)
    const before = counts.get(primitive)
    counts.set(primitive, {
      primitive,
      launches: one.launches + (before?.launches ?? 0),
      flops: one.flops + (before?.flops ?? 0),
      loadedBytes: one.loadedBytes + (before?.loadedBytes ?? 0),
      movedBytes: one.movedBytes + (before?.movedBytes ?? 0),
    })
  }
  return [...counts.values()].sort((a, b) => b.loadedBytes - a.loadedBytes)
}
