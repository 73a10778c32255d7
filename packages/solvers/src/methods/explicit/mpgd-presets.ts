import type { Preset } from '../preset.ts'

const script =
  'KellyYutongHe/mpgd_pytorch: linear_inv/scripts/wo_proj_ffhq_super_resolution.sh (mpgd_wo_proj)'

/** The authors' scripts for super-resolution, at three numbers of steps. */
export const mpgdPresets: readonly Preset[] = [
  [20, 17.5] as const,
  [50, 7.5] as const,
  [100, 4] as const,
].map(([steps, scale]) => ({
  name: `ffhq-sr4-${steps}`,
  operator: 'sr:4',
  noise: 'gaussian:0.05',
  settings: { steps, scale, eta: 0.5 },
  from: `${script}: timestep ${steps}, scale ${scale}; configs/mgpd_diffusion_config.yaml: eta 0.5. Theirs is bicubic`,
}))
