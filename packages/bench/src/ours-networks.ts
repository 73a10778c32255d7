import { adam, clipByGlobalNorm, updateAverage, valueAndGrad, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, mean, scope, square, sub, treeLeaves, unscoped, zerosLike } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import type { BenchCase, Op } from './cases/case.ts'
import type { Network } from './cases/networks.ts'
import { networks, timesOf, trainingSettings } from './cases/networks.ts'

/** A function that runs a network case once, and what to free in the end. */
export function networkRun(
  { inputs }: BenchCase,
  { network: name, task }: Extract<Op, { kind: 'network' }>,
  arrays: Readonly<Record<string, Tensor>>,
  device: string,
): { run: () => Tensor[]; free: () => void } {
  const network = networks[name](device)
  const batch = inputs['x']![0]!
  const t = fromData(timesOf(batch), [batch], { device })
  const x = arrays['x']!
  const free = () => {
    for (const tensor of [...Object.values(network.params), t]) tensor.dispose()
  }
  switch (task) {
    case 'forward':
      return { run: () => [network.forward(network.params, x, t)], free }
    case 'forward + VJP':
      return {
        run: () => {
          const [y, pullback] = vjp((at: Tensor) => network.forward(network.params, at, t), x)
          return [y, ...pullback(arrays['dy']!)]
        },
        free,
      }
    case 'training step': {
      const { step, dispose } = trainingSteps(network, x, t, arrays['noise']!)
      return {
        run: step,
        free: () => {
          dispose()
          free()
        },
      }
    }
  }
}

/**
 * Steps of a training on one batch: loss, gradient, clip, Adam, average of the parameters. A step gives the loss
 * and the clipped gradients (at the parameters that the former steps have left).
 */
function trainingSteps(network: Network, x: Tensor, t: Tensor, noise: Tensor) {
  const { clipNorm, emaDecay, ...options } = trainingSettings
  const optimizer = adam(options)
  let live = unscoped(() => ({
    params: network.params,
    state: optimizer.init(network.params),
    average: Object.fromEntries(
      Object.entries(network.params).map(([name, p]) => [name, scope(() => zerosLike(p).add(p))]),
    ) as Params,
  }))
  const objective = (params: Params) =>
    scope(() => mean(square(sub(network.forward(params, x, t), noise))).reshape([1]))
  const step = (): Tensor[] => {
    const [loss, raw] = valueAndGrad((params: Params) => objective(params).reshape([]))(live.params)
    const { grads } = clipByGlobalNorm(raw, clipNorm)
    const former = live
    live = unscoped(() =>
      scope(() => {
        const { params, state } = optimizer.update(grads, former.state, former.params)
        return { params, state, average: updateAverage(former.average, params, emaDecay) }
      }),
    )
    for (const tensor of treeLeaves(former)) {
      if (!Object.values(network.params).includes(tensor as Tensor)) (tensor as Tensor).dispose()
    }
    return [loss, ...Object.values(grads)]
  }
  const dispose = () => {
    for (const tensor of treeLeaves(live)) (tensor as Tensor).dispose()
  }
  return { step, dispose }
}
