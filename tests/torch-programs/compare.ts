import { checkpoint, vjp } from '@tweedie/autograd'
import type { Interpreter, PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import { dispatchAt, formatShape, fromData, sameShape, scope } from '@tweedie/tensor'
import type { Expected, Numbers, Program } from './fixture.ts'
import { listing, numbersOf } from './fixture.ts'
import type { Meaning, OpName } from './ops.ts'
import { ops } from './ops.ts'

/** Largest error allowed, relative to the largest finite number of the tensor. */
export const tolerance = 1e-9

/** Counts the primitive calls that reach execution, those of the gradients included. */
export class Counter implements Interpreter {
  readonly calls = new Map<PrimitiveName, number>()

  run<P extends PrimitiveName>(
    primitive: P,
    inputs: readonly Tensor[],
    params: PrimitiveParams[P],
    level: number,
  ): Tensor {
    this.calls.set(primitive, (this.calls.get(primitive) ?? 0) + 1)
    return dispatchAt(level, primitive, inputs, params)
  }
}

/** The program as a function of its inputs. */
function interpret(program: Program, inputs: readonly Tensor[]): Tensor[] {
  const values = [...inputs]
  for (const [op, args, params] of program.ops) {
    if (!Object.hasOwn(ops, op)) throw new Error(`${program.name}: no op '${op}' here`)
    const meaning = ops[op] as Meaning<OpName>
    values.push(
      meaning(
        args.map((i) => values[i]!),
        params ?? {},
      ),
    )
  }
  return program.outputs.map(([value]) => values[value]!)
}

/** The largest error relative to the tensor's largest number; infinite where a shape, a NaN or an infinity differs. */
function errorOf(found: Tensor, expected: Expected): { error: number; what: string } {
  if (found.dtype !== 'float64') return { error: Number.POSITIVE_INFINITY, what: `is ${found.dtype}` }
  if (!sameShape(found.shape, expected.shape))
    return { error: Number.POSITIVE_INFINITY, what: `has shape ${formatShape(found.shape)}` }
  const data = found.dataSync()
  const scale = expected.data.reduce(
    (most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most),
    0,
  )
  let worst = { error: 0, what: '' }
  expected.data.forEach((v, i) => {
    if (Object.is(data[i]! + 0, v + 0)) return
    const gap = Math.abs(data[i]! - v) / (scale || 1)
    const error = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap
    if (error > worst.error) {
      worst = {
        error,
        what: `element ${i} is ${data[i]}, PyTorch has ${v} (relative error ${error.toExponential(2)})`,
      }
    }
  })
  return worst
}

/** How to run a program: where, and whether a checkpoint around it computes it again for its gradients. */
export interface Mode {
  readonly device: 'reference' | 'wasm'
  readonly recompute?: boolean
}

type Labelled = readonly [label: string, found: Tensor, expected: Expected]

/** Values, gradients and gradients of gradients of a program, side by side with PyTorch's. */
function results(program: Program, numbers: Numbers, { device, recompute }: Mode): Labelled[] {
  const make = ({ data, shape }: Expected) => fromData(data, shape, { device })
  const inputs = numbers.inputs.map(make)
  const cotangents = numbers.cotangents.map(make)
  const side = (what: string, found: readonly Tensor[], expected: readonly Expected[]) => {
    if (found.length !== expected.length)
      throw new Error(`${found.length} results, ${expected.length} expected`)
    return found.map((x, i): Labelled => [`${what} ${i}`, x, expected[i]!])
  }
  const direct = (xs: Tensor[]) => interpret(program, xs)
  const f = recompute ? checkpoint(direct) : direct
  const [outputs, pullback] = vjp(f, inputs)
  const [first] = pullback(cotangents)
  const found = [
    ...side('output', outputs, numbers.outputs),
    ...side('gradient in input', first, numbers.first),
  ]
  if (program.order === 1) return found
  const gradient = (xs: Tensor[], cs: Tensor[]) => vjp(f, xs)[1](cs)[0]
  const [again, back] = vjp(gradient, inputs, cotangents)
  const [inInputs, inCotangents] = back(numbers.directions.map(make))
  return [
    ...found,
    ...side('gradient (traced) in input', again, numbers.first),
    ...side('second-order gradient in input', inInputs, numbers.second.slice(0, inputs.length)),
    ...side(
      'forward product (gradient in the cotangent) of output',
      inCotangents,
      numbers.second.slice(inputs.length),
    ),
  ]
}

/** Runs a program and compares all of it with PyTorch's results; what disagrees, or undefined. */
export function disagreement(program: Program, mode: Mode): string | undefined {
  const complaints: string[] = []
  try {
    scope(() => {
      for (const [label, found, expected] of results(program, numbersOf(program), mode)) {
        const { error, what } = errorOf(found, expected)
        if (error > tolerance) complaints.push(`${label} ${formatShape(expected.shape)}: ${what}`)
      }
    })
  } catch (error) {
    complaints.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  }
  if (complaints.length === 0) return undefined
  const note = program.note === undefined ? '' : ` (${program.note})`
  const title = `${program.name}${note} on ${mode.device}${mode.recompute ? ', checkpointed' : ''}`
  return [title, ...complaints.map((c) => `  ${c}`), listing(program)].join('\n')
}
