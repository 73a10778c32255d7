import {
  indexOfThread,
  placesOf,
  renamed,
  rewritten,
  withoutReturn,
  withScalarsFrom,
} from './kernels/body.ts'
import type { Grid } from './kernels/program.ts'

/*
 * Kernels that follow each other become one by writing the first one's statements into the second, where that reads the
 * first one's result at its own place. So a chain of elementwise functions is one kernel, and what follows a contraction,
 * a sum or a norm is done by the thread that has it.
 */

/** A kernel among others. Its inputs are the results of steps before (0, 1, …) or buffers from outside (−1, −2, …). */
export interface Step {
  readonly body: string
  readonly length: number
  /** Elements that a thread returns, as an array where it is more than one. */
  readonly width?: number
  /** Its threads in columns and rows, where they are no line. */
  readonly grid?: Grid | undefined
  readonly inputs: readonly number[]
  /** How many numbers it is given beside the arrays, `s0`, `s1`, …. */
  readonly scalars?: number
}

/** A step that may do the work of several. */
export interface FusedStep extends Required<Omit<Step, 'scalars' | 'grid'>>, Pick<Step, 'grid'> {
  /** The step whose result it makes, as it was numbered before. */
  readonly origin: number
  /** The numbers it is given: of which step before, and there which one. */
  readonly scalars: readonly (readonly [step: number, scalar: number])[]
}

export interface FusedSteps {
  readonly steps: readonly FusedStep[]
  /** By the number that a kept step had before: which step has its result now. */
  readonly results: ReadonlyMap<number, number>
}

/** Array arguments of one kernel: WebGPU guarantees eight buffers, the result's among them. */
export const mostInputs = 7
/** Characters of a kernel, and readers of a result that each work it out for themselves. */
const [longest, mostReaders] = [16_000, 3]

interface Draft extends FusedStep {
  gone: boolean
}

/** Each input once. */
function distinct({ body, length, width = 1, grid, inputs, scalars = 0 }: Step, origin: number): Draft {
  const each = [...new Set(inputs)]
  const same = each.length === inputs.length
  const text = same ? body : rewritten(body, (argument) => each.indexOf(inputs[argument]!))
  const given = Array.from({ length: scalars }, (_, k) => [origin, k] as const)
  return { body: text, length, width, grid, inputs: each, origin, scalars: given, gone: false }
}

/** The consumer with the producer's statements in it; undefined where that cannot be, or would not pay. */
function joined(producer: Draft, number: number, consumer: Draft, alone: boolean): Draft | undefined {
  const argument = consumer.inputs.indexOf(number)
  const places = placesOf(consumer.body, argument)
  if (places === undefined || places.index === undefined) return undefined
  if (producer.length > 1 && !places.index.includes('this.thread.x')) return undefined
  const loops = /^for \(/m.test(producer.body)
  if (producer.width > 1 || (loops && consumer.width > 1)) return undefined
  const own = producer.length === 1 || places.index === indexOfThread
  // What takes long is worked out no more often than before.
  if (loops && !(alone && own && producer.length === consumer.length)) return undefined
  const inputs = [...new Set([...consumer.inputs.filter((from) => from !== number), ...producer.inputs])]
  if (inputs.length > mostInputs) return undefined
  const made = `f${(consumer.body.match(/\bf\d+\b/g) ?? []).reduce((most, name) => Math.max(most, Number(name.slice(1)) + 1), 0)}`
  const { lines, value } = withoutReturn(
    renamed(
      withScalarsFrom(
        consumer.scalars.length,
        rewritten(producer.body, (own) => inputs.indexOf(producer.inputs[own]!)),
      ),
      `_${made}`,
    ).replaceAll('this.thread.x', places.index),
  )
  const text = rewritten(consumer.body, (own) =>
    own === argument ? made : inputs.indexOf(consumer.inputs[own]!),
  ).split('\n')
  text.splice(places.line, 0, ...lines, `const ${made} = ${value};`)
  const body = text.join('\n')
  const scalars = [...consumer.scalars, ...producer.scalars]
  return body.length > longest ? undefined : { ...consumer, body, inputs, scalars }
}

/**
 * Fewer kernels with the same results: what nobody reads is left out, what is written twice is done once, and what can
 * be written into its readers is. `kept` are the steps whose results are wanted.
 */
export function fuse(steps: readonly Step[], kept: ReadonlySet<number>): FusedSteps {
  const same = new Map<string, number>()
  const canonical: number[] = []
  const wanted = new Set<number>()
  const drafts = steps.map(({ inputs, ...rest }, i): Draft => {
    const draft = distinct({ ...rest, inputs: inputs.map((from) => (from < 0 ? from : canonical[from]!)) }, i)
    const key = `${draft.length}|${draft.inputs.join()}|${draft.body}`
    const before = draft.scalars.length > 0 ? undefined : same.get(key)
    // Two results that are both wanted are two buffers.
    const own = before === undefined || (kept.has(i) && wanted.has(before)) ? i : before
    if (before === undefined) same.set(key, i)
    if (kept.has(i)) wanted.add(own)
    canonical.push(own)
    return draft
  })
  const readers = drafts.map((): number[] => [])
  for (let i = drafts.length - 1; i >= 0; i--) {
    const draft = drafts[i]!
    draft.gone = canonical[i] !== i || !(wanted.has(i) || readers[i]!.length > 0)
    if (!draft.gone) for (const from of draft.inputs) if (from >= 0) readers[from]!.push(i)
  }
  drafts.forEach((producer, i) => {
    const by = readers[i]!
    if (producer.gone || wanted.has(i) || by.length > mostReaders) return
    const made = by.map((reader) => joined(producer, i, drafts[reader]!, by.length === 1))
    if (made.includes(undefined)) return
    producer.gone = true
    by.forEach((reader, k) => {
      drafts[reader]! = made[k]!
      for (const from of producer.inputs) {
        if (from >= 0 && !readers[from]!.includes(reader)) readers[from]!.push(reader)
      }
    })
    for (const from of producer.inputs) if (from >= 0) readers[from]! = readers[from]!.filter((k) => k !== i)
  })
  const number = new Map<number, number>()
  const left: FusedStep[] = []
  drafts.forEach(({ gone, ...draft }, i) => {
    if (gone) return
    number.set(i, left.length)
    left.push({ ...draft, inputs: draft.inputs.map((from) => (from < 0 ? from : number.get(from)!)) })
  })
  return { steps: left, results: new Map([...kept].map((i) => [i, number.get(canonical[i]!)!])) }
}
