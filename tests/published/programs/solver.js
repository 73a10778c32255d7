// What restores, without what was measured and how: the method, the prior with its network, and the reader of its files.
export { dps, epsilonPrior, run, vpLinear } from '@tweedie/solvers'
export { ddpmFormat, ddpmForward, fetchNetwork } from '@tweedie/unet'
