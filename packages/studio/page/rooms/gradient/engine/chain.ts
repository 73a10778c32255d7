import { isTracked, vjp } from '@tweedie/autograd'
import type { Prior } from '@tweedie/solvers'
import { ddimSampler } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { memory, normal, onesLike, randomKey } from '@tweedie/tensor'
import type { DigitsProblem, Ground } from '../../digits/engine/problem.ts'
import { pose } from '../../digits/engine/problem.ts'
import type { Strategy } from '../strategy.ts'
import type { Live } from './live.ts'
import { watchLive } from './live.ts'

/** A gradient through the sampler that the page asks for. */
export interface ChainRequest {
  readonly problem: DigitsProblem
  readonly seed: number
  /** Steps of the sampler. */
  readonly steps: number
  readonly strategy: Strategy
}

/** One evaluation of the network on the way. */
export interface Evaluation {
  /** Of the sampler, 0-based, in the order in which it goes. */
  readonly step: number
  /** Milliseconds from the start. */
  readonly from: number
  readonly to: number
  /** Whether it left a tape for a way back. */
  readonly taped: boolean
  /** Live bytes before it: what is kept meanwhile. */
  readonly kept: number
}

/** A stretch of the way back, through one step of the sampler. */
export interface WayBack {
  readonly step: number
  /** Milliseconds from the start. */
  readonly from: number
  readonly to: number
}

/** What a gradient has cost, all of it measured. */
export interface ChainRun {
  readonly live: Live
  readonly evaluations: readonly Evaluation[]
  readonly back: readonly WayBack[]
  readonly milliseconds: number
  /** The most live bytes. */
  readonly peak: number
  /** ‖y − A(x)‖². */
  readonly loss: number
  /** ∂‖y − A(x)‖²/∂z. */
  readonly gradient: Float32Array<ArrayBuffer>
  /** x, the sample. */
  readonly x: Float32Array<ArrayBuffer>
}

/**
 * The gradient of CSGM through a deterministic sampler: of ‖y − A(x)‖² in z, x = R(z) by DDIM with η = 0. Memory is the
 * engine's own count of live bytes, above those before; the network and the measurement are there before.
 * @throws {OptionError | ShapeError} for words that are wrong.
 */
export function runChain(
  { problem, seed, steps, strategy }: ChainRequest,
  { prior, heldOut }: Ground,
): ChainRun {
  const posed = pose(problem, seed, heldOut)
  using y = posed.y
  posed.truth.dispose()
  const { operator } = posed
  using z = normal(randomKey(seed).fold('gradient').fold('z'), [1, ...prior.shape])
  const watched = watchedPrior(prior)
  const sample = ddimSampler(watched.prior, { steps, strategy })
  let picture = new Float32Array()
  const { result, live } = watchLive(() => {
    watched.start()
    const [loss, back] = vjp((latent: Tensor) => {
      const x = sample(latent)
      picture = numbersOf(x)
      return operator.forward(x).sub(y).square().sum()
    }, z)
    using value = loss
    using one = onesLike(value)
    return { loss: Number(value.dataSync()[0]), gradient: back(one)[0] }
  }, watched.onCall)
  using gradient = result.gradient
  return {
    live,
    evaluations: watched.evaluations,
    back: watched.back,
    milliseconds: live.at.at(-1) ?? 0,
    peak: live.bytes.reduce((most, bytes) => Math.max(most, bytes), 0),
    loss: result.loss,
    gradient: numbersOf(gradient),
    x: picture,
  }
}

const numbersOf = (x: Tensor): Float32Array<ArrayBuffer> => Float32Array.from(x.dataSync(), Number)

/**
 * The prior with a note of each of its evaluations, from `start` on, and of the ways back through them: of the calls, while
 * nothing is recorded, that take what a recorded evaluation has made.
 */
function watchedPrior(prior: Prior) {
  const times: number[] = []
  const evaluations: Evaluation[] = []
  const back: WayBack[] = []
  const made = new Map<number, number>()
  let inside: number | undefined
  let [began, before] = [0, 0]
  return {
    back,
    onCall(inputs: readonly Tensor[], out: Tensor, from: number, to: number) {
      if (inside !== undefined) made.set(out.id, inside)
      if (inputs.some(isTracked)) return
      const step = inputs.map(({ id }) => made.get(id)).find((known) => known !== undefined)
      if (step === undefined || inside !== undefined) return
      const last = back.at(-1)
      if (last?.step === step) back[back.length - 1] = { ...last, to }
      else back.push({ step, from, to })
    },
    prior: {
      ...prior,
      denoise(x, t) {
        if (!times.includes(t)) times.push(t)
        const kept = memory().bytes - before
        const from = performance.now() - began
        const [step, taped] = [times.indexOf(t), isTracked(x)]
        inside = taped ? step : undefined
        const x0 = prior.denoise(x, t)
        inside = undefined
        evaluations.push({ step, from, to: performance.now() - began, taped, kept })
        return x0
      },
    } satisfies Prior,
    evaluations,
    start() {
      began = performance.now()
      before = memory().bytes
    },
  }
}
