// The inverse problems that the prior of X-rays is shown on, and what is there without a prior.
import type { LinearOperator, Settings } from '@tweedie/solvers'
import { formatSpec, isLinear, operatorFromSpec } from '@tweedie/solvers'
import type { Restores } from './xray-classics.ts'
import { backProjection } from './xray-classics.ts'
import { shape } from './xray-data.ts'

/** An inverse problem on X-rays, the same settings for every prior. */
export interface XrayTask {
  readonly name: string
  readonly title: string
  readonly operator: string
  readonly noise: string
  readonly methods: readonly (readonly [name: string, settings: Settings])[]
  /** What the measurement gives at once, by the name of a column. */
  readonly direct: readonly (readonly [name: string, restores: Restores])[]
}

/** @throws {Error} for an operator that is not linear. */
export function linearOf({ operator: spec }: Pick<XrayTask, 'operator'>): LinearOperator {
  const operator = operatorFromSpec(spec, shape)
  if (!isLinear(operator)) throw new Error(`${spec} is not linear`)
  return operator
}

/** Tomography of some views, and its filtered back-projections. */
function views(options: { readonly angles: number; readonly range?: number }) {
  return {
    operator: formatSpec('tomography', options),
    direct: [
      ['FBP', backProjection(options, 'ramp')],
      ['FBP Hann', backProjection(options, 'hann')],
    ] as const,
  }
}

const diffpir = { steps: 30, zeta: 1, lambda: 1 }

export const tasks: readonly XrayTask[] = [
  {
    ...{
      name: 'fourier',
      title: 'Masked Fourier',
      operator: 'mri:acceleration=4,seed=1',
      noise: 'gaussian:0.05',
    },
    methods: [
      ['ddrm', { steps: 50, eta: 1 }],
      ['diffpir', diffpir],
    ],
    direct: [['zero-filled', (operator, y) => operator.pinv?.(y) ?? operator.adjoint(y)]],
  },
  {
    ...{ name: 'limited', title: 'Tomography from a quarter of a turn', noise: 'gaussian:0.02' },
    ...views({ angles: 14, range: 90 }),
    methods: [
      ['dds', { steps: 50, gamma: 20 }],
      ['diffpir', diffpir],
    ],
  },
  {
    ...{ name: 'sparse', title: 'Tomography from six views', noise: 'gaussian:0.02' },
    ...views({ angles: 6 }),
    methods: [
      ['dds', { steps: 50, gamma: 20 }],
      ['diffpir', diffpir],
    ],
  },
]
