import type { Edit } from '../edit.ts'
import { editsOf, inside as insideOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const inside = (...folders: readonly string[]) => insideOf('packages/solvers/src', ...folders)
const spectral = of('linalg/spectral.ts')
const matrixSvd = of('linalg/matrix-svd.ts')
const reflected = of('linalg/reflected-basis.ts')
const mixture = of('priors/exact/mixture.ts')
const exact = of('priors/exact/exact-prior.ts')
const spread = of('priors/exact/spread.ts')
const network = of('priors/network.ts')
const estimated = of('priors/estimated.ts')
const parameterisation = of('priors/parameterisation.ts')
const gaussian = of('noise/gaussian.ts')
const ssim = of('metrics/ssim.ts')
const psnr = of('metrics/psnr.ts')
const misfit = of('metrics/misfit.ts')
const cg = of('linalg/conjugate-gradient.ts')
const hutchinson = of('linalg/hutchinson.ts')
const jacobian = of('linalg/denoiser-jacobian.ts')

const algebra: readonly Edit[] = [
  spectral(
    'pinv-cutoff',
    's > least ? 1 / s : 0',
    's > least ? s : 0',
    'A⁺ multiplies by s instead of 1/s',
    inside('linalg', 'operators'),
  ),
  spectral(
    'norm-unsquared',
    'Math.sqrt(image.square().sum().dataSync()[0]!)',
    'image.square().sum().dataSync()[0]!',
    'the operator norm is ‖A‖²',
    inside('linalg'),
  ),
  matrixSvd(
    'svd-null-space',
    'for (const h of reflections.toReversed())',
    'for (const h of reflections)',
    'reflections in the wrong order: the null space is not orthogonal to the rest',
    inside('linalg', 'operators'),
  ),
  matrixSvd(
    'svd-aligned',
    'const { u: first, s, v: u } = tallSvd(transposed(a))',
    'const { v: first, s, u } = tallSvd(transposed(a))',
    'U and V of a wide matrix are mixed up',
    inside('linalg', 'operators'),
  ),
  reflected(
    'reflected-between',
    '-2 * along.reduce',
    '2 * along.reduce',
    'reflections that follow each other are put together with the wrong sign',
  ),
  reflected('reflected-signs', 'signs[k] = -sign', 'signs[k] = sign', 'given columns are turned round'),
  reflected('reflected-back', 'T[j * r + k]!', 'T[k * r + j]!', 'V and its transpose reflect in one order'),
  cg(
    'cg-beta',
    'const beta = step(nextRr, rr)',
    'const beta = step(rr, nextRr)',
    'β of conjugate gradients upside down',
  ),
  cg('cg-goal', 'tolerance ** 2 * square', 'tolerance * square', 'the goal is √tolerance'),
  cg('cg-float32-tolerance', '? 1e-10 : 1e-5', '? 1e-10 : 1e-2', 'a loose default tolerance in float32'),
  cg(
    'cg-implicit-sign',
    'pullback(w.neg())',
    'pullback(w)',
    'the gradient in the parameters of A has the wrong sign',
  ),
  hutchinson(
    'hutchinson-spread',
    '.div(probes - 1)',
    '.div(probes)',
    'the standard error is over the number of probes',
  ),
  hutchinson(
    'hutchinson-same-probe',
    'named.map((key) => key.fold(j))',
    'named.map((key) => key.fold(0))',
    'all probes are the same',
  ),
  hutchinson('hutchinson-bits', '(i & 31)', '(i & 15)', 'half of the bits are used twice'),
  jacobian(
    'covariance-factor',
    'const factor = sigma ** 2 / alpha',
    'const factor = sigma ** 2 * alpha',
    'Cov[x₀ | x_t] times α² on VP',
  ),
]

const priors: readonly Edit[] = [
  exact('score-sigma', '.div(schedule.sigma(t) ** 2),', '.div(schedule.sigma(t)),', 'the score over σ'),
  exact(
    'jacobian-alpha',
    '.mul(schedule.alpha(t) / schedule.sigma(t) ** 2),',
    '.mul(1 / schedule.sigma(t) ** 2),',
    'the Jacobian of the denoiser without α',
  ),
  exact('denoiser-gain', '(alpha * l) / d', '(alpha ** 2 * l) / d', "the denoiser's gain has α²"),
  exact(
    'denoiser-determinant',
    '/ 2, logWeights[k]!)',
    '/ 1, logWeights[k]!)',
    'the determinant of the components counts twice',
  ),
  mixture(
    'posterior-determinant',
    '(distance + logDeterminant + y.length',
    '(distance - logDeterminant + y.length',
    "the determinant's sign in the evidence",
  ),
  mixture(
    'mixture-between',
    'Matrix.add(covariance, d.mmul(d.transpose()))',
    'Matrix.add(covariance, Matrix.zeros(d.rows, d.rows))',
    'the covariance between the components is left out',
  ),
  mixture(
    'mixture-density',
    'c[i]! ** 2 / values[i]!',
    'c[i]! ** 2 * values[i]!',
    'the density multiplies by the variance',
  ),
  mixture(
    'mixture-noised',
    'Matrix.mul(covariance, alpha ** 2)',
    'Matrix.mul(covariance, alpha)',
    'the law of x_t has α·Σ',
  ),
  mixture(
    'mixture-pick',
    '(left -= weight) < 0',
    '(left -= weight) < 0.1',
    'components are drawn with wrong frequencies',
  ),
  mixture(
    'kalman-one-side',
    '.sub(left.mmul(A.transpose()).mmul(gain.transpose()))',
    '.clone()',
    "I − KA on one side only in Joseph's form",
    inside('priors'),
  ),
  mixture(
    'kalman-joseph',
    '.add(gain.mmul(gain.transpose()).mul(sigma ** 2))',
    '.add(gain.mmul(gain.transpose()).mul(sigma))',
    "σ in Joseph's form",
    inside('priors'),
  ),
  spread(
    'determinant-root',
    'const logDeterminant = 2 * L',
    'const logDeterminant = L',
    'the log-determinant is halved',
    inside('priors'),
  ),
  spread(
    'eigenvalue-sign',
    'return Math.max(value, 0)',
    'return Math.abs(value) + 1e-6',
    'eigenvalues are raised',
    inside('priors'),
  ),
  estimated(
    'epsilon-alpha',
    '.mul(1 / over)',
    '',
    'x̂₀ of an ε-network is not divided by α',
    inside('priors', 'samplers'),
  ),
  parameterisation(
    'network-v-sign',
    'estimate: { x: alpha, output: -sigma',
    'estimate: { x: alpha, output: sigma',
    'the sign of v',
    inside('priors'),
  ),
  parameterisation(
    'network-v-alpha',
    'estimate: { x: alpha, output: -sigma',
    'estimate: { x: 1, output: -sigma',
    'x̂₀ of v has x_t without α',
    inside('priors'),
  ),
  parameterisation(
    'network-v-norm',
    'over: alpha ** 2 + sigma ** 2',
    'over: 1',
    'x̂₀ of v is not divided by α² + σ², which is 1 on VP only',
    inside('priors'),
  ),
  parameterisation(
    'network-flow-norm',
    'over: alpha + sigma',
    'over: 1',
    'x̂₀ of a velocity is not divided by α + σ, which is 1 for flow only',
    { ...inside('priors'), nth: 0 },
  ),
  parameterisation(
    'network-edm-root',
    'output: sigma * deviation * root',
    'output: sigma * deviation',
    'c_out of EDM is divided by the variance, not its root',
    inside('priors'),
  ),
  parameterisation(
    'network-edm-target',
    'noise: (-alpha * deviation) / root',
    'noise: -deviation / root',
    "EDM's target leaves out α",
    inside('priors'),
  ),
  parameterisation(
    'network-edm-label',
    'Math.log(sigma / alpha) / 4',
    'Math.log(sigma) / 4',
    'EDM is told σ in place of σ/α',
    inside('priors'),
  ),
  estimated(
    'network-sample',
    'return output\n',
    'return xt\n',
    'a network of x₀ is not asked',
    inside('priors'),
  ),
  network(
    'network-default',
    "predicts = 'epsilon', sigmaData",
    "predicts = 'v', sigmaData",
    'networks predict v by default',
    inside('priors'),
  ),
  estimated(
    'network-shape',
    'if (!sameShape(output.shape, xt.shape))',
    'if (output.shape.length !== xt.shape.length)',
    'networks that change the shape are taken',
    inside('priors'),
  ),
  estimated(
    'epsilon-clip',
    'return clipped(prior, clip)',
    'return prior',
    'x̂₀ is not clipped',
    inside('priors'),
  ),
]

const measures: readonly Edit[] = [
  gaussian('noise-variance', '.mul(sigma))', '.mul(sigma ** 2))', 'noise of standard deviation σ²'),
  gaussian(
    'likelihood-constant',
    'Math.log(2 * Math.PI * sigma ** 2)',
    'Math.log(2 * Math.PI * sigma)',
    'the constant of the likelihood',
  ),
  gaussian('likelihood-scale', '.mul(-0.5 / sigma ** 2)', '.mul(-1 / sigma ** 2)', 'the likelihood lacks ½'),
  ssim(
    'ssim-window',
    'const windowStd = 1.5',
    'const windowStd = 2',
    "SSIM's window is wider",
    inside('metrics'),
  ),
  ssim('ssim-c1', 'const c1 = 0.01 ** 2', 'const c1 = 0.02 ** 2', "SSIM's first constant", inside('metrics')),
  ssim(
    'ssim-c2',
    'const c2 = 0.03 ** 2',
    'const c2 = 0.02 ** 2',
    "SSIM's second constant",
    inside('metrics'),
  ),
  psnr(
    'psnr-log',
    '-10 * Math.log10(total / per)',
    '-20 * Math.log10(total / per)',
    'PSNR doubled',
    inside('metrics'),
  ),
  misfit(
    'misfit-root',
    'Math.sqrt(total / m) / sigma',
    'Math.sqrt(total) / sigma',
    'the misfit grows with m',
    inside('metrics'),
  ),
]

/** Linear algebra, exact priors, noise and metrics. */
export const lawEdits: readonly Edit[] = [...algebra, ...priors, ...measures]
