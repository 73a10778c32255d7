import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const proximal = of('inner/proximal.ts')
const langevin = of('inner/langevin.ts')
const hmc = of('inner/hmc.ts')
const descent = of('inner/descent.ts')
const ode = of('inner/reverse-ode.ts')
const gain = of('inner/spectral-gain.ts')

/** Faults of what methods run inside a step. */
export const innerEdits: readonly Edit[] = [
  gain('gain-finite', 'if (!Number.isFinite(gain))', 'if (Number.isNaN(gain))', 'a gain of 1/0 is passed on'),
  proximal('prox-lambda', '(sigmaY / rho) ** 2, options', 'sigmaY / rho, options', 'λ is σ_y/ρ'),
  proximal(
    'prox-gain',
    's / (s ** 2 + lambda)',
    's / (s + lambda)',
    'the gain of the proximal point has s, not s²',
  ),
  proximal(
    'prox-sign',
    'y.sub(operator.forward(x))))',
    'operator.forward(x).sub(y)))',
    'the proximal point moves away from y',
  ),
  proximal('prox-cg-lambda', '.add(v.mul(lambda))', '', 'conjugate gradients solve without the prior'),
  proximal(
    'prox-unconverged',
    "status.indexOf('iterations') : -1",
    '-1 : -1',
    'an unconverged proximal point is handed out',
  ),
  proximal(
    'draw-spread',
    'noise.y.mul(problem.sigmaY)',
    'noise.y.mul(problem.sigmaY ** 2)',
    'y is perturbed by a variance',
  ),
  proximal(
    'draw-prior',
    'x.add(noise.x.mul(rho))',
    'x.add(noise.x.mul(rho * Math.SQRT1_2))',
    'the prior part of a draw is √½ too narrow',
  ),
  langevin(
    'langevin-root',
    'Math.sqrt(2 * gamma)',
    'Math.sqrt(gamma)',
    'the noise of Langevin without its √2',
  ),
  langevin(
    'langevin-sign',
    'at.sub(gradient(at).mul(drift))',
    'at.add(gradient(at).mul(drift))',
    'Langevin climbs U',
  ),
  langevin(
    'langevin-key',
    'keys.map((key) => key.fold(k))',
    'keys',
    'each step of Langevin draws the same noise',
  ),
  hmc(
    'leapfrog-half',
    'leap === leaps ? half : whole',
    'whole',
    'the last half step of the momentum is a whole one',
  ),
  hmc('hmc-sign', 'H - after[i]!', 'after[i]! - H', 'proposals that lose energy are refused'),
  hmc(
    'hmc-kinetic',
    'return Array.from(value.dataSync(), (u, i) => u + kinetic[i]! / 2)',
    'return Array.from(value.dataSync(), (u, i) => u + kinetic[i]!)',
    'the kinetic energy is twice as large',
  ),
  hmc(
    'hmc-accept',
    "randomUnits(draws[i]!.fold('accept'), 1)[0]!) < ratio",
    "randomUnits(draws[0]!.fold('accept'), 1)[0]!) < ratio",
    'all samples are accepted by one number',
  ),
  hmc(
    'hmc-always',
    'return Math.log(randomUnits',
    'return -1e9 * Math.log(randomUnits',
    'nearly everything is refused',
  ),
  hmc(
    'hmc-divergence',
    'Number.isFinite(after[i]) ? H - after[i]! : -Infinity',
    'H - after[i]!',
    'the acceptance of a trajectory that diverged is NaN',
  ),
  hmc('mala-epsilon', 'Math.sqrt(2 * gamma)', 'Math.sqrt(gamma)', "MALA's step is γ/2"),
  hmc(
    'hmc-gradient',
    'gradient: choose(moves, to.gradient, at.gradient)',
    'gradient: to.gradient',
    'the gradient of a refused proposal is kept',
  ),
  descent(
    'descent-target',
    'now[i]! <= targets![i]!',
    'now[i]! <= targets![0]!',
    'all samples stop at the target of the first',
  ),
  descent(
    'descent-frozen',
    'choose(active, leaf, before[i]!)',
    'leaf',
    'a sample that has reached its target goes on',
  ),
  ode(
    'ode-solver',
    "solver === 'heun' ? heun()",
    "solver === 'euler' ? heun()",
    'the two solvers of the reverse ODE change places',
  ),
  ode(
    'ode-end',
    's: times[k + 1] ?? schedule.clean',
    's: times[k + 1] ?? 0',
    'the reverse ODE ends at t = 0, which is not clean on VP',
  ),
  ode('ode-intervals', 'least === 0 ? n : n - 1', 'n', 'the grid stops short of index 0'),
  ode(
    'ode-exponent',
    'exponent = 7, end = 0): Time[]',
    'exponent = 2, end = 0): Time[]',
    "the default grid is not EDM's",
  ),
  ode(
    'sde-key',
    'keys.map((key) => key.fold(k))',
    'keys',
    'each step of the reverse SDE draws the same noise',
  ),
  ode(
    'sde-noise',
    "variance = 'small'",
    "variance = 'large'",
    'the reverse SDE draws with the larger variance',
  ),
]
