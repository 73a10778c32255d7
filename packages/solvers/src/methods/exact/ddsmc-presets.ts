import type { Preset } from '../preset.ts'

const scatter = (receivers: number, eta: number, top: number): Preset => ({
  name: `scattering-${receivers}`,
  settings: { steps: 200, particles: 16, eta, spread: 'noise-level', spreadFactor: (top / 100) ** 2 },
  from: `devzhk/InverseBench b113d67: configs/algorithm/ddsmc.yaml, ${receivers} receivers: σ from 100 to 0.01, ρ from ${top} to 0.01, poly-7; ρ/σ is ${top / 100} at the first level and 1 at the last, here the same at all`,
})

/** Those of its authors in InverseBench, for linear inverse scattering. */
export const ddsmcPresets: readonly Preset[] = [
  scatter(360, 0.5, 47),
  scatter(180, 1, 40),
  scatter(60, 1, 48),
]
