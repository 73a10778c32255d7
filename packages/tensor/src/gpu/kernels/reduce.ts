import type { KernelCall } from '../../device.ts'
import type { PrimitiveName } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { Index } from './index-math.ts'
import { add, address, coordinates, divide, guarded, modulo, Once, scale, within } from './index-math.ts'
import type { Planner, Program, Stage } from './program.ts'
import { accumulate, element, mergeAxes, threadOf, unrolled } from './program.ts'

/** Elements that one thread folds; more are folded in two rounds, which also keeps rounding errors small. */
const oneRound = 1024

interface Fold {
  /** Source of the value to begin with, given that of the first element. */
  readonly start: (first: string) => string
  /** Source of the loop that folds `count` elements into `total`; `visit` guards and loads element k as `v`. */
  readonly loop: (count: number, visit: (k: Index, step: string) => string) => string
}

/** The largest (or smallest) element; NaN, once met, stays. */
const extreme = (than: '>' | '<'): Fold => ({
  start: (first) => first,
  loop: (count, visit) =>
    unrolled('k', count, (k) =>
      visit(k, `if (v ${than} total) { total = v; }\nif (!(v === v)) { total = v; }`),
    ),
})

const folds = {
  reduceSum: {
    start: () => '0',
    loop: (count, visit) => accumulate(count, ['total'], ([into], k) => visit(k, `${into} = ${into} + v;`)),
  },
  reduceMax: extreme('>'),
  reduceMin: extreme('<'),
} satisfies Record<string, Fold>

/** Folds `count` elements per result in chunks: thread (result, part) folds elements part·chunk … of its result. */
function foldStage(
  fold: Fold,
  results: number,
  count: number,
  chunk: number,
  input: Stage['inputs'][number],
  base: (result: Index) => Index,
  inside: (at: Index) => Index,
): Stage {
  const parts = Math.ceil(count / chunk)
  const length = results * parts
  const thread = threadOf(length)
  const [result, part] = [divide(thread, parts), modulo(thread, parts)]
  const once = new Once()
  const [start, first] = [once.of('start', base(result)), once.of('first', scale(part, chunk))]
  const value = (at: Index) => element(0, add(start, inside(at)))
  const body = [
    ...once.lines,
    `let total = ${fold.start(value(first))};`,
    fold.loop(chunk, (k, step) => {
      const at = add(first, k)
      return guarded(within(at, 0, count), `const v = ${value(at)};\n${step}`)
    }),
    'return total;',
  ]
  return { body: body.join('\n'), length, inputs: [input] }
}

function reduction(fold: Fold) {
  return ({ inputs, params, shape }: KernelCall<'reduceSum' | 'reduceMax' | 'reduceMin'>): Program => {
    const { shape: extents, strides, offset } = inputs[0]!
    const axesOf = (reduced: boolean) => {
      const axes = extents.map((_, axis) => axis).filter((axis) => params.axes.includes(axis) === reduced)
      const merged = mergeAxes(
        axes.map((axis) => extents[axis]!),
        [axes.map((axis) => strides[axis]!)],
      )
      return { shape: merged.shape, strides: merged.strides[0]! }
    }
    const [kept, gone] = [axesOf(false), axesOf(true)]
    const base = (result: Index) =>
      address({ strides: kept.strides, offset }, coordinates(result, kept.shape))
    const inside = (at: Index) => address({ strides: gone.strides, offset: 0 }, coordinates(at, gone.shape))
    const [results, count] = [sizeOf(shape), sizeOf(gone.shape)]
    if (count <= oneRound) return [foldStage(fold, results, count, count, 0, base, inside)]
    const chunk = Math.ceil(Math.sqrt(count))
    const parts = Math.ceil(count / chunk)
    return [
      foldStage(fold, results, count, chunk, 0, base, inside),
      foldStage(
        fold,
        results,
        parts,
        parts,
        { stage: 0 },
        (result) => scale(result, parts),
        (at) => at,
      ),
    ]
  }
}

/** Reductions over any axes. */
export const reducePlanners = {
  reduceSum: reduction(folds.reduceSum),
  reduceMax: reduction(folds.reduceMax),
  reduceMin: reduction(folds.reduceMin),
} satisfies { [P in PrimitiveName]?: Planner<P> }
