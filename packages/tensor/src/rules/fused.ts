import { OptionError, ShapeError } from '../errors.ts'
import type { Activation, AttentionParams, Epilogue, GroupNormParams, NoParams } from '../primitive-params.ts'
import type { Shape } from '../shape.ts'
import { formatShape, isCount, sameShape } from '../shape.ts'
import type { Aval } from './checks.ts'

const activations = ['none', 'silu'] as const satisfies readonly Activation[]

function requireOneOf(option: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw new OptionError(option, `must be ${known.join(' or ')}, got ${value}`)
}

/** Inputs of a contraction with an epilogue whose bias lies along one of `axes`. */
export const fusedArity =
  <Axis extends string>(...axes: readonly Axis[]) =>
  ({ bias, residual, activation }: Epilogue<Axis>): number => {
    requireOneOf('bias', bias, ['none', ...axes])
    requireOneOf('activation', activation, activations)
    return 2 + (bias === 'none' ? 0 : 1) + (residual ? 1 : 0)
  }

/** The result of a contraction of this shape, whose epilogue takes the inputs after the first two. */
export function withEpilogue(
  op: string,
  inputs: readonly Aval[],
  shape: Shape,
  params: Epilogue<string>,
  biasLength: number,
): Shape {
  const bias = params.bias === 'none' ? undefined : inputs[2]!.shape
  if (bias !== undefined && !sameShape(bias, [biasLength])) {
    throw new ShapeError(op, `the bias of each ${params.bias} must be [${biasLength}]`, [bias])
  }
  const residual = params.residual ? inputs.at(-1)!.shape : undefined
  if (residual !== undefined && !sameShape(residual, shape)) {
    throw new ShapeError(op, `the residual must have the result's shape ${formatShape(shape)}`, [residual])
  }
  return shape
}

/** The shape of x [N, C, …], beside which all is as long as its channels, or like it. */
export function groupNormShape(
  [x, ...others]: readonly Aval[],
  { groups }: GroupNormParams,
  op: string,
): Shape {
  const { shape } = x!
  const channels = shape[1]
  if (channels === undefined) throw new ShapeError(op, 'x needs at least two axes [N, C, …]', [shape])
  if (!(isCount(groups) && channels % groups === 0)) {
    throw new ShapeError(op, `${channels} channels do not split into ${groups} groups`, [shape])
  }
  for (const other of others) {
    if (!sameShape(other.shape, shape) && !sameShape(other.shape, [channels])) {
      throw new ShapeError(op, `weight and bias must be [${channels}]`, [shape, other.shape])
    }
  }
  return shape
}

/** The shape of y [… n], whose gradient may lie beside it. */
export function softmaxShape([y, dy]: readonly Aval[], _params: NoParams, op: string): Shape {
  const { shape } = y!
  if (shape.length === 0) throw new ShapeError(op, 'needs at least one axis', [shape])
  if (dy !== undefined && !sameShape(shape, dy.shape)) {
    throw new ShapeError(op, 'y and its gradient must have one shape', [shape, dy.shape])
  }
  return shape
}

/** Queries [… d, M], keys [… d, N] and values [… e, N] of the same leading axes give [… e, M]. */
export function attentionShape(inputs: readonly Aval[], _params: AttentionParams, op: string): Shape {
  const shapes = inputs.map(({ shape }) => shape)
  const q = shapes[0]!
  const k = shapes[1]!
  const v = shapes[2]!
  const dy = shapes[3]
  const lead = q.slice(0, -2)
  const together = shapes.every((s) => s.length >= 2 && sameShape(s.slice(0, -2), lead))
  if (!together || q.at(-2) !== k.at(-2) || k.at(-1) !== v.at(-1) || k.at(-1) === 0) {
    throw new ShapeError(op, 'needs q [… d, M], k [… d, N], v [… e, N] with N of at least 1', shapes)
  }
  const out = [...lead, v.at(-2)!, q.at(-1)!]
  if (dy !== undefined && !sameShape(dy, out)) {
    throw new ShapeError(op, `the gradient must be ${formatShape(out)}`, shapes)
  }
  return out
}
