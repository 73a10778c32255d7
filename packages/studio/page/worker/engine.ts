/**
 * What the page can ask of its worker: an object of functions, whose arguments and results are data that can be cloned
 * (numbers, texts, typed arrays, callbacks wrapped in comlink's `proxy`). Tensors never leave the worker.
 *
 * A room adds its own part, `rooms/NAME/engine.ts`, as a member marked by `proxy`. A part that brings much code (a network,
 * a compiler) is imported when it is first called, so that the first room does not wait for it:
 *
 *     digits: proxy({ run: async (...given: Parameters<Run>) => (await import('../rooms/digits/engine.ts')).run(...given) })
 *
 * Long work is `stoppable(run, signal => …)` of `runs.ts`, and breathes. What a part keeps between calls it keeps few of,
 * and frees in its `close`, which the room calls when it is left: the footer shows what lives.
 */
import { proxy } from 'comlink'
import type { digitsEngine } from '../rooms/digits/engine.ts'
import { planeEngine } from '../rooms/plane/engine.ts'
import { engineFacts, engineMemory } from './facts.ts'
import { stop } from './runs.ts'

/** The part of the digits, when it is first called: it brings a network. */
const digits = async (): Promise<typeof digitsEngine> =>
  (await import('../rooms/digits/engine.ts')).digitsEngine

type Digits = typeof digitsEngine

export const engine = {
  facts: engineFacts,
  memory: engineMemory,
  stop,
  plane: proxy(planeEngine),
  digits: proxy({
    operators: async (...given: Parameters<Digits['operators']>) => (await digits()).operators(...given),
    noises: async () => (await digits()).noises(),
    methods: async (...given: Parameters<Digits['methods']>) => (await digits()).methods(...given),
    heldOut: async () => (await digits()).heldOut(),
    openPrior: async (...given: Parameters<Digits['openPrior']>) => (await digits()).openPrior(...given),
    keepPhoto: async (...given: Parameters<Digits['keepPhoto']>) => (await digits()).keepPhoto(...given),
    measurement: async (...given: Parameters<Digits['measurement']>) =>
      (await digits()).measurement(...given),
    run: async (...given: Parameters<Digits['run']>) => (await digits()).run(...given),
    close: async () => (await digits()).close(),
  }),
}

export type Engine = typeof engine
