// The same network, trained on Fashion-MNIST: put ddpm_fashion.pt, from where ddpm_mnist.pt is, beside this file.
import { fileURLToPath } from 'node:url'
import type { Prior } from '@tweedie/solvers'
import { priorOf } from './ddpm-mnist.ts'

export default (): Prior => priorOf('fashion', fileURLToPath(new URL('ddpm_fashion.pt', import.meta.url)))
