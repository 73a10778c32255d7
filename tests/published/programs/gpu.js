import { loadGpu } from '@tweedie/tensor/gpu'

/** What loadGpu() says where gpu.js is not installed. */
export const gpu = () =>
  loadGpu({ backend: 'cpu' }).then(
    () => 'loaded',
    (error) => `${error.name}: ${error.message}`,
  )
