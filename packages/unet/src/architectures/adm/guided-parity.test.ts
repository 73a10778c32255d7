import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { vjp } from '@tweedie/autograd'
import type { DType, Tensor } from '@tweedie/tensor'
import { cast, fromData, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { writeSafetensors } from '../../checkpoint/write.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import { loadPrior } from '../../models/prior.ts'
import type { Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import type { AdmConfig } from './config.ts'
import { admForward } from './forward.ts'
import { admConfigFromGuided } from './guided.ts'
import { admSpec } from './spec.ts'

// Outputs and gradients of guided-diffusion's own UNetModel, loaded as a user's folder is: config.json and weights.

const folder = resolve(import.meta.dirname, '../../../../../tests/fixtures/adm-guided')

/** Each with what it has that the others lack. */
const cases = [
  'classes-heads-first',
  'classes-qkv-first',
  'grey-three-levels',
  'additive-updown',
  'half-width',
  'four-channels',
  'many-blocks',
  'float16',
  'flags',
  'command-line',
] as const

/** PyTorch's float32: of angles up to 1000 in the embedding of time 6e-5 are rounded off. */
const tolerance = 5e-5

const jsonOf = (name: string): string => readFileSync(join(folder, `${name}.json`), 'utf8')

function inputsOf(name: string, options: { dtype: DType; device: string }) {
  const file = parseSafetensors(readFileSync(join(folder, `${name}.safetensors`)), name)
  const io = Object.fromEntries(
    file.entries.map((e) => [e.name, fromData(file.values(e.name), e.shape, options)]),
  ) as Record<'x' | 't' | 'out' | 'cotangent' | 'vjp', Tensor> & { y?: Tensor }
  return { ...io, y: io.y === undefined ? undefined : cast(io.y, 'int32') }
}

/** What names the parameters that `convert_to_fp16` leaves as they are: embeddings, the last layers, and norms. */
const whole = (params: Params, name: string) => {
  const bias = params[name.replace(/weight$/, 'bias')]
  const norm = /(in|out)_layers\.0\.|\.norm\./.test(name)
  return (
    norm || bias === undefined || !/^(input|middle|output)_blocks?\./.test(name) || /emb_layers/.test(name)
  )
}

/** Parameters as the module has them after `convert_to_fp16`: convolutions of the torso rounded to float16. */
function halved(params: Params): Params {
  const torso = Object.fromEntries(Object.entries(params).filter(([name]) => !whole(params, name)))
  const file = parseSafetensors(writeSafetensors(torso, { dtype: 'float16' }), 'torso')
  return Object.fromEntries(
    Object.entries(params).map(([name, p]) => [
      name,
      Object.hasOwn(torso, name)
        ? fromData(file.values(name), p.shape, { dtype: p.dtype, device: p.device })
        : p,
    ]),
  )
}

function errorsOf(
  params: Params,
  config: AdmConfig,
  name: string,
  options: { dtype: DType; device: string },
) {
  const { x, t, y, out, cotangent, vjp: expected } = inputsOf(name, options)
  const [value, pullback] = vjp((v: Tensor) => admForward(params, config, v, t, y), x)
  return [relativeError(value, out), relativeError(pullback(cotangent)[0]!, expected)]
}

describe.each(cases)('%s', (name) => {
  test('output and gradient are those of PyTorch, from config.json and a file of weights', () => {
    scope(() => {
      const made = admConfigFromGuided(JSON.parse(jsonOf(name)))
      const plain = hashedParams(admSpec(made), { dtype: 'float32', device: 'wasm' })
      const weights = writeSafetensors(name === 'float16' ? halved(plain) : plain)
      const { config, params } = loadPrior({ config: jsonOf(name), weights })
      expect(config).toEqual(made)
      const errors = errorsOf(params, made, name, { dtype: 'float32', device: 'wasm' })
      for (const error of errors) expect(error).toBeLessThan(tolerance)
    })
  })
})

test.each(['classes-qkv-first', 'flags'])('%s: and in float64 on the reference device', (name) => {
  scope(() => {
    const options = { dtype: 'float64', device: 'reference' } as const
    const config = admConfigFromGuided(JSON.parse(jsonOf(name)))
    for (const error of errorsOf(hashedParams(admSpec(config), options), config, name, options))
      expect(error).toBeLessThan(tolerance)
  })
})
