import type { Edit } from '../edit.ts'
import { editsOf, inside } from './of.ts'

const of = editsOf('packages/solvers/src')
const written = 'methods/exact/weighted-written-out'
const evidence = 'methods/exact/weighted-evidence'
const unit = 'particles/control'
const engine = of('particles/weighted-diffusion.ts', written)
const basis = of('particles/basis.ts', written)
const control = of('particles/control.ts', unit)
const annealed = of('particles/annealing.ts', unit)
const tilt = of('particles/tilt.ts', unit, written)
const trace = of('linalg/trace.ts', unit)
const options = of('methods/weighted-options.ts', 'methods/defaults')
const afdps = of('methods/exact/afdps.ts', written)
const gsmc = of('methods/exact/g-smc.ts', written)
const driftlite = of('methods/exact/driftlite.ts', written)
const reward = of('methods/reward-problem.ts', evidence)
const fk = of('methods/exact/fk-steering.ts', 'methods/exact/fk-steering')
const smc = of('particles/smc.ts', 'methods/exact/fk-steering')

/** Weighted diffusions, and steering. */
export const weightedEdits: readonly Edit[] = [
  engine('afdps-laplacian-sign', '.mul(c - 0.5)', '.mul(0.5 - c)', 'the sign of what c leaves to the weights'),
  engine('afdps-half', '.mul(c - 0.5)', '.mul(c)', 'the half of the noise is left out of the weights'),
  engine('afdps-cross', '.add(dotted(g, score).mul(c))', '.add(dotted(g, score))', 'g·s without c'),
  engine('afdps-beta-rate', '.add(value.mul((beta(i + 1) - beta(i)) / dtau))', '', 'the change of β is not weighed'),
  engine('afdps-beta-down', '(beta(i + 1) - beta(i)) / dtau', '(beta(i) - beta(i + 1)) / dtau', 'β falls'),
  engine('afdps-time-linear', 'const variance = level(i) ** 2', 'const variance = level(i)', 'ς for ς²'),
  engine('afdps-no-alpha', 'const z = x.div(schedule.alpha(t))', 'const z = x', 'x_t for z'),
  engine('afdps-x-late', 'const x = z.mul(schedule.alpha(s))', 'const x = z', 'z for x_s'),
  engine('afdps-push-beta', 'const push = c * beta(i) * dtau', 'const push = c * dtau', 'guidance without β'),
  engine('afdps-noise-square', 'mul(Math.sqrt(dtau))', 'mul(dtau)', 'dτ for √dτ'),
  engine('afdps-last-weight', 'logWeight: tilt.at(x0hat).value.sub(tilted) }', 'logWeight: tilt.at(x0hat).value }', 'the last step does not take β_t·r back'),
  engine('afdps-start-lost', 'exact.log.sub(tilt.at(z).value.mul(first)) : exact.log', 'exact.log.sub(tilt.at(z).value.mul(first)) : exact.log.mul(0)', 'the integral of the first law is lost'),
  engine('afdps-start-path', 'exact.log.sub(tilt.at(z).value.mul(first))', 'exact.log', 'x_T is weighed by its own e^{βr} twice'),
  engine('g-smc-curved', "(weigh === 'potential' && c !== 0.5)", "(weigh === 'potential' && c > 0.5)", 'below ½ the Laplacian is left out'),
  engine('g-smc-path-up', 'density(free).sub(density(mean))', 'density(mean).sub(density(free))', 'q/p for p/q'),
  engine('g-smc-path-kept', 'density(free).sub(density(mean)).sub(tilted)', 'density(free).sub(density(mean))', 'e^{βr} of x_t is not divided out'),
  engine('driftlite-curvature', 'spread?.div(variance).sub(n).div(variance)', 'spread?.div(variance).div(variance)', 'Δ log p without −n/ς²'),
  engine('driftlite-drift-step', 'perSample(Array.from(theta), vector)).mul(dtau)', 'perSample(Array.from(theta), vector))', 'the control is no rate'),
  engine('driftlite-unpaid', 'phi = phi.add(h.mul(fromData(theta, [theta.length], { device: h.device })))', 'void fromData(theta, [theta.length], { device: h.device })', 'the control is not weighed'),
  engine('driftlite-path-weights', "weigh === 'path' ? cloud.reweight(weights, tilted) : weights", 'weights', 'θ by weights without e^{βr}'),
  engine('driftlite-same-probe', 'key.fold(of).fold(k)', 'key.fold(of)', 'all particles of a sample have one probe'),
  basis('driftlite-upward', 'dotted(vector, score.add(g))', 'dotted(vector, score)', '∇ log p for ∇ log q'),
  basis('driftlite-place-divergence', 'part(z, sampleSize(z))', 'part(z, 1)', 'the divergence of z is 1'),
  basis('driftlite-psi-half', 'dotted(z, z).mul(0.5)', 'dotted(z, z)', 'ψ without ½'),
  basis('driftlite-others', 'values[n * K + k]', 'values[k]', 'θ of all samples by the particles of the first', inside('packages/solvers/src', 'methods/methods')),
  control('driftlite-vcg-sign', '=> -v * (roots[k] ?? 0))', '=> v * (roots[k] ?? 0))', 'the control adds to the variance'),
  control('driftlite-ecg-sign', 'psi.map((values) => product(weights, values, g))', 'psi.map((values) => -product(weights, values, g))', 'against the ideal drift'),
  control('driftlite-uncentred', 'return seen.map((v) => v - mean)', 'return seen', 'the second moment for the variance'),
  control('driftlite-unweighted', '(w[k] ?? 0) * (a[k] ?? 0)', '(a[k] ?? 0)', 'all particles alike'),
  control('driftlite-unrooted', 'Float64Array.from(weights, Math.sqrt)', 'Float64Array.from(weights)', 'W for √W in the least squares'),
  control('driftlite-rounding', 'const rounding = 1e-6', 'const rounding = 1e-1', 'vectors that are nearly alike count as one'),
  annealed('afdps-gamma-linear', 'gamma ** 2 * gain', 'gamma * gain', 'γ for γ²'),
  annealed('afdps-gain', 'gamma ** 2 * gain * level ** 2', 'gamma ** 2 * level ** 2', 'without the gain of A'),
  annealed('afdps-inexact-start', '(beta - first) / (1 - first)', 'beta', 'β starts above 0 where the first law is not drawn'),
  annealed('afdps-linear-late', '(_, i) => i / n', '(_, i) => i / (n + 1)', 'β ends below 1'),
  tilt('afdps-gain-size', 'squares / sizeOf(operator.outShape)', 'squares', 'the gain of all numbers'),
  tilt('afdps-closed-laplacian', 'laplacian: -squares / sigma ** 2', 'laplacian: -squares / sigma', 'σ_y for σ_y²'),
  tilt('afdps-start-constant', '- beta * Math.log(2 * Math.PI * sigma ** 2)', '- Math.log(2 * Math.PI * sigma ** 2)', 'the constant of p(y | z)^β without β'),
  tilt('afdps-start-variance', 'const variance = sigma ** 2 / beta', 'const variance = sigma ** 2 * beta', 'a narrow likelihood for a wide one'),
  trace('driftlite-trace-all', 'Number(k === j)', '1', 'the sum of all entries for the trace'),
  options('g-smc-threshold', "particleOptions(particles, 'systematic', 0.5)", "particleOptions(particles, 'systematic', 1)", 'ancestors are drawn in every step'),
  afdps('afdps-c', 'weightedOptions(32, 1)', 'weightedOptions(32, 0.5)', 'half of the guidance'),
  gsmc('g-smc-c', 'weightedOptions(32, 0.5)', 'weightedOptions(32, 1)', 'all of the guidance'),
  driftlite('driftlite-auto', "control === 'energy' ? 'reward-position' : 'all'", "control === 'energy' ? 'reward-position' : 'reward'", 'VCG by ∇r alone'),
  driftlite('driftlite-bases', "'reward-position': ['reward', 'position']", "'reward-position': ['position']", 'the basis lacks ∇r'),
  reward('driftlite-reward-slope', 'score: (_, x) => slope(x)', 'score: (_, x) => slope(x).neg()', 'down the reward'),
  fk('fk-steering-max', 'kept: (past: Tensor, r: Tensor) => maximum(past, r)', 'kept: (_: Tensor, r: Tensor) => r', 'max is the last'),
  fk('fk-steering-sum', 'kept: (past: Tensor, r: Tensor) => past.add(r)', 'kept: (_: Tensor, r: Tensor) => r', 'the sum is the last'),
  fk('fk-steering-unspent', 'logWeight: reward(next).mul(lambda).sub(spent)', 'logWeight: reward(next).mul(lambda)', 'what was given is not taken back'),
  fk('fk-steering-lambda', 'const logWeight = log(now, past).mul(lambda)', 'const logWeight = log(now, past)', 'potentials without λ'),
  fk('fk-steering-interval', '(i - from) % interval === 0', 'i % interval === 0', 'potentials are counted from 0'),
  fk('fk-steering-last', 'i <= to', 'i < to', 'the last potential is left out'),
  fk('fk-steering-noisy-reward', 'const now = kept(past, reward(x0hat))', 'const now = kept(past, reward(x))', 'r of x_t'),
  fk('fk-steering-start', 'mul(schedule.sigma(start))', 'mul(1)', 'x_T is z'),
  smc('smc-keep', '(keep === true ? still : cloud)', 'cloud', 'ancestors are drawn in every step'),
] // biome-ignore format: a table
