import type { Preset } from '../preset.ts'

/** The authors' example line, for JPEG and for their quantiser. */
export const ddrmJpegPresets: readonly Preset[] = [
  ...['jpeg:80', 'quantise:3'].map((operator) => ({
    name: `imagenet-${operator.replace(':', '')}`,
    operator,
    noise: 'none',
    settings: { steps: 66, spacing: 'ddim', eta: 1, etaB: 0.4, startAt: 0.3 },
    from:
      'github.com/bahjat-kawar/ddrm-jpeg, README.md: eta 1, etaB 0.4, timesteps 20, init_timestep 300; every 15th of ' +
      '1000 indices, of which 20 lie below 300. Their quant divides 0 … 255 by 32 and rounds down: 8 levels',
  })),
]
