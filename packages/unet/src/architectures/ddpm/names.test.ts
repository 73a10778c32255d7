// Files as former versions of diffusers, and those before it, saved them.
import type { Shape } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { compareWithSpec, loadParams } from '../../models/load.ts'
import { loadPrior } from '../../models/prior.ts'
import type { ParamSource } from '../../param-source.ts'
import { ddpm } from './architecture.ts'
import { ddpmSpec } from './spec.ts'
import { variantConfig } from './variants.test.helper.ts'

const config = variantConfig('ncsnpp')
const spec = ddpmSpec(config)
const params = hashedParams(spec, { dtype: 'float32', device: 'reference' })

/** The parameters under names and with shapes that a former version has; undefined for what it has not. */
function former(rename: (name: string, shape: Shape) => readonly (readonly [string, Shape])[]): ParamSource {
  const stored = new Map(
    Object.entries(spec).flatMap(([name, shape]) =>
      rename(name, shape).map(([old, as]) => [old, { name, as }] as const),
    ),
  )
  return {
    entries: [...stored].map(([name, { as }]) => ({ name, shape: as })),
    values: (name) => params[stored.get(name)!.name]!.dataSync() as Float32Array,
  }
}

const oldAttention = (name: string) =>
  name
    .replace('.to_q.', '.query.')
    .replace('.to_k.', '.key.')
    .replace('.to_v.', '.value.')
    .replace('.to_out.0.', '.proj_attn.')

describe.each<[string, ParamSource]>([
  ['old names of the attention', former((name, shape) => [[oldAttention(name), shape]])],
  [
    'projections as 1×1 convolutions',
    former((name, shape) => [[name, /\.attentions\..*\.to_.*weight$/.test(name) ? [...shape, 1, 1] : shape]]),
  ],
  [
    'both, in one dimension, behind a prefix',
    former((name, shape) => [
      [`module.${oldAttention(name)}`, /\.attentions\..*\.to_.*weight$/.test(name) ? [...shape, 1] : shape],
    ]),
  ],
  [
    'the first name of the random multiples',
    former((name, shape) => [[name.replace('time_proj.weight', 'time_proj.W'), shape]]),
  ],
  [
    "both names of the random multiples, of which today's counts",
    former((name, shape) =>
      name === 'time_proj.weight'
        ? [
            [name, shape],
            ['time_proj.W', [...shape, 1]],
          ]
        : [[name, shape]],
    ),
  ],
])('%s', (_, file) => {
  test('are read as today', () => {
    scope(() => {
      const prior = loadPrior({ config: ddpm.write(config), weights: file }, { device: 'reference' })
      expect(prior.config).toEqual(config)
      for (const [name, tensor] of Object.entries(prior.params)) {
        expect(tensor.shape).toEqual(spec[name])
        expect(tensor.dataSync(), name).toEqual(params[name]!.dataSync())
      }
    })
  })
})

test('projections that are no 1×1 convolutions keep their shape', () => {
  const query = 'mid_block.attentions.0.to_q.weight'
  const wrong = former((name, shape) => [[name, name === query ? [...shape, 3, 3] : shape]])
  expect(compareWithSpec(ddpm.rename!(wrong), spec)?.reshaped.map(({ name }) => name)).toEqual([query])
})

test('convolutions that are none of the attention keep their shape', () => {
  const wrong = former((name, shape) => [
    [name, name === 'time_embedding.linear_1.weight' ? [...shape, 1, 1] : shape],
  ])
  expect(compareWithSpec(ddpm.rename!(wrong), spec)?.reshaped.map(({ name }) => name)).toEqual([
    'time_embedding.linear_1.weight',
  ])
  expect(() => loadParams(ddpm.rename!(wrong), spec, 'f')).toThrow(
    'of another shape time_embedding.linear_1.weight',
  )
})
