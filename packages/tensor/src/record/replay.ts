import type { KernelCall, RecordedCall, Recording, Value } from '../device.ts'
import { constantsOf, placed } from './simplify.ts'

/** A call with its place among the buffers of a run, and the buffers that nobody needs after it. */
interface Planned {
  readonly call: KernelCall
  readonly from: readonly number[]
  readonly into: number
  readonly over: readonly number[]
}

/** Calls in order, on buffers by number: constants, inputs, results. Shapes, views and lifetimes are worked out once. */
export class Replay {
  readonly #recording: Recording
  readonly #buffers: unknown[]
  readonly #planned: readonly Planned[]
  readonly #outputs: readonly number[]
  readonly #values: readonly Value[]

  constructor(recording: Recording) {
    this.#recording = recording
    const constants = constantsOf(recording.calls)
    this.#values = [...constants, ...recording.inputs, ...recording.calls.map(({ result }) => result)]
    const numbers = new Map(this.#values.map((value, i) => [value, i]))
    this.#buffers = constants.map((value) => placed(recording, value).buffer)
    this.#outputs = recording.outputs.map(({ value }) => numbers.get(value)!)
    const first = constants.length + recording.inputs.length
    this.#planned = recording.calls.map(({ call }, i) => {
      const from = call.inputs.map(({ buffer }) => numbers.get(buffer as Value)!)
      return {
        call: { ...call, inputs: call.inputs.map((view) => ({ ...view })) },
        from,
        into: first + i,
        over: [],
      }
    })
    this.#planLifetimes(first, recording.calls)
  }

  #planLifetimes(first: number, calls: readonly RecordedCall[]): void {
    const lastReader = new Map<number, number>()
    this.#planned.forEach(({ from }, i) => from.forEach((value) => lastReader.set(value, i)))
    calls.forEach((_, i) => {
      const made = first + i
      const last = lastReader.get(made)
      if (last !== undefined && !this.#outputs.includes(made))
        (this.#planned[last]!.over as number[]).push(made)
    })
  }

  /** New buffers of the outputs, for buffers of the inputs. */
  run(inputs: readonly unknown[]): unknown[] {
    const { device } = this.#recording
    const buffers = [...this.#buffers, ...inputs]
    const free = (value: number) => {
      const { dtype, length } = this.#values[value]!
      device.free(buffers[value], dtype, length)
    }
    const alive = new Set<number>()
    try {
      for (const { call, from, into, over } of this.#planned) {
        from.forEach((value, k) => {
          ;(call.inputs[k] as { buffer: unknown }).buffer = buffers[value]
        })
        buffers[into] = device.run(call)
        alive.add(into)
        for (const value of over) {
          free(value)
          alive.delete(value)
        }
      }
    } catch (error) {
      alive.forEach(free)
      throw error
    }
    return this.#outputs.map((value) => buffers[value])
  }
}
