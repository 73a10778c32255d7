import { epsilonPrior, vpLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { add, scope, tanh } from '@tweedie/tensor'
import type { Ground } from '../../digits/engine/problem.ts'

/** A network of a few calls whose tape is worth many states, on one picture. */
export const small: Ground = {
  prior: epsilonPrior({
    name: 'small',
    shape: [1, 28, 28],
    schedule: vpLinear(),
    predictNoise: (x: Tensor) =>
      scope(() => {
        let h = x
        for (let layer = 0; layer < 10; layer++) h = tanh(add(h.mul(0.9), h.square().mul(0.1)))
        return h
      }),
  }),
  heldOut: [Uint8Array.from({ length: 784 }, (_, i) => (i * 7) % 256)],
}
