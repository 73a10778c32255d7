import { matmul, tensor } from '@tweedie/tensor'

/** [[1, 2], [3, 4]]·[5, 6]. */
export const product = () =>
  Array.from(
    matmul(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([[5], [6]]),
    ).dataSync(),
  )
