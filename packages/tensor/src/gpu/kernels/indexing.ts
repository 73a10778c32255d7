import { DeviceError } from '../../errors.ts'
import type { PrimitiveName } from '../../primitives.ts'
import { rowMajorStrides, sizeOf } from '../../shape.ts'
import type { Index } from './index-math.ts'
import {
  add,
  address,
  constant,
  coordinates,
  divide,
  guarded,
  loop,
  modulo,
  render,
  scale,
  variable,
  within,
} from './index-math.ts'
import type { Planner, Stage } from './program.ts'
import { accumulate, element, threadOf } from './program.ts'

/** Floats hold every whole number below this. */
export const exactIntegers = 2 ** 24

function requireExact(op: string, extent: number): void {
  if (extent <= exactIntegers) return
  throw new DeviceError(
    `gpu: ${op}: an axis of ${extent} has indices past ${exactIntegers}, which floats do not hold exactly; use another device`,
  )
}

/** Coordinates with another one along an axis. */
const along = (at: readonly Index[], axis: number, index: Index): Index[] =>
  at.map((own, i) => (i === axis ? index : own))

/** Slices by number, of the axis; a number that the axis does not have makes NaN, as a kernel cannot throw. */
const gather: Planner<'gather'> = ({ primitive, inputs: [x, indices], params: { axis }, shape }) => {
  const extent = x!.shape[axis]!
  requireExact(primitive, extent)
  const length = sizeOf(shape)
  const at = coordinates(threadOf(length), shape)
  const from = address(x!, along(at, axis, variable('whole(picked)', extent)))
  const body = [
    `const picked = ${element(1, address(indices!, [at[axis]!]))};`,
    'let r = Math.sqrt(-1 - Math.abs(picked));',
    `if (picked >= 0 && picked < ${extent}) { r = ${element(0, from)}; }`,
    'return r;',
  ]
  return [{ body: body.join('\n'), length, inputs: [0, 1] }]
}

/** The sum of the updates of each slice: its thread looks at every index. */
const scatterAdd: Planner<'scatterAdd'> = ({
  primitive,
  inputs: [updates, indices],
  params: { axis, size },
  shape,
}) => {
  requireExact(primitive, size)
  const length = sizeOf(shape)
  const at = coordinates(threadOf(length), shape)
  const count = updates!.shape[axis]!
  const body = [
    'let total = 0;',
    loop('k', count, (k) =>
      [
        `const picked = ${element(1, address(indices!, [k]))};`,
        `if (picked === ${render(at[axis]!)}) { total = total + ${element(0, address(updates!, along(at, axis, k)))}; }`,
      ].join('\n'),
    ),
    'return total;',
  ]
  return [{ body: body.join('\n'), length, inputs: [0, 1] }]
}

/** The place of the largest element, or of the first NaN. */
const argmax: Planner<'argmax'> = ({ primitive, inputs: [x], params: { axis }, shape }) => {
  const extent = x!.shape[axis]!
  requireExact(primitive, extent)
  const length = sizeOf(shape)
  const rest = coordinates(threadOf(length), shape)
  const at = (k: Index) => element(0, address(x!, [...rest.slice(0, axis), k, ...rest.slice(axis)]))
  const body = [
    'let r = 0;',
    `let best = ${at(constant(0))};`,
    loop('k', extent, (k) =>
      [
        `const v = ${at(k)};`,
        `if (best === best && (v > best || !(v === v))) { best = v; r = ${render(k)}; }`,
      ].join('\n'),
    ),
    'return r;',
  ]
  return [{ body: body.join('\n'), length, inputs: [0] }]
}

/** Elements that one thread adds up; of a longer axis the sums of its parts come first. */
const oneRound = 256

/** Running sums: of the parts before, and of what is before in its own part. */
const cumsum: Planner<'cumsum'> = ({ inputs: [x], params: { axis }, shape }) => {
  const extent = shape[axis]!
  const chunk = extent <= oneRound ? extent : Math.ceil(Math.sqrt(extent))
  const parts = Math.ceil(extent / chunk)
  const stages: Stage[] = []
  const value = (at: readonly Index[], k: Index) => element(0, address(x!, along(at, axis, k)))
  const partial = shape.map((n, i) => (i === axis ? parts : n))
  if (parts > 1) {
    const length = sizeOf(partial)
    const at = coordinates(threadOf(length), partial)
    const body = [
      'let total = 0;',
      accumulate(chunk, ['total'], ([into], k) => {
        const place = add(scale(at[axis]!, chunk), k)
        return guarded(within(place, 0, extent), `${into} = ${into} + ${value(at, place)};`)
      }),
      'return total;',
    ]
    stages.push({ body: body.join('\n'), length, inputs: [0] })
  }
  const length = sizeOf(shape)
  const at = coordinates(threadOf(length), shape)
  const own = at[axis]!
  const strides = rowMajorStrides(partial)
  const body = [
    'let before = 0;',
    ...(parts > 1
      ? [
          loop('b', parts, (b) => {
            const sum = element(1, address({ strides, offset: 0 }, along(at, axis, b)))
            return `if (${render(b)} < ${render(divide(own, chunk))}) { before = before + ${sum}; }`
          }),
        ]
      : []),
    'let total = 0;',
    loop('k', chunk, (k) => {
      const place = add(scale(divide(own, chunk), chunk), k)
      return guarded(
        within(place, 0, extent),
        `if (${render(k)} <= ${render(modulo(own, chunk))}) { total = total + ${value(at, place)}; }`,
      )
    }),
    'return before + total;',
  ]
  const inputs: Stage['inputs'] = parts > 1 ? [0, { stage: 0 }] : [0]
  stages.push({ body: body.join('\n'), length, inputs })
  return stages
}

/** What looks at the numbers of elements, and running sums. */
export const indexingPlanners = { gather, scatterAdd, argmax, cumsum } satisfies {
  [P in PrimitiveName]?: Planner<P>
}
