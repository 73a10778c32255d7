import type { KernelCall } from '../device.ts'
import type { PrimitiveName } from '../primitives.ts'
import type { Planner, Program } from './kernels/program.ts'

/** Calls whose kernels are remembered. */
const most = 4096

/** Numbers that JSON writes like others. */
const asText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** Kernels by the signature of a call: primitive, parameters, and element types, shapes and strides of the inputs. */
export class Programs {
  readonly #known = new Map<string, Program>()

  of<P extends PrimitiveName>(call: KernelCall<P>, plan: Planner<P>, wideFrom: number): Program {
    const views = call.inputs.map(
      ({ dtype, shape, strides, offset }) => `${dtype}[${shape.join()}]${strides.join()}+${offset}`,
    )
    const params = JSON.stringify(call.params, (_, value: unknown) =>
      typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)) ? asText(value) : value,
    )
    const signature = `${wideFrom}${call.primitive}${params}${views.join(' ')}>${call.dtype}`
    let program = this.#known.get(signature)
    if (program === undefined) {
      program = plan(call, wideFrom)
      this.#known.set(signature, program)
      if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value!)
    }
    return program
  }
}
