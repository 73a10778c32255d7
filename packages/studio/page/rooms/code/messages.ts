/**
 * What the page and the sandbox say to each other: plain data. Anything may come from a sandbox, for a visitor's code runs in
 * it, so the page reads its words with `readWord`, and never wraps it by comlink, whose messages call functions.
 */
import type { RunRequest as DigitsRequest } from '../digits/engine/run.ts'
import type { RunRequest as PlaneRequest } from '../plane/engine/run.ts'

/** The name by which a worker knows that it is a sandbox. */
export const sandboxName = 'sandbox'

/** To run the method of the text; the words are those of the room of that name. */
export type RunOrder = { readonly kind: 'run'; readonly id: number } & (
  | { readonly on: 'plane'; readonly request: PlaneRequest }
  | { readonly on: 'digits'; readonly request: DigitsRequest }
)

/** To the sandbox. */
export type Order = RunOrder | { readonly kind: 'stop'; readonly id: number } | { readonly kind: 'ping' }

/** Why something failed, as far as the sandbox knows. */
export interface Failure {
  /** Name of the error. */
  readonly name: string
  readonly message: string
  /** In the source, from 1. */
  readonly line?: number
}

/** From the sandbox. What a run gives is read by the ground that it runs on. */
export type Word =
  /** The page's own modules are there: the text begins now. */
  | { readonly kind: 'loaded' }
  /** The text has run, and has this method. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'alive' }
  | { readonly kind: 'frames'; readonly id: number; readonly frames: readonly unknown[] }
  | { readonly kind: 'done'; readonly id: number; readonly summary: unknown }
  /** Of a run, or of the text itself. */
  | { readonly kind: 'failed'; readonly id?: number; readonly failure: Failure }

/** An object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>
export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
export const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value)

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
  if (kind === 'frames' && Array.isArray(frames)) return { kind, id, frames }
  if (kind === 'done') return { kind, id, summary }
  return undefined
}
