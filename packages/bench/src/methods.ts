import { customVjp, isTracked, vjp } from '@tweedie/autograd'
import type {
  AnyMethod,
  Autoencoder,
  LinearOperator,
  Operator,
  Prior,
  Problem,
  Settings,
  Svd,
} from '@tweedie/solvers'
import { isLinear, run } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'

/** Where the time of a method goes. */
export interface MethodProfile {
  readonly method: string
  readonly steps: number
  /** Milliseconds of a step. */
  readonly ms: number
  /** Shares of it, 0 … 1: in the denoiser or autoencoder and back, in the operator and back, in all else. */
  readonly prior: number
  readonly operator: number
  readonly rest: number
}

/** How a profile is taken. */
export interface ProfileOptions {
  /** Runs that count, after one that does not; the fastest is told. */
  readonly rounds?: number
  /** Milliseconds; of this machine by default. */
  readonly now?: () => number
}

type Part = 'prior' | 'operator'

/** Adds up what parts of a run take. No part runs within another: what is timed calls what is not. */
class PartClock {
  readonly spent: Record<Part, number> = { prior: 0, operator: 0 }
  private readonly now: () => number
  /** Ways back that wait, by the storage of the result that they belong to. */
  private readonly backs = new Map<
    unknown,
    ((dy: Tensor, options: { retain: boolean }) => readonly Tensor[]) & { dispose(): void }
  >()

  constructor(now: () => number) {
    this.now = now
  }

  timed<T>(part: Part, work: () => T): T {
    const began = this.now()
    try {
      return work()
    } finally {
      this.spent[part] += this.now() - began
    }
  }

  /** The same map, its way back timed as well: where a tape follows an input, it is recorded inside, once, for those. */
  map<const In extends readonly [Tensor, ...Tensor[]]>(
    part: Part,
    f: (...inputs: In) => Tensor,
  ): (...inputs: In) => Tensor {
    return (...inputs) => {
      const followed = inputs.filter(isTracked)
      if (followed.length === 0) return this.timed(part, () => f(...inputs))
      const places = inputs.map((x) => followed.indexOf(x))
      const through = customVjp(
        (...at: readonly Tensor[]): Tensor =>
          this.timed(part, () => {
            const all = (moved: readonly Tensor[]) => inputs.map((x, i) => moved[places[i] ?? -1] ?? x)
            const [y, back] = vjp((...moved: readonly Tensor[]) => f(...(all(moved) as unknown as In)), ...at)
            this.backs.set(y.storage, back)
            return y
          }),
        ({ inputs: at, output }, dy) =>
          this.timed(
            part,
            () => this.backs.get(output.storage)?.(dy, { retain: true }) ?? at.map(() => undefined),
          ),
      )
      return through(...followed)
    }
  }

  /** Frees the ways back of a step. */
  clear(): void {
    for (const back of this.backs.values()) back.dispose()
    this.backs.clear()
  }
}

function timedSvd(clock: PartClock, svd: Svd): Svd {
  const { singularValues, vt, v, ut, u } = svd
  const map = (f: (x: Tensor) => Tensor) => clock.map('operator', f)
  return { singularValues, vt: map(vt), v: map(v), ut: map(ut), u: map(u) }
}

function timedOperator(clock: PartClock, operator: Operator): Operator {
  const map = (f: (x: Tensor) => Tensor) => clock.map('operator', f)
  const { pinv, blind } = operator
  const common = {
    ...operator,
    ...(blind && {
      blind: {
        ...blind,
        apply: clock.map('operator', (x: Tensor, phi: Tensor) => blind.apply(x, phi)),
        at: (phi: Tensor) =>
          timedOperator(
            clock,
            clock.timed('operator', () => blind.at(phi)),
          ),
      },
    }),
    forward: map((x) => operator.forward(x)),
    ...(pinv && { pinv: map((y) => pinv.call(operator, y)) }),
  }
  if (!isLinear(operator)) return common
  const { svd } = operator
  let made: Svd | undefined
  const linear: LinearOperator = {
    ...common,
    adjoint: map((y) => operator.adjoint(y)),
    ...(svd && {
      svd: () =>
        (made ??= timedSvd(
          clock,
          clock.timed('operator', () => svd.call(operator)),
        )),
    }),
  }
  return linear
}

/** Encoders, decoders and their stages count as prior: they are networks that were trained, as it is. */
function timedAutoencoder(clock: PartClock, autoencoder: Autoencoder): Autoencoder {
  const map = (f: (x: Tensor) => Tensor) => clock.map('prior', f)
  const { stages } = autoencoder
  return {
    ...autoencoder,
    encode: map((x) => autoencoder.encode(x)),
    decode: map((z) => autoencoder.decode(z)),
    ...(stages && {
      stages: stages.map((stage) => ({
        ...(stage.prior && { prior: timedPrior(clock, stage.prior) }),
        decode: map((w) => stage.decode(w)),
      })),
    }),
  }
}

function timedPrior(clock: PartClock, prior: Prior): Prior {
  const { autoencoder, conditional } = prior
  const embedImage = conditional?.embedImage
  return {
    ...prior,
    denoise: (xt, t) => clock.map('prior', (x) => prior.denoise(x, t))(xt),
    ...(autoencoder && { autoencoder: timedAutoencoder(clock, autoencoder) }),
    ...(conditional && {
      conditional: {
        ...conditional,
        denoise: (xt, t, c) =>
          clock.map('prior', (x: Tensor, told: Tensor) => conditional.denoise(x, t, told))(xt, c),
        ...(embedImage && { embedImage: clock.map('prior', (x: Tensor) => embedImage(x)) }),
      } satisfies Prior['conditional'],
    }),
  }
}

/**
 * Where the time of a method goes: in the prior, in the operator, or in what it does itself. Autoencoders count as prior.
 * Ways back are counted with the map that they go through; derivatives of second order through either are not meant.
 *
 * @throws {UnfitError | OptionError} as the method.
 * @example
 * ```ts
 * import { profileMethod } from '@tweedie/bench'
 * import { denoise, dps, gaussianNoise, gaussianPrior } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
 * const problem = { operator: denoise([2]), noise: gaussianNoise(0.1), y: ones([1, 2]) }
 * const { steps, prior: inPrior, operator, rest } = await profileMethod(dps, problem, prior, { steps: 5 })
 * steps // => 5
 * inPrior + operator + rest // ≈ 1.000
 * ```
 */
export async function profileMethod(
  method: AnyMethod,
  problem: Problem,
  prior: Prior,
  settings: Settings,
  { rounds = 3, now = () => performance.now() }: ProfileOptions = {},
): Promise<MethodProfile> {
  let best: MethodProfile | undefined
  for (let round = 0; round <= rounds; round++) {
    const clock = new PartClock(now)
    const posed = { ...problem, operator: timedOperator(clock, problem.operator) }
    let steps = 0
    let watching = 0
    const began = now()
    const x = await run(method.run(posed, timedPrior(clock, prior), settings), {
      onStep: () => {
        const at = now()
        steps++
        clock.clear()
        watching += now() - at
      },
    })
    const total = now() - began - watching
    clock.clear()
    x.dispose()
    const [inPrior, inOperator] = [clock.spent.prior / total, clock.spent.operator / total]
    const found = {
      method: method.info.name,
      steps,
      ms: total / steps,
      prior: inPrior,
      operator: inOperator,
      rest: 1 - inPrior - inOperator,
    }
    // The first warms up.
    if (round > 0 && (best === undefined || found.ms < best.ms)) best = found
  }
  if (best === undefined) throw new RangeError('profileMethod: rounds must be at least 1')
  return best
}

/** The least share outside of prior and operator that a table points at. */
export const restBar = 0.1

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** Profiles as Markdown; what is above {@link restBar} has a star. */
export const methodsMarkdown = (profiles: readonly MethodProfile[]): string =>
  [
    '| method | steps | ms a step | prior | operator | rest |',
    '|---|--:|--:|--:|--:|--:|',
    ...profiles.map(
      ({ method, steps, ms, prior, operator, rest }) =>
        `| ${method} | ${steps} | ${ms.toFixed(2)} | ${percent(prior)} | ${percent(operator)} | ${percent(rest)}${rest > restBar ? ' *' : ''} |`,
    ),
  ].join('\n')
