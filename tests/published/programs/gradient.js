import { grad } from '@tweedie/autograd'
import { tensor } from '@tweedie/tensor'

/** 6x at [1, 2], the second derivative of x³. */
export const gradient = () => {
  const cube = (x) => x.pow(3).sum()
  return Array.from(grad((x) => grad(cube)(x).sum())(tensor([1, 2])).dataSync())
}
