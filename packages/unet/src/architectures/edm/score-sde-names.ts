import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { NamedShapes } from '../../param-source.ts'
import type { EdmOptions } from './config.ts'
import { edmConfig } from './config.ts'
import type { LayerPlan } from './plan.ts'
import { edmPlan } from './plan.ts'
import type { ModuleKind } from './score-sde-structure.ts'
import { kindOf } from './score-sde-structure.ts'

type Values = Float32Array | Float64Array

/** A parameter of a SongUNet, and how a module of score_sde's list has it. */
export interface Named {
  readonly name: string
  readonly shape: Shape
  readonly module: number
  /** Its elements, of those of the module's tensors. */
  values(read: (own: string, into?: Float32Array) => Values, into?: Float32Array): Values
}

/**
 * The parameters of a SongUNet by the modules of a network of score_sde, both in the order of execution. Undefined where the
 * modules are not those of the configuration.
 */
export function placesOf(modules: readonly NamedShapes[], options: EdmOptions): Named[] | undefined {
  const places: Named[] = []
  let next = 0
  const take = (kind: ModuleKind): number | undefined => {
    const module = modules[next]
    return module !== undefined && kindOf(module) === kind ? next++ : undefined
  }
  /** A tensor as it is, under another name. */
  const same = (m: number, name: string, own: string) => {
    const shape = modules[m]?.get(own)
    if (shape !== undefined) places.push({ name, shape, module: m, values: (read, into) => read(own, into) })
  }
  const affine = (m: number, name: string, own = '') => {
    for (const part of ['weight', 'bias']) same(m, `${name}.${part}`, own === '' ? part : `${own}.${part}`)
  }
  /** Layers that take one module each, and what it is. */
  const single = { conv: 'conv', auxSkip: 'combine', auxResidual: 'residual' } as const
  const layer = (plan: LayerPlan): boolean => {
    if (plan.kind === 'auxDown' || plan.kind === 'auxUp') return true
    if (plan.kind === 'block') {
      const m = take('block')
      if (m === undefined) return false
      for (const [own, part] of blockParts) affine(m, `${plan.name}.${part}`, own)
      if (plan.heads === 0) return true
      const attention = take('attention')
      if (attention === undefined) return false
      affine(attention, `${plan.name}.norm2`, 'GroupNorm_0')
      places.push(...attentionPlaces(plan.name, attention, plan.outChannels))
      return true
    }
    if (plan.kind === 'auxOut') {
      const [norm, conv] = [take('norm'), take('conv')]
      if (norm === undefined || conv === undefined) return false
      affine(norm, `${plan.name}_norm`)
      affine(conv, `${plan.name}_conv`)
      return true
    }
    const m = take(single[plan.kind])
    if (m === undefined) return false
    affine(m, plan.name, { conv: '', auxSkip: 'Conv_0', auxResidual: 'Conv2d_0' }[plan.kind])
    return true
  }
  const layers = layersOf(options)
  const frequencies = take('frequencies')
  const [one, two] = [take('linear'), take('linear')]
  if (layers === undefined || one === undefined || two === undefined) return undefined
  if (frequencies !== undefined) same(frequencies, 'map_noise.freqs', 'W')
  affine(one, 'map_layer0')
  affine(two, 'map_layer1')
  return layers.every(layer) && next === modules.length ? places : undefined
}

const blockParts = [
  ['GroupNorm_0', 'norm0'],
  ['Conv_0', 'conv0'],
  ['Dense_0', 'affine'],
  ['GroupNorm_1', 'norm1'],
  ['Conv_1', 'conv1'],
  ['Conv_2', 'skip'],
] as const

/** The layers of a configuration; undefined where it is none. */
function layersOf(options: EdmOptions): readonly LayerPlan[] | undefined {
  try {
    return edmPlan(edmConfig(options)).layers
  } catch (error) {
    if (error instanceof OptionError) return undefined
    throw error
  }
}

/** Query, key and value, matrices [in, out] of their own, as one 1×1 convolution whose outputs take turns; and the way out. */
function attentionPlaces(name: string, module: number, channels: number): Named[] {
  const parts = ['NIN_0', 'NIN_1', 'NIN_2']
  /** Rows of a convolution, of the columns of matrices: row 3·c + j is column c of matrix j. */
  const rows = (matrices: readonly Values[], into?: Float32Array): Values => {
    const out = into ?? new Float32Array(matrices.length * channels ** 2)
    matrices.forEach((matrix, j) => {
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < channels; i++)
          out[(matrices.length * c + j) * channels + i] = matrix[i * channels + c]!
    })
    return out
  }
  return [
    {
      name: `${name}.qkv.weight`,
      shape: [3 * channels, channels, 1, 1],
      module,
      values: (read, into) =>
        rows(
          parts.map((part) => read(`${part}.W`)),
          into,
        ),
    },
    {
      name: `${name}.qkv.bias`,
      shape: [3 * channels],
      module,
      values: (read, into = new Float32Array(3 * channels)) => {
        parts.forEach(
          (part, j) => void read(`${part}.b`).forEach((value, c) => void (into[3 * c + j] = value)),
        )
        return into
      },
    },
    {
      name: `${name}.proj.weight`,
      shape: [channels, channels, 1, 1],
      module,
      values: (read, into) => rows([read('NIN_3.W')], into),
    },
    { name: `${name}.proj.bias`, shape: [channels], module, values: (read, into) => read('NIN_3.b', into) },
  ]
}
