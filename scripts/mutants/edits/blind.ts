import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const dps = of('methods/explicit/blind-dps.ts', 'methods/explicit/blind-dps')
const gibbs = of('methods/explicit/gibbs-ddrm.ts', 'methods/explicit/gibbs-ddrm')
const weights = of('linalg/gibbs-weights.ts', 'methods/explicit/gibbs-ddrm')
const chain = of('inner/blind-langevin.ts', 'methods/explicit/gibbs-ddrm')
const moves = of('inner/spectral-move.ts', 'methods/explicit/gibbs-ddrm')
const prior = of('guidance/blind.ts', 'methods/explicit/blind-dps')
const define = of('methods/define.ts', 'methods/explicit/blind-dps', 'methods/define')
const fit = of('methods/fit.ts', 'methods/define', 'methods/methods')
const kernels = of('operators/blind/kernels.ts', 'operators/blind')
const hartley = of('operators/blind/hartley.ts', 'operators/blind')
const convolve = of(
  'operators/blind/convolve.ts',
  'operators/blind',
  'operators/harness',
  'operators/spectral',
)
const blur = of('operators/blind/blind-blur.ts', 'operators/blind')
const gain = of(
  'operators/blind/unknown-gain.ts',
  'operators/blind',
  'operators/harness',
  'operators/spectral',
)
const compose = of('operators/compose.ts', 'operators/blind')

export const blindEdits: readonly Edit[] = [
  dps('blind-dps-squared', 'back(unitOf(r, norm))', 'back(r)', 'the gradient of ½‖r‖² instead of ‖r‖'),
  dps(
    'blind-dps-kernel-free',
    'sub(sign(phi).mul(sparsity))',
    'sub(phi.mul(0))',
    'the 1-norm of φ is left out',
  ),
  dps(
    'blind-dps-sparse-sign',
    'forPhi.sub(sign(phi)',
    'forPhi.add(sign(phi)',
    'the 1-norm of φ is made large',
  ),
  dps('blind-dps-no-decode', 'toPicture(forPhi', '(forPhi', 'the gradient skips what makes φ of a picture'),
  dps(
    'blind-dps-alpha-bar',
    'Math.sqrt(alphaBar(schedule, t))',
    'alphaBar(schedule, t)',
    'ᾱ_t in place of √ᾱ_t in the repository’s step',
  ),
  dps(
    'blind-dps-kernel-z',
    "z(i, 'kernel', blind.shape)",
    "z(0, 'kernel', blind.shape)",
    'the same z for φ in every step',
  ),
  dps(
    'blind-dps-start-scale',
    "z(0, 'kernel start', blind.shape).mul(schedule.sigma(times[0]?.t ?? schedule.noisiest))",
    "z(0, 'kernel start', blind.shape)",
    'the chain of φ starts at z instead of σ_T·z',
  ),
  dps('blind-dps-half', ': 300 / times.length', ': 150 / times.length', 'ζ is half of the authors’'),
  prior(
    'blind-prior-spread',
    'covariances: spread ** 2',
    'covariances: spread',
    'a deviation taken for a variance',
  ),
  prior(
    'blind-prior-schedule',
    'prior.schedule === schedule ? prior : withSchedule(prior, schedule)',
    'prior',
    'a prior on φ is asked at times of another schedule',
  ),
  define(
    'blind-truth-seen',
    'rules.reduce((seen, rule) => rule.shows?.(seen) ?? seen, asked)',
    'asked',
    'a method gets the operator with the truth',
  ),
  fit(
    'blind-not-refused',
    "if (blind !== undefined) return { need: 'blind', why: blind }",
    'if (blind === undefined) return undefined',
    'methods that are not blind take the truth for known',
  ),
  weights(
    'gibbs-rho-half',
    '2 * etaA * etaC * rho',
    'etaA * etaC * rho',
    'half of the correlation of the two directions',
  ),
  weights('gibbs-eta-c', 'uty: toward / sigmaY', 'uty: toward', 'y is not in units of its noise'),
  weights('gibbs-eta-d', 'eta: etaD, etaB', 'eta: etaB, etaB', 'η_B where y says nothing'),
  weights('gibbs-epsilon', '- along / from', '- along / to', 'ε̂ in units of the next level'),
  weights('gibbs-equal', 'to >= sigmaY / s', 'to > sigmaY / s', 'σ_s = σ_y/s goes to the wrong case'),
  chain('gibbs-xi', 'step: xi / 2', 'step: xi', 'Langevin steps are twice as long'),
  chain('gibbs-sigma', 'div(sigmaY ** 2)', 'div(2 * sigmaY ** 2)', 'the variance of y is doubled'),
  chain('gibbs-laplace-sign', '.sub(back(p)', '.neg().sub(back(p)', 'the Laplace prior pushes away from 0'),
  chain(
    'gibbs-first-row',
    'blind.at(row(phi))',
    'blind.at(phi.slice([0, 1]))',
    'every sample has the φ of the first',
  ),
  chain(
    'gibbs-held',
    'blind.linear === true ? vjp(apply, phi)[1] : undefined',
    'vjp(apply, phi)[1]',
    '∂A/∂φ stays that of the first φ',
  ),
  chain(
    'gibbs-held-residual',
    'held(y.sub(apply(p))',
    'held(y.sub(apply(phi))',
    'y − A_φ x stays that of the first φ',
  ),
  compose(
    'blind-linear-composed',
    'linear: b.blind.linear === true && isLinear(a)',
    'linear: b.blind.linear === true',
    'linear in the unknown, whatever comes after',
  ),
  moves('gibbs-mask', 's > 0 && to < sigmaY / s ? 1 : 0', 's > 0 ? 1 : 0', 'ρ is over all coordinates'),
  moves(
    'gibbs-direction',
    'mul(each(measurement, (s) => s))',
    'mul(1)',
    'y is compared with θ̄ instead of s·θ̄',
  ),
  gibbs(
    'gibbs-guess-time',
    'prior.denoise(next, s)',
    'prior.denoise(next, t)',
    'x_s is denoised as if it were x_t',
  ),
  gibbs('gibbs-guess-old', 'prior.denoise(next, s), phi', 'x0hat, phi', 'φ looks at the guess of x_t'),
  gibbs(
    'gibbs-share',
    'i < times.length - 1 && i >= wait',
    'i < times.length - 1 && i > wait',
    'φ waits one step longer',
  ),
  gibbs('gibbs-last', 'i < times.length - 1 && i >= wait', 'i >= wait', 'φ moves in the last step as well'),
  gibbs('gibbs-xi-default', '196608 / sizeOf', '65536 / sizeOf', 'ξ as for one channel'),
  gibbs(
    'gibbs-keep-last',
    '|| !keepLast',
    '|| keepLast',
    'the last draw of x is kept where it is to be drawn anew',
  ),
  gibbs(
    'gibbs-no-normalise',
    'blind.normalise(blindLangevin(',
    '((v) => v)(blindLangevin(',
    'kernels keep the sum of the chain',
  ),
  hartley(
    'hartley-sign',
    'Math.cos(b) - Math.sin(b)',
    'Math.cos(b) + Math.sin(b)',
    'cas b in place of cas(−b)',
  ),
  hartley(
    'hartley-mirror',
    'negatives(height, width)',
    "negatives(height, width, { origin: 'centre' })",
    'frequencies are mirrored about the middle',
  ),
  convolve(
    'blind-blur-correlation',
    'const turn = (X: Tensor, even: Tensor, odd: Tensor) => X.mul(even).add(',
    'const turn = (X: Tensor, even: Tensor, odd: Tensor) => X.mul(even).sub(',
    'a correlation instead of a convolution',
  ),
  convolve(
    'blind-blur-centre',
    'const [n, radius] = [height * width, (size - 1) / 2]',
    'const [n, radius] = [height * width, (size + 1) / 2]',
    'the kernel is off its middle by one',
  ),
  convolve('blind-blur-phase', 'sine(y).neg()', 'sine(y)', 'Uᵀ turns the wrong way'),
  convolve(
    'blind-project-sum',
    'div(total.add(nothing))',
    'div(total.add(nothing).mul(2))',
    'a projected kernel has the sum ½',
  ),
  convolve(
    'blind-project-negative',
    'const above = maximum(kernel, 0)',
    'const above = kernel.abs()',
    'negative entries are turned over instead of cut',
  ),
  blur(
    'blind-decode',
    'sumToOne(picture.add(1).div(2))',
    'sumToOne(picture)',
    'grey counts as 0 in a picture of a kernel',
  ),
  blur(
    'blind-truth-not-normalised',
    'return normalised(host)',
    'return host',
    'a given kernel keeps its sum',
  ),
  kernels(
    'motion-upside-down',
    'middle - along * Math.sin(radians)',
    'middle + along * Math.sin(radians)',
    'angles go clockwise',
  ),
  kernels('kernel-picture', '(2 * v) / top - 1', 'v / top', 'a picture of a kernel is in [0, 1]'),
  gain('gain-sign', 'ut(y).mul(Math.sign(g))', 'ut(y)', 'a negative gain loses its sign in Uᵀ'),
  gain(
    'gain-at',
    'forward: (x) => operator.forward(x).mul(g)',
    'forward: (x) => operator.forward(x)',
    'the gain is left out',
  ),
  compose('compose-blind-lost', '...(blind && { blind }),', '', 'a composition forgets what is unknown'),
  compose(
    'compose-differentiable',
    '=== false) && { differentiable: false })',
    '=== false) && {})',
    'a composition with rounding claims gradients',
  ),
]
