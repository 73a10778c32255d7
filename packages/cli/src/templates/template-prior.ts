import type { Prior } from '@tweedie/solvers'
import { networkPrior, vpLinear } from '@tweedie/solvers'

const schedule = vpLinear()

/**
 * Images of independent pixels N(0, s²). A network of yours takes the place of `predict`: it gets x_t [N, C, H, W] and
 * the time t, and returns what it was trained to predict. The default export may also be a function, async or not,
 * that loads the network and returns the prior.
 */
const prior: Prior = networkPrior({
  name: 'template-prior',
  shape: [1, 28, 28],
  schedule,
  predicts: 'x0',
  predict: (xt, t) => {
    const [alpha, sigma, s] = [schedule.alpha(t), schedule.sigma(t), 0.5]
    return xt.mul((alpha * s ** 2) / (alpha ** 2 * s ** 2 + sigma ** 2)) // E[x₀ | x_t]
  },
})

export default prior
