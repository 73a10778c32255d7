import type { Edit } from '../edit.ts'
import { editsOf, inside } from './of.ts'

const of = editsOf('packages/solvers/src')
const methods = 'methods/explicit'
const zeroth = of('inner/zeroth-order.ts', 'inner/zeroth-order')
const ensemble = of('inner/ensemble.ts', 'inner/ensemble')
const box = of('operators/black-box.ts', 'operators/black-box')
const gsg = of(`${methods}/dps-gsg.ts`, `${methods}/dps-gsg`, 'operators/black-box')
const dpg = of(`${methods}/dpg.ts`, `${methods}/dpg`, 'operators/black-box')
const scg = of(`${methods}/scg.ts`, `${methods}/scg`, 'operators/black-box')
const enkg = of(`${methods}/enkg.ts`, `${methods}/enkg`, 'operators/black-box')

/** Operators that can only be run, and the methods for them. */
export const blackBoxEdits: readonly Edit[] = [
  zeroth('zeroth-order-central-half', '.div(2 * mu)', '.div(mu)', 'a central difference over μ'),
  zeroth('zeroth-order-central-side', '.sub(at(centre.sub(step)))', '.sub(at(centre.sub(step.mul(0))))', 'a forward difference over 2μ'),
  zeroth('zeroth-order-variance', 'K * (K - 1)', 'K * K', 'the scatter over K'),
  zeroth('zeroth-order-baseline', '.div(K - 1)', '.div(K)', 'the own reward is part of the baseline'),
  zeroth('zeroth-order-radius', 'gradient.div(r)', 'gradient.mul(r)', 'r for 1/r'),
  zeroth('zeroth-order-loss-rows', 'clean.reshape([N, K, ...shape])', 'clean.reshape([K, N, ...shape]).transpose([1, 0, ...shape.map((_, i) => i + 2)])', 'points are told apart by column'),
  ensemble('ensemble-uncentred', 'centred(rows(measured)).transpose', 'rows(measured).transpose', 'y_k for y_k − ȳ'),
  ensemble('ensemble-sign', 'x.sub(move', 'x.add(move', 'uphill'),
  ensemble('ensemble-batch-norm', 'sum([1, 2], true).sqrt()', 'sum().sqrt().reshape([1, 1, 1])', 'one norm for all samples'),
  ensemble('ensemble-mean', 'transpose([0, 2, 1])).div(J)', 'transpose([0, 2, 1])).div(J - 1)', 'C over J − 1'),
  ensemble('ensemble-spread', 'x.size / (rows / J) - x.size / rows', 'x.size / (rows / J)', 'the spread over J'),
  box('black-box-gradient', 'differentiable: false,', '', 'methods take its gradient'),
  box('black-box-rows', 'all.slice(n * inputs, (n + 1) * inputs)', 'all.slice(0, inputs)', 'all samples are the first'),
  gsg('dps-gsg-norm', 'norms.mul(2)', 'norms', 'twice the step'),
  gsg('dps-gsg-sign', '.mul(-scale)', '.mul(scale)', 'uphill'),
  gsg('dps-gsg-jacobian', 'pullback(unit).mul', 'unit.mul', 'x̂₀ for x_t'),
  gsg('dps-gsg-directions', 'Math.floor(queries / 2)', 'queries', 'a direction for each query'),
  gsg('dps-gsg-still', 'where(greater(norms, 0), unitOf(gradient, norms.mul(2)), zerosLike(gradient))', 'unitOf(gradient, norms.mul(2))', 'it leaps where nothing is left over'),
  gsg('dps-gsg-queries', "(scheme === 'central' ? 2 : 1)", '1', 'half of the measurements are not counted'),
  dpg('dpg-radius', '.sqrt().div(2)', '.sqrt()', 'r is twice as wide'),
  dpg('dpg-numbers', 'Z.div(sampleSize(x))', 'Z', 'r without 1/n'),
  dpg('dpg-running', 'before.mul(kept).add(here.mul(1 - kept))', 'here', 'Z is the loss of the step'),
  dpg('dpg-reward-sign', 'here.reshape([N, 1]).sub(loss(around', 'here.reshape([N, 1]).mul(-1).add(loss(around', 'rewards of what is far'),
  dpg('dpg-past', 'past: raw, Z }', 'past: guidance, Z }', 'the mixed gradient is carried'),
  dpg('dpg-momentum-late', '(times.length - i - 1)', '(times.length - i)', 'β is a step late'),
  dpg('dpg-tweedie', "sigma ** (adds === 'score' ? 2 : 1) / alpha", "sigma ** (adds === 'score' ? 2 : 1)", 'no α in the formula of Tweedie'),
  dpg('dpg-adds', "adds === 'score' ? 2 : 1", '2', 'the noise gains what the score does'),
  dpg('dpg-queries', 'steps * (1 + samples)', 'steps * samples', 'x̂₀ is not counted'),
  scg('scg-worst', 'Math.min(...own)', 'Math.max(...own)', 'the worst is kept'),
  scg('scg-level', 'prior.denoise(all, s)', 'prior.denoise(all, t)', 'candidates are judged at the noise before'),
  scg('scg-early', 'i < first || i === last', 'i <= first || i === last', 'the first choice is a step late'),
  scg('scg-rows', 'losses.subarray(n * K, (n + 1) * K)', 'losses.subarray(0, K)', 'all samples choose by the first'),
  scg('scg-shown', 'guidance: best.sub(plain)', 'guidance: best.sub(x)', 'what is shown is the whole step'),
  scg('scg-evaluations', 'steps - 1 - firstOf(steps, from)),\n  queries', 'steps - firstOf(steps, from)),\n  queries', 'the last step is counted twice', inside('packages/solvers/src', 'methods/methods')),
  enkg('enkg-window', 'i > before * N', 'i >= before * N', 'a move too early'),
  enkg('enkg-end', 'i < N - Math.floor(after * N)', 'i <= N - Math.floor(after * N)', 'a move too late'),
  enkg('enkg-ode', '1 + Math.floor((N - i) / 4)', '1 + Math.floor((N - i) / 2)', 'twice the steps of the ODE'),
  enkg('enkg-scale', '((1 - leastScale) * (N - i)) / N + leastScale', '((1 - leastScale) * (N - i)) / N', 'λ is not kept'),
  enkg('enkg-direct', 'operator.forward(x0)', 'operator.forward(x)', 'x_t is measured'),
  enkg('enkg-kernel', 'kernel(x, x0hat', 'kernel(particles, x0hat', 'the step goes from before the move'),
  enkg('enkg-queries', '.length * updates * particles', '.length * particles', 'one update is counted'),
] // biome-ignore format: one a line
