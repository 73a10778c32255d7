import { readFileSync } from 'node:fs'
import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { availableDevices, fromData, memory, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { skipUnlessShared } from '../../../../tests/shared.ts'
import { loadParams } from '../checkpoint/load.ts'
import { parseNpz } from '../checkpoint/npz.ts'
import { parseTorch } from '../checkpoint/torch.ts'
import type { Params } from '../params.ts'
import { admExplain } from './explain.ts'
import { admForward } from './forward.ts'
import { admConfigFromGuided } from './guided.ts'
import { relativeError } from './relative-error.test.helper.ts'
import { admSpec } from './spec.ts'

const goldens = ['adm-scale-shift-updown', 'adm-plain-conv-resample']

describe.each(availableDevices().filter((name) => name !== 'gpu'))(
  'parity with guided-diffusion on %s',
  (device) => {
    test.for(goldens)('%s: output and vjp', (golden, context) => {
      const path = (file: string) => skipUnlessShared(context, 'goldens', golden, file)
      const config = admConfigFromGuided(JSON.parse(readFileSync(path('config.json'), 'utf8')))
      const before = memory().tensors
      scope(() => {
        const source = parseTorch(readFileSync(path('model.pt')), 'model.pt')
        const params = loadParams(source, admSpec(config), 'model.pt', {
          device,
          explain: admExplain(config),
        })
        expect(Object.keys(params)).toEqual(source.entries.map(({ name }) => name))
        const file = parseNpz(readFileSync(path('io.npz')), 'io.npz')
        const io = Object.fromEntries(
          file.entries.map(({ name, shape }) => [name, fromData(file.values(name), shape, { device })]),
        ) as Record<'x' | 't' | 'out' | 'cotangent' | 'vjp', Tensor>
        const run = (p: Params, x: Tensor) => admForward(p, config, x, io.t)
        expect(relativeError(run(params, io.x), io.out)).toBeLessThan(2e-4)
        const [out, pullback] = vjp((x: Tensor) => run(params, x), io.x)
        expect(relativeError(out, io.out)).toBeLessThan(2e-4)
        expect(relativeError(pullback(io.cotangent)[0], io.vjp)).toBeLessThan(2e-4)
      })
      expect(memory().tensors).toBe(before)
    })
  },
)
