import * as tensorPackage from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkGrads } from '../index.ts'
import { drawFrom } from './calls.ts'
import type { OpName } from './ops.ts'
import { opCalls, primitiveOps } from './ops.ts'

/** Exports of the tensor package that compute nothing out of float tensors. */
const notOps = [
  ...[
    'createWasmDevice',
    'getDevice',
    'setDefaultDevice',
    'registerDevice',
    'availableDevices',
    'memory',
    'resetPeak',
    'peakBytesOf',
  ],
  ...[
    'dispatch',
    'dispatchAt',
    'evaluate',
    'resultOf',
    'activeInterpreters',
    'pushInterpreter',
    'removeInterpreter',
  ],
  ...[
    'withInterpreters',
    'scope',
    'unscoped',
    'whenScopeEnds',
    'undoing',
    'isTensor',
    'treeLeaves',
    'treeMap',
    'fromNdarray',
  ],
  ...['bytesPerElement', 'isFloat', 'broadcastShapes', 'formatShape', 'sameShape', 'sizeOf', 'dilated'],
  ...['printable', 'record', 'ifRunAgain', 'settled'],
  ...['fromFloat16', 'toFloat16', 'storeFloat16', 'widened'],
  ...[
    'fromData',
    'fromWriter',
    'tensor',
    'full',
    'zeros',
    'ones',
    'fullLike',
    'zerosLike',
    'onesLike',
    'arange',
    'linspace',
    'eye',
  ],
  ...['randomKey', 'randomWords', 'uniform', 'normal', 'randomIntegers', 'randomPermutation', 'randomUnits'],
]
const isClass = (value: unknown) => /^class\b/.test(Function.prototype.toString.call(value))

it('every public op is checked here, or is a primitive under its own name', () => {
  const functions = Object.entries(tensorPackage)
    .filter(([, value]) => typeof value === 'function' && !isClass(value))
    .map(([name]) => name)
  expect([...Object.keys(opCalls), ...Object.keys(primitiveOps), ...notOps].sort()).toEqual(functions.sort())
})

describe.each(Object.keys(opCalls) as OpName[])('%s', (name) => {
  it('has gradients that agree with finite differences in float64, order 2', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) =>
        scope(() => {
          const { inputs, run } = opCalls[name](drawFrom(seed, 'float64', 'reference'))
          checkGrads(run, [...inputs], { seed, tolerance: 3e-6 })
        }),
      ),
      { numRuns: 12 },
    )
  })
})
