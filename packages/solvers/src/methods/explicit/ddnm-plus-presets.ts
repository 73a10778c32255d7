import type { Preset } from '../preset.ts'

const noisy = 'github.com/wyhuai/DDNM evaluation.sh: eta 0.85, sigma_y 0.2 for [0, 1], doubled for [−1, 1]'

/** The authors' noisy tasks on CelebA-HQ. */
export const ddnmPlusPresets: readonly Preset[] = [
  { name: 'celeba-sr16', operator: 'sr:16', noise: 'gaussian:0.4', settings: {}, from: noisy },
  {
    name: 'celeba-cs-hadamard-4',
    operator: 'cs-walsh-hadamard:0.25',
    noise: 'gaussian:0.4',
    settings: {},
    from: noisy,
  },
]
