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
import type { atlasEngine } from '../rooms/atlas/engine.ts'
import type { scriptFrom } from '../rooms/code/compile.ts'
import type { digitsEngine } from '../rooms/digits/engine.ts'
import type { gradientEngine } from '../rooms/gradient/engine.ts'
import { planeEngine } from '../rooms/plane/engine.ts'
import { engineFacts, engineMemory } from './facts.ts'
import { stop } from './runs.ts'

/** The part of the digits, when it is first called: it brings a network. */
const digits = async (): Promise<typeof digitsEngine> =>
  (await import('../rooms/digits/engine.ts')).digitsEngine

type Digits = typeof digitsEngine

/** The part of the gradient, when it is first called: it brings a network, too. */
const gradient = async (): Promise<typeof gradientEngine> =>
  (await import('../rooms/gradient/engine.ts')).gradientEngine

type Gradient = typeof gradientEngine

let loadedAtlas: Promise<typeof atlasEngine> | undefined

/**
 * The part of the atlas, when it is first called. It is kept: its `close` frees what the others share with it, and must come
 * before what the next room asks of them.
 */
const atlas = (): Promise<typeof atlasEngine> =>
  (loadedAtlas ??= import('../rooms/atlas/engine.ts').then(({ atlasEngine }) => atlasEngine))

type Atlas = typeof atlasEngine

export const engine = {
  facts: engineFacts,
  memory: engineMemory,
  stop,
  plane: proxy(planeEngine),
  /** A method's source as a script: the part that compiles, when it is first called. */
  compiled: async (...given: Parameters<typeof scriptFrom>) =>
    (await import('../rooms/code/compile.ts')).scriptFrom(...given),
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
  gradient: proxy({
    operators: async () => (await gradient()).operators(),
    heldOut: async () => (await gradient()).heldOut(),
    step: async (...given: Parameters<Gradient['step']>) => (await gradient()).step(...given),
    tensor: async (value: number) => (await gradient()).tensor(value),
    chain: async (...given: Parameters<Gradient['chain']>) => (await gradient()).chain(...given),
    close: async () => (await gradient()).close(),
  }),
  atlas: proxy({
    cell: async (...given: Parameters<Atlas['cell']>) => (await atlas()).cell(...given),
    calibrate: async (...given: Parameters<Atlas['calibrate']>) => (await atlas()).calibrate(...given),
    close: async () => (await atlas()).close(),
  }),
}

export type Engine = typeof engine
