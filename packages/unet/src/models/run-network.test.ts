import type { Tensor } from '@tweedie/tensor'
import { fromData, mul, normal, OptionError, randomKey, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { admConfig } from '../architectures/adm/config.ts'
import { admForward } from '../architectures/adm/forward.ts'
import { initAdm } from '../architectures/adm/init.ts'
import { ddpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmForward } from '../architectures/ddpm/forward.ts'
import { initDdpm } from '../architectures/ddpm/init.ts'
import { checkCall, runNetwork } from './run-network.ts'

/** Parameters away from the zeros that training begins with, which would hide what comes before them. */
const moved = (params: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(
    Object.entries(params).map(([name, value], i) => [
      name,
      value.add(normal(randomKey(100 + i), value.shape).mul(0.05)),
    ]),
  )
const ddpm = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8], normGroups: 4 })
const classed = admConfig({
  imageSize: 8,
  modelChannels: 32,
  channelMult: [1, 2],
  outChannels: 6,
  numClasses: 5,
})
const network = { config: ddpm, params: moved(initDdpm(ddpm, randomKey(1))) }
const x = normal(randomKey(2), [2, 1, 8, 8])

test('gives the output of the network, at one time or at several', () => {
  scope(() => {
    expect(runNetwork(network, { x, t: [7] }).out.dataSync()).toEqual(
      ddpmForward(network.params, ddpm, x, 7).dataSync(),
    )
    expect(runNetwork(network, { x, t: [7, 90] }).out.dataSync()).toEqual(
      ddpmForward(network.params, ddpm, x, fromData([7, 90], [2])).dataSync(),
    )
  })
})

test('one label for all, or one for each', () => {
  scope(() => {
    const params = moved(initAdm(classed, randomKey(3)))
    const images = normal(randomKey(4), [2, 3, 8, 8])
    const run = (labels: number[]) =>
      runNetwork({ config: classed, params }, { x: images, t: [5], labels }).out
    const wanted = (labels: number[]) =>
      admForward(params, classed, images, 5, fromData(labels, [2], { dtype: 'int32' })).dataSync()
    expect(run([3]).dataSync()).toEqual(wanted([3, 3]))
    expect(run([3, 1]).dataSync()).toEqual(wanted([3, 1]))
  })
})

test('the product with the Jacobian is that of differences', () => {
  scope(() => {
    const [v, u] = [normal(randomKey(5), [2, 1, 8, 8]), normal(randomKey(6), [2, 1, 8, 8])]
    const { vjp } = runNetwork(network, { x, t: [7], cotangent: v })
    const at = (h: number) => runNetwork(network, { x: x.add(u.mul(h)), t: [7] }).out
    const h = 0.01
    const slope =
      mul(
        at(h)
          .sub(at(-h))
          .div(2 * h),
        v,
      )
        .sum()
        .dataSync()[0] ?? 0
    const product =
      mul(vjp ?? v, u)
        .sum()
        .dataSync()[0] ?? 0
    expect(Math.abs(product - slope)).toBeLessThan(2e-3 * Math.max(1, Math.abs(slope)))
    expect(runNetwork(network, { x, t: [7] }).vjp).toBeUndefined()
  })
})

describe('what does not fit is refused before any work', () => {
  const shape = [2, 3, 8, 8]
  test.each([
    [{ x: [3, 8, 8], t: 1, labels: [1] }, 'x: is [3, 8, 8]; the network takes [N, 3, H, W]'],
    [{ x: [2, 1, 8, 8], t: 1, labels: [1] }, 'the network takes [N, 3, H, W]'],
    [{ x: [0, 3, 8, 8], t: 1, labels: [1] }, 'the network takes'],
    [{ x: [2, 3, 8, 9], t: 1, labels: [1] }, 'a side of 9 is no multiple of 2'],
    [{ x: shape, t: 3, labels: [1] }, 't: has 3 times for 2 images'],
    [{ x: shape, t: 0, labels: [1] }, 't: has 0 times'],
    [{ x: shape, t: 1 }, 'class: the network is told one of 5 classes, 0 … 4'],
    [{ x: shape, t: 1, labels: [] }, 'class: has 0 labels for 2 images'],
    [{ x: shape, t: 1, labels: [1, 2, 3] }, 'class: has 3 labels for 2 images'],
    [{ x: shape, t: 1, labels: [5] }, 'class: must be whole numbers 0 … 4, got 5'],
    [{ x: shape, t: 1, labels: [0.5] }, 'got 0.5'],
    [
      { x: shape, t: 1, labels: [1], cotangent: shape },
      'cotangent: is [2, 3, 8, 8]; the output is [2, 6, 8, 8]',
    ],
  ])('%j', (call, message) => {
    expect(() => checkCall(classed, call)).toThrow(OptionError)
    expect(() => checkCall(classed, call)).toThrow(message)
  })

  test('labels for a network without classes', () =>
    expect(() => checkCall(ddpm, { x: x.shape, t: 1, labels: [1] })).toThrow(
      'class: the network is told no classes',
    ))

  test('what fits', () => {
    checkCall(classed, { x: shape, t: 2, labels: [4, 0], cotangent: [2, 6, 8, 8] })
    checkCall(ddpm, { x: [1, 1, 12, 8], t: 1, cotangent: [1, 1, 12, 8] })
  })
})
