import type { Preset } from '../preset.ts'

/** The authors' script for inpainting. */
export const dsgPresets: readonly Preset[] = [
  {
    name: 'ffhq-inpainting',
    noise: 'gaussian:0.05',
    settings: { steps: 100, rate: 0.2, interval: 1 },
    from: 'LingxiaoYang2023/DSG2024: run_DSG.sh (guidance_scales 0.2, intervals 1, DDIM 100), inpainting_config.yaml (σ 0.05)',
  },
]
