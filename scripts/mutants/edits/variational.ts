import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const rlsd = of('methods/variational/rlsd.ts', 'methods/variational/rlsd')
const latentRlsd = of('methods/latent/latent-rlsd.ts', 'methods/latent/latent-rlsd', 'methods/defaults')
const repulsion = of('particles/repulsion.ts', 'particles/repulsion', 'methods/variational/rlsd')
const gradient = of('guidance/red-diff-gradient.ts', 'methods/variational/rlsd')
const blind = of('methods/variational/blind-red-diff.ts', 'methods/variational/blind-red-diff')
const unknown = of('methods/variational/blind-red-diff-gradient.ts', 'methods/variational/blind-red-diff')
const coils = of('operators/fourier/blind-mri.ts', 'operators/fourier/blind-mri')
const complex = of('linalg/complex.ts', 'operators/fourier/blind-mri', 'operators/fourier')

export const variationalEdits: readonly Edit[] = [
  gradient(
    'rlsd-attracts',
    'distilled.sub(repulsion(xt))',
    'distilled.add(repulsion(xt))',
    'particles attract each other',
  ),
  gradient(
    'rlsd-at-mu',
    'repulsion(xt))',
    'repulsion(mu))',
    'particles are compared by μ where x_t was asked for',
  ),
  rlsd('rlsd-no-sigma', 'gamma * prior.schedule.sigma(t)', 'gamma', 'the repulsion is not weighed by σ_t'),
  rlsd('rlsd-alpha', 'prior.schedule.sigma(t)', 'prior.schedule.alpha(t)', 'the repulsion is weighed by α_t'),
  rlsd(
    'rlsd-compare',
    "compare === 'noisy' ? xt : mu",
    "compare === 'clean' ? xt : mu",
    'noisy and clean are exchanged',
  ),
  rlsd(
    'rlsd-no-vjp',
    'return back(repulsion(f, { particles, bandwidth }))[0]',
    'return back(f)[0]',
    'features are pulled towards 0 instead of apart',
  ),
  rlsd(
    'rlsd-bandwidth',
    'return repulsion(x, { particles, bandwidth })',
    'return repulsion(x, { particles })',
    'the bandwidth given is ignored',
  ),
  rlsd(
    'rlsd-last',
    'wide(x).slice(null, 0)',
    'wide(x).slice(null, particles - 1)',
    'the result is the last particle',
  ),
  rlsd('rlsd-epsilon-same', "draw(i, 'epsilon')", "draw(0, 'epsilon')", 'the same ε in every step'),
  rlsd(
    'rlsd-start-half',
    '.mul(startSpread)',
    '.mul(startSpread / 2)',
    'the starts have half of the spread asked for',
  ),
  rlsd(
    'rlsd-default-particles',
    "a sample', { default: 4",
    "a sample', { default: 2",
    'two particles by default',
  ),
  latentRlsd('latent-rlsd-rho', 'lambda: lambda / rho', 'lambda', 'the prior of z is not weighed by 1/ρ'),
  latentRlsd(
    'latent-rlsd-decoded',
    '(pictures as Tensor | undefined)?.slice(null, 0) ?? autoencoder.decode(x)',
    'autoencoder.decode(x)',
    'the result is D(z), not x',
  ),
  latentRlsd(
    'latent-rlsd-old-z',
    'autoencoder.decode(nextZ.params)',
    'autoencoder.decode(latents)',
    'x is tied to the z before the step',
  ),
  latentRlsd(
    'latent-rlsd-measured-picture',
    'residualAt(operator, measured, pictures)',
    'residualAt(operator, measured, autoencoder.decode(latents))',
    'the measurement pulls at D(z) in place of x',
  ),
  latentRlsd(
    'latent-rlsd-sign',
    '[-1 / sampleSize(y), back(r)]',
    '[1 / sampleSize(y), back(r)]',
    'x goes from y',
  ),
  latentRlsd(
    'latent-rlsd-mean',
    'rho / sampleSize(pictures)',
    'rho / sampleSize(y)',
    'the tie is a mean over the m measured numbers',
  ),
  latentRlsd(
    'latent-rlsd-rates',
    'learningRate: options.latentRate',
    'learningRate: options.pictureRate',
    'z has the rate of x',
  ),
  latentRlsd(
    'latent-rlsd-sigma',
    'gamma * schedule.sigma(t)',
    'gamma',
    'the repulsion is not weighed by σ_t',
  ),
  latentRlsd(
    'latent-rlsd-compare',
    "compare === 'noisy' ? zt : latents",
    "compare === 'clean' ? zt : latents",
    'noisy and clean are exchanged',
  ),
  latentRlsd(
    'latent-rlsd-undecoded',
    'features(autoencoder.decode(at))',
    'features(autoencoder.decode(at.mul(0.5)))',
    'features of the picture of half a latent',
  ),
  latentRlsd(
    'latent-rlsd-same-noise',
    "draw(i, 'epsilon')",
    "draw(0, 'epsilon')",
    'the same ε in every step',
  ),
  latentRlsd(
    'latent-rlsd-start',
    "draw(0, 'picture', autoencoder.shape)",
    "draw(0, 'picture', autoencoder.shape).mul(0)",
    'x starts at 0',
  ),
  latentRlsd(
    'latent-rlsd-first',
    'wide(v).slice(null, 0)',
    'wide(v).slice(null, particles - 1)',
    'the last particle is shown for the first',
  ),
  repulsion('repulsion-factor', '(2 * k) / (h * total)', 'k / (h * total)', 'the force lacks its factor 2'),
  repulsion(
    'repulsion-unnormalised',
    '(2 * k) / (h * total)',
    '(2 * k) / h',
    'the gradient of Σ k instead of that of its logarithm',
  ),
  repulsion('repulsion-log', 'Math.log(K))', 'Math.log(K + 1))', 'the median rule has log(K + 1)'),
  repulsion(
    'repulsion-root',
    'medianSquare(to, own) / Math.log(K)',
    'Math.sqrt(medianSquare(to, own)) / Math.log(K)',
    'the median itself for its square',
  ),
  repulsion(
    'repulsion-upper',
    'Math.floor((others.length - 1) / 2)',
    'Math.floor(others.length / 2)',
    'the upper of two medians',
  ),
  repulsion(
    'repulsion-self',
    'squares.filter((_, j) => j !== own).sort',
    'squares.filter(() => true).sort',
    'its own distance, 0, is among those of the median',
  ),
  repulsion(
    'repulsion-underflow',
    '(nearest - square) / h',
    '-square / h',
    'far particles do not repel: all weights are 0',
  ),
  repulsion(
    'repulsion-row',
    'const own = row % K',
    'const own = Math.floor(row / N)',
    'another particle is taken for itself',
  ),
  blind(
    'blind-red-old-mu',
    'unknownGradient(blind, y, mu, phi, options)',
    'unknownGradient(blind, y, x, phi, options)',
    'φ is fitted at the μ before the step',
  ),
  blind('blind-red-no-project', 'blind.project(moved.params)', 'moved.params', 'φ is not kept what can be'),
  blind(
    'blind-red-unnormalised',
    'Float64Array.from(blind.normalise(one(given, onHost)).dataSync())',
    'Float64Array.from(given)',
    'the start keeps its scale',
  ),
  blind('blind-red-rate', 'options.phiRate * size', 'options.phiRate', 'the rate of φ is absolute'),
  blind(
    'blind-red-size',
    '(sum, v) => sum + v * v, 0) / begin.length)',
    '(sum, v) => sum + v * v, 0))',
    'the norm of φ for the root mean square',
  ),
  blind('blind-red-memory', 'memory.phi, phi)', 'ofMu.init(phi), phi)', 'Adam forgets what it knows of φ'),
  blind('blind-red-epsilon-same', "z(i, 'epsilon')", "z(0, 'epsilon')", 'the same ε in every step'),
  blind(
    'blind-red-operator',
    'forward: (v: Tensor) => blind.apply(v, phi)',
    'forward: (v: Tensor) => blind.apply(v, one(begin, likeY))',
    'μ is fitted to the φ of the start',
  ),
  unknown(
    'blind-red-half',
    'mul(dataWeight / (2 * m))',
    'mul(dataWeight / m)',
    'the data term of φ lacks its ½',
  ),
  unknown(
    'blind-red-elements',
    'elements(y), elements(gamma)]',
    'elements(y), elements(y)]',
    'R is over the measurements',
  ),
  unknown(
    'blind-red-through',
    'const phi = normalise(g)',
    'const phi = normalise(gamma).add(g.sub(gamma))',
    'the gradient does not go through the normalisation',
  ),
  unknown('blind-red-l2', 'mul(l2 / (2 * entries))', 'mul(l2 / entries)', 'the 2-norm counts twice'),
  unknown(
    'blind-red-axis',
    'Math.max(1, axes - 2)',
    'Math.max(1, axes - 1)',
    'neighbours along the last axis alone',
  ),
  unknown(
    'blind-red-smooth',
    'mul(smoothness / (2 * entries))',
    'mul(smoothness / entries)',
    'roughness counts twice',
  ),
  coils(
    'blind-mri-squares',
    'squares.add(nothing).sqrt()',
    'squares.add(nothing)',
    'maps are over Σ|S|² instead of its root',
  ),
  coils('blind-mri-per-coil', 'sum([1, 2], true)', 'sum([2], true)', 'each coil is normalised by itself'),
  coils(
    'blind-mri-adjoint',
    'conjugateProduct(fourier',
    'complexProduct(fourier',
    'the adjoint has S for its conjugate',
  ),
  coils(
    'blind-mri-initial',
    'initial: flat(simulatedMaps(coils, height, width, 2)',
    'initial: flat(simulatedMaps(coils, height, width, 1.5)',
    'the search begins at the truth',
  ),
  coils('blind-mri-parts', '(2 * i + 1) * plane)', '(2 * i) * plane)', 'imaginary parts over the real ones'),
  coils(
    'blind-mri-given',
    'flat(unit(given), height * width)',
    'flat(given, height * width)',
    'given maps keep their scale',
  ),
  coils(
    'blind-mri-dark',
    'const nothing = equal(squares, 0)',
    'const nothing = equal(squares, -1)',
    'maps of 0 become no numbers',
  ),
  complex(
    'complex-product-sign',
    'add(turned(z).mul(part(w, 1)))',
    'sub(turned(z).mul(part(w, 1)))',
    'the product has the conjugate of w',
  ),
  complex(
    'complex-turned',
    '[part(z, 1).neg(), part(z, 0)]',
    '[part(z, 1), part(z, 0).neg()]',
    'i·z turned the other way',
  ),
]
