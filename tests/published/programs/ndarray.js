import { tensor } from '@tweedie/tensor'
import { fromNdarray, toNdarray } from '@tweedie/tensor/ndarray'

/** [[1, 2, 3], [4, 5, 6]] through ndarray and back, its axes exchanged on the way. */
export const exchanged = () => {
  const nd = toNdarray(
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
  )
  return fromNdarray(nd.transpose(1, 0)).toArray()
}
