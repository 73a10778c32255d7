import { DeviceError } from '../errors.ts'
import { release } from './buffer.ts'
import type { Handle } from './gpujs.ts'
import type { KernelRunner } from './runner.ts'

/** Numbers that must survive: a full mantissa, large, and the smallest normal one. Then a denormal, ∞ and NaN. */
const samples = new Float32Array([
  1 + 2 ** -23,
  2 ** 24 - 1,
  -3e38,
  2 ** -126,
  2 ** -130,
  Number.POSITIVE_INFINITY,
  Number.NaN,
])

const indexStep = 4_194_301 // 63 steps: just below 2^28

/** What the kernel below computes, in exact arithmetic. */
const remaindersOf = (x: number): number => ((x * indexStep + 7) % 3) * 1009 + ((x * indexStep + 7) % 1009)

const sources = {
  copy: 'function(a0) { return a0[this.thread.x]; }',
  nan: 'function(a0) { let r = 0; if (!(a0[this.thread.x] === a0[this.thread.x])) { r = 1; } return r; }',
  index: `function() {
    const small = imod((this.thread.x * ${indexStep} + 7), 3);
    const large = imod((this.thread.x * ${indexStep} + 7), 1009);
    return small * 1009 + large;
  }`,
}

/**
 * Tries on the device itself what the kernels rely on: full single precision and exact index arithmetic. Returns a
 * handle's context and what to note.
 * @throws {DeviceError} where either is missing.
 */
export async function examine(runner: KernelRunner): Promise<{ context: unknown; notes: string[] }> {
  const fail = (what: string): never => {
    throw new DeviceError(`gpu: the backend '${runner.backend}' is not fit to compute here: ${what}`)
  }
  const compiled = [
    runner.compile(sources.copy, [samples.length]),
    runner.compile(sources.copy, [samples.length], { download: true }),
    runner.compile(sources.nan, [samples.length], { download: true }),
    runner.compile(sources.index, [64], { download: true }),
  ] as const
  try {
    const [upload, download, nan, index] = compiled
    const input = runner.traits.resident ? runner.hostInput(samples) : samples
    const handle = (await upload.run([input])) as Handle
    const values = (await download.run([handle])) as Float32Array
    const isNaNs = (await nan.run([handle])) as Float32Array
    const remainders = (await index.run([])) as Float32Array
    const context = handle instanceof Float32Array ? undefined : handle.context
    release(handle)
    for (let i = 0; i < 4; i++) {
      if (values[i] !== samples[i]) fail(`the float ${samples[i]} became ${values[i]} on the device`)
    }
    remainders.forEach((remainder, i) => {
      if (remainder !== remaindersOf(i)) fail('its integer arithmetic is not exact below 2^28')
    })
    const notes: string[] = []
    if (values[4] === 0) notes.push('numbers below 2^-126 become 0')
    if (values[5] !== samples[5]) notes.push('infinity becomes a finite number')
    if (isNaNs[6] !== 1) notes.push('NaN may be lost in maximum, minimum and reductions by them')
    return { context, notes }
  } finally {
    for (const kernel of compiled) kernel.destroy()
  }
}
