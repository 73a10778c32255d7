import type { Prior } from '@tweedie/solvers'
import { vpLinear } from '@tweedie/solvers'
import { scope } from '@tweedie/tensor'

/** The prior N(0, 1) on every pixel: E[x₀ | x_t] = α x_t/(α² + σ²). No network, so tests are quick. */
export function whitePrior(shape: readonly number[]): Prior {
  const schedule = vpLinear()
  return {
    name: 'white',
    shape,
    schedule,
    denoise: (xt, t) =>
      scope(() => {
        const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
        return xt.mul(alpha / (alpha ** 2 + sigma ** 2))
      }),
  }
}
