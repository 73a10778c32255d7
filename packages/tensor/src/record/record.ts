import type { Executor, Recording } from '../device.ts'
import { evaluate } from '../dispatch.ts'
import { bytesPerElement } from '../dtype.ts'
import { DeviceError, DTypeError, ShapeError, TweedieError } from '../errors.ts'
import { sameShape } from '../shape.ts'
import { Storage } from '../storage.ts'
import { Tensor } from '../tensor.ts'
import { trace } from './recording.ts'
import { Replay } from './replay.ts'
import { constantsOf, releaseConstants, simplified } from './simplify.ts'

/** What a recorded program is made of. */
export interface ProgramInfo {
  /** Calls of primitives that a run takes; those on constants alone were done when it was recorded. */
  readonly calls: number
  /** How it runs: `calls` one after the other, or what the device has for whole programs. */
  readonly executor: string
  /** Why the device's own way was not taken, where it has one. */
  readonly reason: string | undefined
  /** Kernels that a run launches, on a device that counts them. */
  readonly launches: number | undefined
  /** Bytes that it holds: constants, and buffers planned once. */
  readonly bytes: number
}

/** A function of tensors of fixed shapes as a list of calls. */
export interface Recorded {
  readonly info: ProgramInfo
  /**
   * The results for other inputs of the same shapes and element types on the same device. The first ones are those of
   * the function itself.
   * @throws {ShapeError} {DTypeError} {DeviceError} for inputs that do not fit, {TweedieError} after disposal.
   */
  run(...inputs: Tensor[]): Promise<Tensor[]>
  /** Frees what it holds. */
  dispose(): Promise<void>
}

function check({ device, inputs }: Recording, given: readonly Tensor[]): void {
  if (given.length !== inputs.length)
    throw new TweedieError(`recorded program: takes ${inputs.length} inputs, got ${given.length}`)
  inputs.forEach(({ shape, dtype }, i) => {
    const x = given[i]!
    if (x.device !== device)
      throw new DeviceError(
        `recorded program: input ${i} is on ${x.device.name}; it was recorded on ${device.name}`,
      )
    if (!sameShape(x.shape, shape))
      throw new ShapeError('recorded program', `input ${i} has another shape than was recorded`, [
        x.shape,
        shape,
      ])
    if (x.dtype !== dtype)
      throw new DTypeError('recorded program', `input ${i} is ${x.dtype}; ${dtype} was recorded`)
  })
}

async function executorOf(recording: Recording): Promise<{ executor: Executor; reason?: string }> {
  const own = await recording.device.compile?.(recording)
  if (own !== undefined && !('reason' in own)) return { executor: own }
  const replay = new Replay(recording)
  const bytes = constantsOf(recording.calls)
    .map(({ dtype, length }) => length * bytesPerElement(dtype))
    .reduce((total, n) => total + n, 0)
  const executor: Executor = { kind: 'calls', bytes, run: (inputs) => replay.run(inputs), dispose: () => {} }
  return own === undefined ? { executor } : { executor, reason: own.reason }
}

/**
 * Records a function of tensors, to run it again without the function: no dispatch, no tape, no shapes to work out. On a
 * gpu with WebGPU all its kernels are sent off at once.
 *
 * What the function closes over and every number in it is constant from now on: a time step that changes has to be an
 * input. It must be synchronous and may not look at values. Derivatives are recorded by recording `vjp` itself; a recorded
 * program has none.
 * @param fn - Takes tensors, returns one or several.
 * @param examples - Tensors of the shapes, element types and device that it will be run with; at least one.
 * @throws {DeviceError} where the function reads values, or mixes devices.
 * @example
 * ```ts
 * import { record, tensor } from '@tweedie/tensor'
 * const scale = tensor([1, 10])
 * const program = await record((x) => x.mul(scale).sum(), tensor([0, 0]))
 * const [y] = await program.run(tensor([2, 3]))
 * await y?.item() // => 32
 * await program.dispose()
 * ```
 */
export async function record(
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  ...examples: Tensor[]
): Promise<Recorded> {
  if (examples.length === 0) throw new TweedieError('record: needs an example of each input, got none')
  const { device } = examples[0]!
  const recording = simplified(trace(fn, examples))
  const { executor, reason } = await executorOf(recording)
  let open = true
  const packed = (x: Tensor): Tensor =>
    x.isContiguous && x.offset === 0 && x.storage.length === x.size
      ? x.alias()
      : evaluate('contiguous', [x], {})
  return {
    info: {
      calls: recording.calls.length,
      executor: executor.kind,
      reason,
      launches: executor.launches,
      bytes: executor.bytes,
    },
    async run(...inputs) {
      if (!open) throw new TweedieError('recorded program: it was disposed of')
      check(recording, inputs)
      const given = inputs.map(packed)
      try {
        const buffers = await executor.run(given.map(({ buffer }) => buffer))
        return recording.outputs.map(({ value: { dtype, length }, shape }, i) =>
          Tensor.make(new Storage(device, dtype, length, buffers[i]), shape),
        )
      } finally {
        for (const x of given) x.dispose()
      }
    },
    async dispose() {
      if (!open) return
      open = false
      await executor.dispose()
      releaseConstants(recording)
    },
  }
}
