import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const smc = of('particles/smc.ts', 'particles/smc', 'methods/exact/tds', 'methods/exact/filters')
const filter = of('particles/path-filter.ts', 'methods/exact/filters')
const observed = of('inner/observed.ts', 'methods/exact/filters')
const tds = of('methods/exact/tds.ts', 'methods/exact/tds', 'methods/exact/evidence', 'methods/defaults')
const twist = of('methods/exact/tds-twist.ts', 'methods/exact/tds', 'methods/exact/evidence')
const fps = of('methods/exact/fps-smc.ts', 'methods/exact/filters', 'methods/defaults')
const diff = of('methods/exact/smc-diff.ts', 'methods/exact/filters', 'methods/defaults', 'methods/methods')
const mcg = of('methods/exact/mcg-diff.ts', 'methods/exact/filters', 'methods/defaults')
const times = of('methods/exact/mcg-diff-times.ts', 'methods/exact/mcg-diff', 'methods/exact/filters')
const steps = of('samplers/steps.ts', 'samplers/steps', 'methods/exact/tds')
const options = of('methods/particle-options.ts', 'methods/defaults')

const frame: readonly Edit[] = [
  smc('smc-found-stays', 'move(chosen.tree, shared, at, i)', 'move(found, shared, at, i)', 'what was found is not gathered by ancestor'),
  smc('smc-weights-lost', 'weighed(chosen.weights, moved.logWeight, when)', 'weighed(cloud.start(samples, y.device), moved.logWeight, when)', 'log-weights are not carried'),
  smc('smc-move-unweighed', 'weighed(chosen.weights, moved.logWeight, when)', 'chosen.weights', 'what the move weighs is left out'),
  smc('smc-last-parents', 'const by = last ? weights : chosen.weights', 'const by = chosen.weights', 'the result is drawn without the last weights'),
  smc('smc-last-never', 'i === times.length - 1', 'i === times.length', 'no step is the last'),
  smc('smc-same-key', "keys(i, 'resample')", "keys(0, 'resample')", 'ancestors are drawn by the same numbers in every step'),
  smc('smc-nan', 'if (logWeight.dataSync().some(Number.isNaN))', 'if (logWeight.size < 0)', 'NaN is told as a degenerate weight'),
  smc('smc-start-weight', "weighed(cloud.start(samples, y.device), logWeight, 'at the start')", 'cloud.start(samples, y.device)', 'the weight of x_T is left out'),
  smc('smc-x0hat-own', 'x0hat: chosen.tree.x0hat', 'x0hat: found.x0hat', 'the x̂₀ that is shown is of another particle'),
  smc('smc-ess-after', 'ess: last ? read.map((own) => own.ess) : chosen.ess', 'ess: read.map((own) => own.ess)', 'the ESS is that after resampling'),
  options('smc-threshold-ignored', '{ default: particles, min: 1 }', '{ default: 2 * particles, min: 1 }', 'twice the published particles'),
] // biome-ignore format: a table

const twisted: readonly Edit[] = [
  tds('tds-no-jacobian', 'const g = pullback(back(law.score(y, clean)))', 'const g = back(law.score(y, clean))', 'guidance without the Jacobian of the denoiser'),
  tds('tds-sign', 'x0hat.add(g.mul(sigma ** 2 / alpha))', 'x0hat.sub(g.mul(sigma ** 2 / alpha))', 'guided away from y'),
  tds('tds-tweedie-alpha', 'g.mul(sigma ** 2 / alpha)', 'g.mul(sigma ** 2)', 'conditional Tweedie without 1/α'),
  tds('tds-clip-target', 'density(mean(x0hat))', 'density(mean(twisted))', 'the target is moved with the proposal'),
  tds('tds-ratio-up', 'logWeight: logRatio.sub(logTwist)', 'logWeight: logRatio.neg().sub(logTwist)', 'q/p for p/q'),
  tds('tds-twist-kept', 'logWeight: logRatio.sub(logTwist)', 'logWeight: logRatio', 'the twist of x_t is not divided out'),
  tds('tds-last-twist', 'logWeight: inFloat64(exact).sub(logTwist)', 'logWeight: inFloat64(exact)', 'the last twist is not divided out'),
  tds('tds-last-likelihood', 'if (exact) return { particles: { x: x0hat }, logWeight: inFloat64(exact).sub(logTwist) }', 'if (exact) return { particles: { x: x0hat } }', 'p(y | x₀) is left out at the end'),
  tds('tds-level-linear', '(sigma / alpha) ** 2)', 'sigma / alpha)', 'the last kernel has σ/α for its square'),
  tds('tds-spread-root', 'flat(next.sub(m).div(scale))', 'flat(next.sub(m).div(Math.sqrt(Number(scale))))', 'σ̃ for σ̃² in the weights'),
  tds('tds-start', "cloud.z(0, 'start', shape).mul(schedule.sigma(start))", "cloud.z(0, 'start', shape)", 'x_T is z'),
  twist('tds-noise-level', "'noise-level': (a, s) => s / a", "'noise-level': (_, s) => s", 'σ_t² for σ_t²/α_t²'),
  twist('tds-pigdm', '(s * tau) / (a * tau + s)', '(s * tau) / (a + s)', 'τ² is missing below'),
  twist('tds-sigma-added', 'Math.sqrt(sigmaY ** 2 + added(alpha ** 2, sigma ** 2, dataVariance))', 'Math.sqrt(added(alpha ** 2, sigma ** 2, dataVariance))', 'σ_y is left out of the twist'),
  twist('tds-auto', "sigmaY === undefined ? 'none' : 'noise-level'", "sigmaY === undefined ? 'none' : 'pigdm'", 'auto is pigdm'),
  twist('tds-measured-seen', '(seen / 2) * Math.log(2 * Math.PI * variance)', 'seen * Math.log(2 * Math.PI * variance)', 'the constant of the last density doubled'),
  twist('tds-measured-half', '.mul(-0.5 / variance)', '.mul(-1 / variance)', 'the last density without ½'),
  twist('tds-any-operator', 'if (noise.sigma !== 0) return', 'if (noise.sigma === 0) return undefined\n  if (noise.sigma !== 0) return', 'without noise any operator is taken'),
  steps('ddpm-noise-clean', 'if (step.s === step.schedule.clean) return 0', '', 'β toward the clean end'),
  steps('ddpm-noise-swapped', "variance === 'large' ? Math.sqrt(forwardTransition(step).variance)", "variance === 'small' ? Math.sqrt(forwardTransition(step).variance)", 'β and β̃ exchanged'),
] // biome-ignore format: a table

const filters: readonly Edit[] = [
  filter('filter-own-path', "z(0, 'path start', [n])", "z(0, 'start', [n])", 'the path has the noise of a particle'),
  filter('filter-y-now', 'observed(path, s))', 'observed(before, s))', 'y of the level before'),
  filter('filter-level', '(schedule.alpha(t) * sigmaY) ** 2 / s ** 2', 'sigmaY ** 2 / s ** 2', 'the noise of y is not scaled by α'),
  filter('filter-singular', '(schedule.alpha(t) * sigmaY) ** 2 / s ** 2', '(schedule.alpha(t) * sigmaY) ** 2 / s', 's for s²'),
  filter('filter-start-alpha', 'measured().mul(schedule.alpha(start))', 'measured()', 'y_T is y and noise'),
  filter('filter-path-density', 'density.sub(drawnBy(noise, wide))', 'density', 'the density of the path is left out'),
  filter('filter-scale', 'density.add(cloud.spread(seenScale(svd, problem.y, singular, sigmaY)))', 'density', 'log p(ȳ/s) for log p(y)'),
  filter('filter-last', 'sigmaY > 0 ? 0 : (schedule.sigma(t) / schedule.alpha(t)) ** 2', 'sigmaY > 0 ? 0 : schedule.sigma(t) ** 2', 'the last kernel without 1/α²'),
  filter('filter-deviation', 'deviation({ t, s, schedule }) ** 2', 'deviation({ t, s, schedule })', 'σ̃ for σ̃² in the draw'),
  observed('observed-gain', 'spread / (spread + v)', 'v / (spread + v)', 'the gain of the other'),
  observed('observed-fresh', 'Math.sqrt(spread * (1 - k))', 'Math.sqrt(spread) * (1 - k)', 'the draw too narrow'),
  observed('observed-half', '-0.5 / v', '-1 / v', 'a density without ½'),
  observed('observed-constant', 'Math.log(2 * Math.PI * v) / 2', 'Math.log(2 * Math.PI * v)', 'the constant doubled'),
  observed('observed-predictive', '(v) => v + spread', '(v) => v', 'the spread of the kernel is not in the weight'),
  observed('seen-scale-sign', 's > 0 ? sum - Math.log(s) : sum', 's > 0 ? sum + Math.log(s) : sum', 's on the wrong side'),
  observed('seen-scale-outside', '(outside / 2) * Math.log', 'outside * Math.log', 'the constant of what is outside doubled'),
  fps('fps-root', 'const eta = Math.sqrt(c)', 'const eta = c', 'c for √c'),
  fps('fps-kernel', "kernel === 'ddim'", "kernel !== 'ddim'", 'the kernels exchanged'),
  fps('fps-deviation', 'eta * schedule.sigma(s)', 'schedule.sigma(s)', 'all of the noise is fresh'),
  diff('smcdiff-noise', 'pathFilter(run, 0, 0.5,', 'pathFilter(run, 0.1, 0.5,', 'y is taken for noisy'),
  diff('smcdiff-path', "by('small')", 'by(run.options.variance)', 'the path has the noise of the particles'),
  diff('smcdiff-deviation', 'ddpmNoise(at, variance)', "ddpmNoise(at, 'small')", 'the particles have the noise of the path'),
] // biome-ignore format: a table

const guided: readonly Edit[] = [
  mcg('mcgdiff-alpha', 'mul(schedule.alpha(t)),', 'mul(1),', 'ȳ/s for α·ȳ/s'),
  mcg('mcgdiff-crossing', 'end === undefined && next.variance[k] === Infinity ? Infinity : v', 'v', 'g_τ is divided out where nothing takes its place'),
  mcg('mcgdiff-spread', 'noiseLevel(schedule, at.t) ** 2 : ddimNoise(at, eta) ** 2', 'noiseLevel(schedule, at.t) : ddimNoise(at, eta) ** 2', 'σ/α for its square in the last kernel'),
  mcg('mcgdiff-noise', ': ddimNoise(at, eta) ** 2', ': ddimNoise(at, eta)', 'σ̃ for σ̃²'),
  mcg('mcgdiff-sign', 'next).sub(logNormal(svd.vt(x), g.value, left))', 'next).add(logNormal(svd.vt(x), g.value, left))', 'times g_t for over g_t'),
  mcg('mcgdiff-start', 'schedule.sigma(start) ** 2', 'schedule.sigma(start)', 'σ_T for its square (on VE)'),
  mcg('mcgdiff-end', "options.last === 'likelihood'", "options.last === 'condition'", 'the ends exchanged'),
  mcg('mcgdiff-scale', 'seenScale(svd, y, counted, sigmaY).add(logs)', 'seenScale(svd, y, counted, sigmaY)', 'the density of x_τ for that of y'),
  mcg('mcgdiff-tau', 'tauOf(schedule, times, sigmaY / s)', 'tauOf(schedule, times, sigmaY)', 'τ without the singular value'),
  times('mcgdiff-variance', 'variance - ratio * (own - kappa', 'variance - ratio * (own + kappa', 'κ on the wrong side'),
  times('mcgdiff-ratio', '(schedule.alpha(t) / schedule.alpha(tau)) ** 2', 'schedule.alpha(t) / schedule.alpha(tau)', 'α for ᾱ'),
  times('mcgdiff-active', 'noiseLevel(schedule, tau) > level', 'noiseLevel(schedule, tau) >= level', 'a coordinate is let go a step early'),
  times('mcgdiff-root', '1 / Math.sqrt(1 + level ** 2)', '1 / (1 + level ** 2)', 'equal decrements of ᾱ for √ᾱ'),
  times('mcgdiff-own', '2 * wanted.length < steps ? wanted : []', '[]', 'the grid has no τ on it'),
  times('mcgdiff-nearest', 'away(t) < away(best) ? t : best', 'away(t) > away(best) ? t : best', 'the farthest time for the nearest'),
] // biome-ignore format: a table

/** Faults of methods of sequential Monte Carlo. */
export const particleMethodEdits: readonly Edit[] = [...frame, ...twisted, ...filters, ...guided]
