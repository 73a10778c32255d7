import type { Device, KernelCall } from '../device.ts'
import { allocateHost } from '../dtype.ts'
import { resultOf } from '../primitives.ts'
import { ReferenceDevice } from '../reference/index.ts'
import { sizeOf } from '../shape.ts'
import type { Case } from './families.test.helper.ts'
import { families, seeded } from './families.test.helper.ts'

async function outcome(device: Device, { primitive, inputs, params }: Case): Promise<number[]> {
  const views = inputs.map(({ data, ...view }) => {
    const host = allocateHost(view.dtype, data.length)
    host.set(data)
    const buffer = device.allocate(view.dtype, host.length)
    device.write(buffer, view.dtype, host)
    return { ...view, buffer }
  })
  const { shape, dtype } = resultOf(primitive, views, params as never)
  const out = device.run({ primitive, inputs: views, params, shape, dtype } as KernelCall)
  const length = sizeOf(shape)
  const values = Array.from(await device.read(out, dtype, length))
  device.free(out, dtype, length)
  views.forEach((view, i) => device.free(view.buffer, view.dtype, inputs[i]!.data.length))
  return values
}

const reference = new ReferenceDevice()

/** Where a device's result differs from the reference device's, in words; undefined where it does not. */
export async function discrepancy(device: Device, test: Case, tolerance = 2e-5): Promise<string | undefined> {
  const [actual, expected] = [await outcome(device, test), await outcome(reference, test)]
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`
  for (let i = 0; i < expected.length; i++) {
    const [got, want] = [actual[i]!, expected[i]!]
    if (Object.is(got, want) || got === want) continue
    if (Math.abs(got - want) <= tolerance * (1e-3 + Math.abs(want)) + 2 ** -21 * (test.size ?? 0)) continue
    const geometry = test.inputs.map(({ data: _, ...view }) => view)
    return `element ${i} is ${got}, not ${want}: ${JSON.stringify({ ...test, inputs: geometry })}`
  }
  return undefined
}

/** Runs `count` random calls of every family whose name `only` accepts, and returns what differs. */
export async function survey(
  device: Device,
  count: number,
  seed: number,
  only: (name: string) => boolean = () => true,
): Promise<string[]> {
  const found: string[] = []
  for (const [name, family] of Object.entries(families)) {
    if (!only(name)) continue
    for (let i = 0; i < count; i++) {
      try {
        const different = await discrepancy(device, family(seeded(seed + 7919 * i)))
        if (different !== undefined) found.push(`${name}: ${different}`)
      } catch (error) {
        found.push(`${name}: ${String(error).slice(0, 1500)}`)
      }
    }
  }
  return found
}
