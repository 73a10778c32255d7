import type { KernelCall } from '../device.ts'
import type { PrimitiveName } from '../primitives.ts'
import type { Planner, Program } from './kernels/program.ts'

/** Calls whose kernels are remembered. */
const most = 4096

/** A parameter in letters, −0 and numbers that are not finite among them. */
function asText(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(asText).join()}]`
  return Object.entries(value)
    .map(([name, own]) => `${name}:${asText(own)}`)
    .join()
}

/** Kernels by the signature of a call: primitive, parameters, and element types, shapes and strides of the inputs. */
export class Programs {
  readonly #known = new Map<string, Program>()

  of<P extends PrimitiveName>(call: KernelCall<P>, plan: Planner<P>, wideFrom: number): Program {
    const views = call.inputs.map(
      ({ dtype, shape, strides, offset }) => `${dtype}[${shape.join()}]${strides.join()}+${offset}`,
    )
    const signature = `${wideFrom}${call.primitive}${asText(call.params)}${views.join(' ')}>${call.dtype}`
    let program = this.#known.get(signature)
    if (program === undefined) {
      program = plan(call, wideFrom)
      this.#known.set(signature, program)
      if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value!)
    }
    return program
  }
}
