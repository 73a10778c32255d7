import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, tensor, zeros } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { iterate } from './drive.ts'
import { requireFinite, requireFiniteNow } from './finite.ts'

it('names what is not finite, the value, the place and how many there are', () => {
  const x = tensor([
    [
      [1, 2, 3],
      [4, 5, -Infinity],
    ],
    [
      [0, Number.NaN, 0],
      [0, 0, 0],
    ],
  ])
  expect(() => requireFiniteNow('dps', 'the measurement y', x)).toThrow(
    'dps: the measurement y has -Infinity at [0, 1, 2] (2 of 12 elements are not finite)',
  )
  expect(() => requireFiniteNow('dps', 'y', tensor([[0, Number.NaN]]))).toThrow(
    /^dps: y has NaN at \[0, 1\]$/,
  )
  requireFiniteNow('dps', 'y', zeros([0, 3]))
  requireFiniteNow('dps', 'y', tensor([[3e38, -3e38]]))
})

it('a view is read as it is seen', () => {
  const x = tensor([
    [1, 2],
    [3, Number.NaN],
  ])
  requireFiniteNow('dps', 'y', x.slice(0))
  expect(() => requireFiniteNow('dps', 'y', x.slice(1))).toThrow(/NaN at \[1\]/)
})

it('a device that is read asynchronously is looked at before the first step', async () => {
  const remote = (values: number[]) =>
    ({
      shape: [1, values.length],
      device: {},
      data: async () => Float32Array.from(values),
    }) as unknown as Tensor
  requireFiniteNow('dps', 'y', remote([Number.NaN]))
  await expect(requireFinite('dps', 'y', remote([0, Number.NaN]))).rejects.toThrow(NonFiniteError)
  let started = 0
  const planned = (y: Tensor) =>
    iterate({
      name: 'dps',
      y,
      times: [{ t: 1, s: 0 }],
      start: () => {
        started++
        return { x: zeros([1, 2]) }
      },
      step: ({ x }) => ({ state: { x }, shown: { x0hat: x }, numbers: {} }),
    })
  await expect(planned(remote([1, Number.NaN])).next()).rejects.toThrow(
    'dps: the measurement y has NaN at [0, 1]',
  )
  expect(started).toBe(0)
  expect((await planned(remote([1, 2])).next()).done).toBe(false)
  expect(started).toBe(1)
})

it.each([[[1, Number.NaN, 2]], [[1, 2, Infinity]], [[-Infinity, 0, 0]]])(
  'a run of which one sample diverges ends, saying in which step: %j',
  async (values) => {
    const times = [2, 1, 0].map((t) => ({ t, s: t - 1 }))
    const steps = iterate({
      name: 'method',
      times,
      start: () => ({ x: zeros([3, 1]) }),
      step: ({ x }, _, i) => ({
        state: { x },
        shown: { x0hat: x },
        numbers: { residual: tensor(i === 1 ? values : [1, 2, 3]) },
      }),
    })
    expect((await steps.next()).done).toBe(false)
    await expect(steps.next()).rejects.toThrow(/^method: residual is .* in step 2 of 3 \(t = 1\)/)
  },
)
