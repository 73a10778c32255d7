import type { Device } from '@tweedie/tensor'
import { fromData, matmul, scope } from '@tweedie/tensor'

/** What the bits of a result depend on besides the program. The same settings give the same bits. */
export type Arithmetic = Readonly<Record<string, string>>

/**
 * The settings of a device on this machine that change how results are rounded. Whether multiply-adds are fused is
 * measured by a product: where the device allows it, the processor decides.
 */
export function arithmeticOf(device: Device): Arithmetic {
  const { name, backend, rounding } = device.info()
  const settings = Object.entries(rounding ?? {}).map(([key, on]) => [key, on ? 'on' : 'off'] as const)
  const productsFused = fusesProducts(device) ? 'yes' : 'no'
  return { device: name, backend, arch: process.arch, productsFused, ...Object.fromEntries(settings) }
}

/** a² + c of a² = 1 + 2⁻¹¹ + 2⁻²⁴ and c = −1 − 2⁻¹¹: the last term is lost where a² is rounded to float32 first. */
function fusesProducts(device: Device): boolean {
  const [a, c] = [1 + 2 ** -12, -1 - 2 ** -11]
  return scope(() => {
    const row = fromData(Float32Array.of(c, a), [1, 2], { device })
    const column = fromData(Float32Array.of(1, a), [2, 1], { device })
    return matmul(row, column).dataSync()[0] !== 0
  })
}

/** The settings that differ, in words; undefined where none does. */
export function arithmeticDifference(saved: Arithmetic, now: Arithmetic): string | undefined {
  const keys = [...new Set([...Object.keys(saved), ...Object.keys(now)])]
  const differing = keys.filter((key) => saved[key] !== now[key])
  if (differing.length === 0) return undefined
  return differing
    .map((key) => `${key} was ${saved[key] ?? 'not there'}, is now ${now[key] ?? 'not there'}`)
    .join('; ')
}
