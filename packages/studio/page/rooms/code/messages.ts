/**
 * What the page and the sandbox say to each other: plain data. Anything may come from a sandbox, for a visitor's code runs in
 * it, so the page reads its words with `readWord`, and never wraps it by comlink, whose messages call functions.
 */
import type { Frame } from '../plane/engine/frames.ts'
import type { RunRequest, RunSummary } from '../plane/engine/run.ts'

/** The name by which a worker knows that it is a sandbox. */
export const sandboxName = 'sandbox'

/** To the sandbox. */
export type Order =
  | { readonly kind: 'run'; readonly id: number; readonly request: RunRequest }
  | { readonly kind: 'stop'; readonly id: number }
  | { readonly kind: 'ping' }

/** Why something failed, as far as the sandbox knows. */
export interface Failure {
  /** Name of the error. */
  readonly name: string
  readonly message: string
  /** In the source, from 1. */
  readonly line?: number
}

/** From the sandbox. */
export type Word =
  /** The page's own modules are there: the text begins now. */
  | { readonly kind: 'loaded' }
  /** The text has run, and has this method. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'alive' }
  | { readonly kind: 'frames'; readonly id: number; readonly frames: readonly Frame[] }
  | { readonly kind: 'done'; readonly id: number; readonly summary: RunSummary }
  /** Of a run, or of the text itself. */
  | { readonly kind: 'failed'; readonly id?: number; readonly failure: Failure }

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** A population of as many as there are particles. */
const isPopulation = (value: unknown, count: number): boolean =>
  isFields(value) &&
  value['weights'] instanceof Float32Array &&
  value['ancestors'] instanceof Int32Array &&
  value['weights'].length === count &&
  value['ancestors'].length === count &&
  typeof value['ess'] === 'number' &&
  typeof value['logEvidence'] === 'number'

const isFrame = (value: unknown): value is Frame =>
  isFields(value) &&
  ['index', 'steps', 't', 'alpha', 'sigma'].every((name) => isNumber(value[name])) &&
  value['x'] instanceof Float32Array &&
  value['x'].length % 2 === 0 &&
  (value['population'] === undefined || isPopulation(value['population'], value['x'].length / 2))

const isSummary = (value: unknown): value is RunSummary =>
  isFields(value) &&
  ['nfe', 'vjps', 'milliseconds'].every((name) => isNumber(value[name])) &&
  Array.isArray(value['advice']) &&
  value['advice'].every((line) => typeof line === 'string')

function failureIn(value: unknown): Failure {
  const { name, message, line } = isFields(value) ? value : ({} as Fields)
  return {
    name: String(name).slice(0, 100),
    message: String(message).slice(0, 1000),
    ...(isNumber(line) && line >= 1 && { line: Math.floor(line) }),
  }
}

/** What a sandbox said; undefined for what it cannot have said. */
export function readWord(data: unknown): Word | undefined {
  if (!isFields(data)) return undefined
  const { kind, id } = data
  if (kind === 'loaded' || kind === 'ready' || kind === 'alive') return { kind }
  if (kind === 'failed') return { kind, ...(isNumber(id) && { id }), failure: failureIn(data['failure']) }
  if (!isNumber(id)) return undefined
  const { frames, summary } = data
  if (kind === 'frames' && Array.isArray(frames) && frames.every(isFrame)) return { kind, id, frames }
  if (kind === 'done' && isSummary(summary)) return { kind, id, summary }
  return undefined
}
