import type { Preset } from '../preset.ts'

const celeba = (task: string, operator?: string): Preset => ({
  name: `celeba-${task}`,
  ...(operator === undefined ? {} : { operator }),
  noise: 'none',
  settings: { steps: 100, spacing: 'ddim', eta: 0.85, travelLength: 1, travelRepeats: 1 },
  from:
    'github.com/wyhuai/DDNM evaluation.sh (eta 0.85, sigma_y 0) and configs/celeba_hq.yml (T_sampling 100, ' +
    'travel_length 1, travel_repeat 1); no number has a unit of the data range',
})

/** The authors' tasks on CelebA-HQ; their numbers are the same for all. */
export const ddnmPresets: readonly Preset[] = [
  celeba('sr4', 'sr:4'),
  celeba('sr4-bicubic', 'sr:factor=4,filter=bicubic'),
  celeba('inpaint', 'inpaint'),
  celeba('colour', 'grey'),
  celeba('deblur-gauss', 'blur:size=5,std=10,boundary=zero'),
  celeba('cs-hadamard-4', 'cs-walsh-hadamard:0.25'),
]
