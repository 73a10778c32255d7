import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const realnvp = of('flows/realnvp.ts')
const rungeKutta = of('inner/runge-kutta.ts')
const probabilityFlow = of('inner/probability-flow.ts')
const range = of('inner/noise-range.ts', 'inner/probability-flow')
const bound = of('inner/evidence-bound.ts')
const scorePrior = of('methods/variational/score-prior.ts')
const efficient = of('methods/variational/efficient-score-prior.ts')
const posterior = of(
  'methods/flow-posterior.ts',
  'methods/variational/efficient-score-prior',
  'methods/variational/score-prior',
)

const flowEdits: readonly Edit[] = [
  scorePrior(
    'score-prior-probes-of-all',
    'root.fold(k)',
    '(roots[0] ?? root).fold(k)',
    'every sample has the probes of the first',
  ),
  posterior(
    'flow-posterior-by-sample',
    'drawn.slice([k * K, (k + 1) * K])',
    'drawn.slice([0, K])',
    'the density of the first sample for that of each',
  ),
  realnvp(
    'realnvp-log-det',
    'logDet = logDet.add(sumLast(logScale))',
    'logDet = logDet.sub(sumLast(logScale))',
    'the log-determinant of a coupling with the other sign',
  ),
  realnvp(
    'realnvp-norm-log-det',
    '      logDet = logDet.add(sumLast(layer.logScale))\n',
    '',
    'the normalisation is left out of the log-determinant',
  ),
  realnvp(
    'realnvp-unbounded',
    'logScale: tanh(columns(out, 0, rest))',
    'logScale: columns(out, 0, rest)',
    'the scale of a coupling has no bound',
  ),
  realnvp(
    'realnvp-inverse-order',
    '[...params.entries()].reverse()',
    '[...params.entries()]',
    'the inverse goes through the couplings in the order of the flow',
  ),
  realnvp(
    'realnvp-permutation',
    'permuted(z, inverted(order))',
    'permuted(z, order)',
    'the inverse permutes as the flow does',
  ),
  realnvp(
    'realnvp-same-half',
    'x = reversed(x.mul(layer.logScale.exp()).add(layer.loc))',
    'x = x.mul(layer.logScale.exp()).add(layer.loc)',
    'both couplings of a block change the same half',
  ),
  realnvp('realnvp-one-key', 'one.fold(at)', 'one', 'all networks are drawn alike'),
  realnvp(
    'realnvp-start',
    'dense(hidden, 2 * rest, 0)',
    'dense(hidden, 2 * rest)',
    'a flow does not start as N(0, I)',
  ),
]

const odeEdits: readonly Edit[] = [
  rungeKutta('rk-dormand-node', '8 / 9, 1]', '7 / 9, 1]', 'a node of Dormand and Prince'),
  rungeKutta('rk-dormand-weight', '500 / 1113', '500 / 1111', 'a weight of Dormand and Prince'),
  rungeKutta('rk-dormand-error', '-17253 / 339200', '17253 / 339200', 'a weight of its error'),
  rungeKutta('rk-heun-weights', 'weights: [1 / 2, 1 / 2]', 'weights: [1, 0]', "Heun's method is Euler's"),
  rungeKutta(
    'rk-first-kept',
    'const first = slope(end, at.t + h)',
    'const first = at.first',
    'the first slope of a step is that of the one before',
  ),
  rungeKutta('rk-growth', 'error ** -0.2', 'error ** -0.5', 'steps change as an error of second order'),
  rungeKutta(
    'rk-mean-error',
    '.max()\n',
    '.mean()\n',
    'the mean over the samples decides on a step, not the worst',
  ),
  rungeKutta(
    'rk-accepts',
    'const old = error <= 1 ? at : next',
    'const old = error <= 100 ? at : next',
    'what was refused is freed, and what was not is not',
  ),
  range(
    'range-discrete',
    'schedule.discreteSteps === undefined ? 0 : noiseLevel(schedule, 0)',
    '0',
    'a network is asked below its index 0',
  ),
  range('range-infinite', 'top < Infinity ? top : most', 'top', 'an infinite level is integrated to'),
  probabilityFlow(
    'flow-density-sign',
    '[1, divergence]',
    '[-1, divergence]',
    'the divergence is taken off the log-density',
  ),
  probabilityFlow(
    'flow-density-half',
    '[-0.5, sumPerSample((w ?? x).square())]',
    '[-1, sumPerSample((w ?? x).square())]',
    'N(0, I) without the half',
  ),
  probabilityFlow(
    'flow-density-volume',
    ' + Math.log1p(low * low)',
    '',
    'the volume of w = u/√(1 + s²) is left out',
  ),
  probabilityFlow(
    'flow-density-trace',
    'trace.mul(-shrink)',
    'trace.mul(-(shrink ** 2))',
    'the trace with the square of its factor',
  ),
  probabilityFlow('flow-density-drift', '[shrink ** 2, w]', '[1, w]', 'the drift is that of u in place of w'),
  probabilityFlow(
    'flow-density-probes',
    '.div(Math.sqrt(probes))',
    '.div(probes)',
    'the forms of several probes are weighed twice',
  ),
  probabilityFlow(
    'flow-density-neighbours',
    'if (together || count <= 1)',
    'if (count >= 1)',
    'the steps of a sample depend on its neighbours',
  ),
  probabilityFlow(
    'flow-density-recount',
    'looks * (2 * taken.length - 1)',
    'looks * taken.length',
    'calls on the way back are not counted',
  ),
]

const boundEdits: readonly Edit[] = [
  bound(
    'bound-snr',
    'weight / noiseLevel(schedule, t) ** 2',
    'weight / noiseLevel(schedule, t)',
    'errors weighed by the root of the signal-to-noise ratio',
  ),
  bound(
    'bound-uniform-weight',
    'slopes.sigma / schedule.sigma(t) - slopes.alpha / schedule.alpha(t)',
    'slopes.sigma / schedule.sigma(t)',
    'uniform times without the part of α in the rate of log(σ/α)',
  ),
  bound(
    'bound-divergence-sign',
    'decoded.sub(divergence)',
    'decoded.add(divergence)',
    'the divergence at the end with the other sign',
  ),
  bound('bound-end-half', '.mul(-0.5 / low ** 2)', '.mul(-1 / low ** 2)', 'the last step without the half'),
  bound(
    'bound-share',
    'const share = 1 / (1 + high ** 2)',
    'const share = 1 / high ** 2',
    'w_T has the variance of a VE schedule of its own',
  ),
  bound('bound-mean-times', ' / times.length))', '))', 'the sum over the times in place of the mean'),
  bound(
    'bound-stopped',
    'x.sub(prior.denoise(xt, t))',
    'x.sub(prior.denoise(xt, t).detach())',
    'no gradient through the denoiser',
  ),
]

const methodEdits: readonly Edit[] = [
  posterior(
    'flow-posterior-entropy',
    'logDet.sum().mul(lambdaEntropy)',
    'logDet.sum().mul(-lambdaEntropy)',
    'the entropy is made small',
  ),
  posterior(
    'flow-posterior-sum',
    'total.mul(-1 / K)',
    'total.mul(-1)',
    'a sum over the draws in place of the mean',
  ),
  posterior(
    'flow-posterior-through',
    'stopGradient(x)',
    'x',
    'the gradient of the loss goes through the gradients of the densities as well',
  ),
  posterior(
    'flow-posterior-anneal',
    '(pivot - i) * rate',
    '(i - pivot) * rate',
    'the likelihood goes away instead of setting in',
  ),
  posterior('flow-posterior-lambda-prior', '.mul(lambdaPrior))', ')', 'the weight of the prior does nothing'),
  posterior(
    'flow-posterior-batch-norm',
    'sampleNorms(gradient).div(gradientClip)',
    'gradient.square().sum().sqrt().div(gradientClip)',
    'the gradient is cut by its norm over the batch',
  ),
  posterior(
    'flow-posterior-warm-up',
    'Math.ceil(warmUp * times.length)',
    'Math.ceil(warmUp)',
    'the warm-up is one step long',
  ),
  posterior(
    'flow-posterior-one-flow',
    "keys(0, 'flow')",
    "keys(0, 'flow').map((_, k, all) => all[0] ?? _)",
    'all samples start with the networks of the first',
  ),
  scorePrior('score-prior-one-probe', 'root.fold(k)', 'root', 'all draws of a sample have the same probes'),
  scorePrior(
    'score-prior-sample',
    'own.slice(sample * K, (sample + 1) * K)',
    'own.slice(0, K)',
    'all samples have the probes of the first',
  ),
  scorePrior(
    'score-prior-apart',
    'together: true',
    'together: false',
    'every draw is integrated alone, and not counted so',
  ),
  scorePrior('score-prior-sigma', 'atol, sigmaMin, together', 'atol, together', '`sigmaMin` does nothing'),
  scorePrior(
    'score-prior-calls',
    ': flowEvaluations(solver, odeSteps, true)),',
    ': flowEvaluations(solver, odeSteps, false)),',
    'calls on the way back are left out of those it says',
  ),
  efficient(
    'efficient-sample-times',
    'units[sample]?.',
    'units[0]?.',
    'all samples have the times of the first',
  ),
  efficient('efficient-groups', 'g * J + j', 'j', 'every group of draws has the times of the first'),
  efficient(
    'efficient-end',
    'end: end.slice(sample, rows)',
    'end: noise.slice(sample, 0, rows)',
    'the last look has the noise of a time',
  ),
  efficient(
    'efficient-law',
    'boundTime(prior.schedule, timeLaw,',
    "boundTime(prior.schedule, 'importance',",
    '`timeLaw` does nothing',
  ),
  efficient('efficient-calls', '* (times + 1)', '* times', 'the last look is not counted'),
]

/** Faults of normalising flows, log-densities of priors and the methods that stand on them. */
export const flowsEdits: readonly Edit[] = [...flowEdits, ...odeEdits, ...boundEdits, ...methodEdits]
