import type { DeviceInfo } from '@tweedie/tensor'

/** What the bits of a result depend on beside the program: the same settings give the same bits. */
export type Arithmetic = Readonly<Record<string, string>>

/** The settings of a device on this machine that change results by rounding. */
export function arithmeticOf({ name, backend, rounding }: DeviceInfo): Arithmetic {
  const settings = Object.entries(rounding ?? {}).map(([key, on]) => [key, on ? 'on' : 'off'] as const)
  return { device: name, backend, arch: process.arch, ...Object.fromEntries(settings) }
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
