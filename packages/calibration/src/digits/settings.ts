import type { Settings } from '@tweedie/solvers'

/**
 * Settings of methods on digits in [−1, 1], where their own would take too long or were made for other pictures: those of the
 * pictures in the documentation.
 */
export const digitSettings: Readonly<Record<string, Settings>> = {
  dps: { steps: 150, scale: 1.2 },
  ddrm: { steps: 100, eta: 1 },
  'red-diff': { steps: 200 },
  rlsd: { steps: 100, compare: 'clean' },
  repaint: { steps: 250 },
  snips: { steps: 100, stepSize: 0.3 }, // a fifth of the levels, so longer steps
  'score-ald': { steps: 300 },
  'score-sde': { steps: 250 },
  'kadkhodaie-simoncelli': { steps: 400 },
  // Fewer evaluations than published, and chains of steps as long as σ_y = 0.05 allows.
  'pnp-dm': { steps: 25, decay: 0.8, rhoMin: 0.1, priorSteps: 8, langevinStep: 5e-4 },
  pmc: { steps: 300, repeats: 1, stepSize: 5e-4, sigmaMax: 20, decay: 0.97, sigmaMin: 0.05 },
  dpnp: { steps: 25, priorSteps: 8, stepSize: 5e-4 },
  daps: { steps: 40, odeSteps: 2, learningRate: 5e-4, decay: 0.2, sigmaMin: 0.03 },
  csgm: { steps: 60, optimizer: 'lbfgs' },
  // Their thousands of iterations of 0.01, at a higher rate.
  dmplug: { steps: 200, learningRate: 0.05, window: 20, patience: 60 },
  shred: { steps: 100, learningRate: 0.02, clip: [-1, 1] },
  // A tenth of its evaluations; 60 are enough there.
  'd-flow': { steps: 60 },
  // Fewer draws, and a step that does not fade so soon; a shorter one.
  'pnp-flow': { draws: 2, exponent: 0.3 },
  'flow-chef': { scale: 200 },
  // Their own weights are for other pictures, or diverge with a trained network.
  'lgd-mc': { scale: 0.02 },
  mpgd: { scale: 2 },
  tmpd: { covariance: 'diagonal', probes: 4 },
  // Their own numbers of particles or steps take minutes; pixels vary by less than 1.
  tds: { clip: [-1, 1], spread: 'pigdm', dataVariance: 0.1 },
  'mcg-diff': { particles: 4 },
  ddsmc: { particles: 4, eta: 1 },
  // Fewer evaluations than published, and longer updates to make up for it; a length for 784 numbers.
  mgps: { steps: 50, longSteps: 10, learningRate: 0.1 },
  mgdm: { steps: 30, denoiseSteps: 8, longSteps: 10, learningRate: 0.1, firstRate: 0.1 },
  dcps: { learningRate: 0.1 },
  afdps: { steps: 100, particles: 4 },
  'g-smc': { steps: 100, particles: 4, c: 1 }, // half of the guidance leaves the rest to four particles
  driftlite: { steps: 100, particles: 4, c: 1, basis: 'reward' }, // three vectors fit four particles, and no fifth
  'fk-steering': { particles: 16, to: 95 },
  // Some hundreds of measurements a step, in the place of thousands; a length for 784 numbers.
  enkg: { steps: 20, particles: 64, odeSteps: 5, scale: 2, leastScale: 1 }, // longer moves, and ODEs of one step, diverge
  scg: { candidates: 12 },
  dpg: { samples: 300, scale: 20 },
  'dps-gsg': { queries: 400, scale: 2 },
  // With three, as by default, it loses the Fourier, HDR and phase tasks.
  mmps: { iterations: 1 },
}
