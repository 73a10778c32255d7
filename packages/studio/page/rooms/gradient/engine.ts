import { transfer } from 'comlink'
import { engineMemory } from '../../worker/facts.ts'
import { stoppable } from '../../worker/runs.ts'
import { forgetGround, groundOf } from '../digits/engine/assets.ts'
import type { KindEntry } from '../digits/engine/entries.ts'
import { forgetOperator } from '../digits/engine/problem.ts'
import type { ChainRequest, ChainRun } from './engine/chain.ts'
import { runChain } from './engine/chain.ts'
import { operatorsFor } from './engine/operators.ts'
import type { Seen, Shown, StepRequest, StepTape } from './engine/step.ts'
import { watchStep } from './engine/step.ts'

/** The numbers of the last step's tensors, on the host: the page asks for a few of them. */
let seen: Seen = new Map()

/** What the room of the gradient asks of the engine. */
export const gradientEngine = {
  /** Every operator, with what DPS lacks for it. */
  operators: async (): Promise<KindEntry[]> => operatorsFor((await groundOf()).prior),

  /** The held-out digits, a byte a pixel. */
  heldOut: async (): Promise<readonly Uint8Array[]> => (await groundOf()).heldOut,

  /** The tape of a guidance step; `onDone` is told how much of the run that leads to it is done. */
  step: (run: number, request: StepRequest, onDone: (part: number) => void): Promise<StepTape> =>
    stoppable(run, async (signal) => {
      const { params = {}, ...ground } = await groundOf()
      const found = await watchStep(request, { ...ground, params }, signal, onDone)
      seen = found.seen
      return found.step
    }),

  /** A tensor of the last tape with its cotangent, by its number. */
  tensor: (value: number): Shown => seen.get(value) ?? {},

  /** The gradient through a whole sampler. It is one call: it cannot be stopped. */
  async chain(request: ChainRequest): Promise<ChainRun> {
    const run = runChain(request, await groundOf())
    const { live, gradient, x } = run
    return transfer(run, [live.at.buffer, live.bytes.buffer, gradient.buffer, x.buffer])
  },

  /** Frees what was kept; the room calls it when it is left. */
  async close(): Promise<number> {
    seen = new Map()
    forgetOperator()
    await forgetGround()
    return engineMemory().tensors
  },
}
