import { expect, test } from 'vitest'
import { ddpmConfigFromDiffusers } from '../diffusers.ts'
import { variedPlan } from './plan.ts'

test('groups of a level of skip with attention on the way up are those of diffusers', () => {
  const config = ddpmConfigFromDiffusers({
    ...{ sample_size: 4, block_out_channels: [32, 4], layers_per_block: 1, norm_num_groups: 2 },
    ...{
      down_block_types: ['DownBlock2D', 'DownBlock2D'],
      up_block_types: ['UpBlock2D', 'AttnSkipUpBlock2D'],
    },
    add_attention: false,
  })
  // By diffusers 0.42: 4 + 32/4 of the 4 channels from below and the 32 joined, and 32 of 32 and 32.
  expect(variedPlan(config).up[1]?.resnets.map(({ groups }) => groups)).toEqual([
    [12, 8],
    [32, 8],
  ])
})
