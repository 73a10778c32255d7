import type { Prepared } from './cases.ts'

/** The times of one case on one engine, in milliseconds, over all samples taken. */
export interface Timing {
  readonly samples: number
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
}

/** Benny announces itself on standard output, which belongs to our table or JSON. */
async function quietly<T>(fn: () => Promise<T>): Promise<T> {
  const { log } = console
  console.log = () => undefined
  try {
    return await fn()
  } finally {
    console.log = log
  }
}

/**
 * Times several engines on one case in one benny suite.
 * @param seconds - Least time per engine.
 */
export async function timeAll(
  name: string,
  engines: readonly { readonly engine: string; readonly prepared: Prepared }[],
  seconds: number,
): Promise<Map<string, Timing>> {
  const { default: benny } = await import('benny')
  const options = { minTime: seconds, maxTime: Math.max(2 * seconds, 0.5), minSamples: 5 }
  const cases = engines.map(({ engine, prepared }) => benny.add(engine, () => prepared.run(), options))
  const summary = await quietly(() => benny.suite(name, ...cases))
  return new Map(
    summary.results.map(({ name: engine, samples, details }) => [
      engine,
      { samples, medianMs: details.median * 1e3, minMs: details.min * 1e3, maxMs: details.max * 1e3 },
    ]),
  )
}
