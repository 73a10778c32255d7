import type { WatchedTape } from '@tweedie/autograd'
import { watchVjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, scope } from '@tweedie/tensor'
import type { Pictures } from '../../digits/engine/frames.ts'
import { picturesOf } from '../../digits/engine/frames.ts'
import type { DigitsProblem, Ground } from '../../digits/engine/problem.ts'
import { pose } from '../../digits/engine/problem.ts'
import type { Block } from './blocks.ts'
import { blocksOf } from './blocks.ts'
import { dpsState, zetaAt } from './state.ts'

/** A guidance step of DPS that the page asks for. */
export interface StepRequest {
  readonly problem: DigitsProblem
  readonly seed: number
  /** Of the whole run. */
  readonly steps: number
  /** Which of them, 0-based. */
  readonly i: number
}

/** The numbers of a tensor of the tape, with those of its cotangent where one has arrived. */
export interface Shown {
  readonly value?: Float32Array
  readonly cotangent?: Float32Array
}

/** The values by their numbers on the tape. */
export type Seen = ReadonlyMap<number, Shown>

/** The tape of a guidance step. */
export interface StepTape {
  readonly tape: WatchedTape
  readonly blocks: readonly Block[]
  /** The time before the step, and σ_t there. */
  readonly t: number
  readonly sigma: number
  /** ‖y − A(x̂₀)‖. */
  readonly residual: number
  /**
   * How far −ζ·∂‖y − A(x̂₀)‖/∂x_t is from what the step of DPS itself adds, at most, in units of its largest number: one
   * gradient taken whole and one taken in two halves differ by rounding.
   */
  readonly apart: number
  /** Numbers of values on the tape: x_t and x̂₀. */
  readonly x: number
  readonly x0hat: number
  /** y, A(x̂₀) and the cotangent there, as the operator shows measurements. */
  readonly y: Pictures
  readonly clean: Pictures
  readonly cleanCotangent: Pictures
}

/** How often a gradient is taken: the least time of each call counts, and the first run compiles. */
const looks = 4

/**
 * Runs DPS to a step, and takes the gradient of that step under a watched tape: of ‖y − A(x̂₀(x_t))‖ in x_t.
 * @param onDone - Told how much of the run is done, 0 … 1.
 * @throws {UnfitError | OptionError | ShapeError} for what does not fit. @throws {InterruptedError} between two steps.
 */
export async function watchStep(
  request: StepRequest,
  ground: Ground & { readonly params: NonNullable<Ground['params']> },
  signal: AbortSignal,
  onDone: (part: number) => void = () => {},
): Promise<{ readonly step: StepTape; readonly seen: Seen }> {
  const { operator, noise, ...posed } = pose(request.problem, request.seed, ground.heldOut)
  using y = posed.y
  posed.truth.dispose()
  const before = await dpsState({ operator, noise, y }, ground.prior, request, signal, onDone)
  using x = fromData(before.x, [1, ...ground.prior.shape])
  const names = new Map(Object.entries(ground.params).map(([name, { storage }]) => [storage, name]))
  let part = 'prior'
  const label = (inputs: readonly Tensor[]): string => {
    const name = inputs.map(({ storage }) => names.get(storage)).find((found) => found !== undefined)
    return name === undefined ? part : `${part}:${name}`
  }
  const forward = (xt: Tensor): Tensor => {
    part = 'prior'
    const x0 = ground.prior.denoise(xt, before.t)
    part = 'operator'
    const clean = operator.forward(x0)
    part = 'norm'
    return y.sub(clean).square().sum().sqrt()
  }
  const shown = new Map<number, { value?: Float32Array; cotangent?: Float32Array }>()
  const keep = (kind: keyof Shown) => (number: number, tensor: Tensor) =>
    void shown.set(number, { ...shown.get(number), [kind]: numbersOf(tensor) })
  const tapes: WatchedTape[] = []
  let gradient = new Float32Array()
  let residual = 0
  for (let look = 0; look < looks; look++) {
    const last = look === looks - 1
    const watched = watchVjp(forward, [x], {
      label,
      ...(last && { onValue: keep('value'), onCotangent: keep('cotangent') }),
    })
    using value = watched.value
    using g = watched.gradients[0]
    if (last) [gradient, residual] = [numbersOf(g), Number(value.dataSync()[0])]
    tapes.push(watched.tape)
  }
  const tape = fastest(tapes)
  const lastOf = (part: string) =>
    tape.nodes.findLast((node) => node.label?.startsWith(part))?.outputs[0] ?? 0
  const [x0hat, clean] = [lastOf('prior'), lastOf('operator')]
  const measured = (numbers: Float32Array | undefined) =>
    scope(() => picturesOf(operator.display(fromData(numbers ?? new Float32Array(y.size), y.shape))))
  return {
    seen: shown.set(0, { ...shown.get(0), value: before.x }),
    step: {
      tape,
      blocks: blocksOf(tape),
      t: before.t,
      sigma: ground.prior.schedule.sigma(before.t),
      residual,
      apart: apartOf(gradient, before.guidance, zetaAt(request.steps)),
      x: 0,
      x0hat,
      y: scope(() => picturesOf(operator.display(y))),
      clean: measured(shown.get(clean)?.value),
      cleanCotangent: measured(shown.get(clean)?.cotangent),
    },
  }
}

const numbersOf = (x: Tensor): Float32Array<ArrayBuffer> => Float32Array.from(x.dataSync(), Number)

/** The last of several tapes of one program, with the least time of each call. */
export function fastest(tapes: readonly WatchedTape[]): WatchedTape {
  const last = tapes.at(-1)
  if (last === undefined) throw new RangeError('no tape')
  const least = (of: (tape: WatchedTape) => number | undefined) =>
    Math.min(...tapes.map((tape) => of(tape) ?? Number.POSITIVE_INFINITY))
  return {
    ...last,
    nodes: last.nodes.map((node, k) => ({
      ...node,
      forward: least(({ nodes }) => nodes[k]?.forward),
      backward: least(({ nodes }) => nodes[k]?.backward),
    })),
  }
}

/** How far −ζ·g is from a displacement, at most, in units of its largest number. */
function apartOf(g: Float32Array, guidance: Float32Array, scale: number): number {
  const most = guidance.reduce((largest, v) => Math.max(largest, Math.abs(v)), 1e-30)
  return g.reduce((far, v, k) => Math.max(far, Math.abs(-scale * v - (guidance[k] ?? 0))), 0) / most
}
