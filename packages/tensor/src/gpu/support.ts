import type { DType } from '../dtype.ts'
import type { PrimitiveName } from '../primitives.ts'
import { primitiveNames, primitives } from '../primitives.ts'
import type { Kind } from '../rules/checks.ts'
import { gpuKernels, growing } from './kernels/table.ts'

/** Element types of the device. */
export const gpuDtypes = ['float32', 'int32', 'bool'] as const satisfies readonly DType[]

/** Whether a primitive runs on elements of a type: by kernels, as a view, not here, or on no device. */
export type Support = 'kernel' | 'view' | 'error' | 'none'

const takes: { readonly [K in Kind]: readonly DType[] } = {
  float: ['float32'],
  number: ['float32', 'int32'],
  bool: ['bool'],
  any: gpuDtypes,
}

export function supportOf(primitive: PrimitiveName, dtype: DType): Support {
  const { kind, view } = primitives[primitive]
  if (view === true) return 'view'
  // Of primitives that check for themselves, argmax and cumsum alike take numbers only.
  const accepted = takes[kind ?? (primitive === 'argmax' ? 'number' : 'any')]
  if (!accepted.includes(dtype) || gpuKernels[primitive] === 'none') return 'none'
  return dtype === 'int32' && growing.has(primitive) ? 'error' : 'kernel'
}

const marks: { readonly [S in Support]: string } = { kernel: '●', view: '○', error: 'error', none: '–' }

/** The table of docs/gpu.md. */
export const supportTable = (): string =>
  [
    `| primitive | ${gpuDtypes.join(' | ')} |`,
    `|---|${gpuDtypes.map(() => ':-:').join('|')}|`,
    ...primitiveNames.map(
      (name) => `| \`${name}\` | ${gpuDtypes.map((dtype) => marks[supportOf(name, dtype)]).join(' | ')} |`,
    ),
  ].join('\n')
