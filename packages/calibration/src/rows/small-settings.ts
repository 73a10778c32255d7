import type { Settings } from '@tweedie/solvers'

/** What a method is run with where a sample is a few numbers, not a picture. */
export interface SmallSettings {
  /** Over its defaults. */
  readonly settings?: Settings
  /** The most samples, of methods that pay for each alone. */
  readonly most?: number
}

/** A flow of few numbers that is trained to its end; a cut at norm 1 would shrink what the prior says. */
const flow: Settings = { updates: 1, blocks: 2, width: 8 }

/**
 * Settings of methods for problems of a few numbers, by name, where their defaults are meant for pictures: a scale of guidance
 * that is one of 256×256 pixels, a network for pictures, a range of levels. Those of `docs/exact.md`. Methods that are not
 * here run with their defaults.
 */
export const smallSettings: Readonly<Record<string, SmallSettings>> = {
  dps: { settings: { scale: 0.1 } },
  'lgd-mc': { settings: { scale: 0.05 } },
  mpgd: { settings: { scale: 0.1 } },
  mcg: { settings: { scale: 0.1 } },
  'ddrm-jpeg': { settings: { startAt: 1 } },
  diffpir: { settings: { spacing: 'linspace' } },
  snips: { settings: { innerSteps: 1, stepSize: 0.5 } },
  repaint: { settings: { jump: 9, repeats: 2 } },
  'kadkhodaie-simoncelli': { settings: { sigmaL: 0 } },
  'score-prior': {
    settings: {
      ...{ ...flow, steps: 250, samples: 8, learningRate: 0.01, warmUp: 0.1, gradientClip: 100 },
      ...{ solver: 'heun', odeSteps: 10, probes: 2 },
    },
    most: 40, // each trains a flow of its own
  },
  'efficient-score-prior': {
    settings: {
      ...{ ...flow, steps: 400, samples: 16, learningRate: 5e-3, warmUp: 0.2, gradientClip: 1000 },
      ...{ sharing: 4, sigmaMin: 0.1 },
    },
    most: 40,
  },
  ddsmc: { settings: { steps: 50, eta: 1 } },
  mgps: { settings: { steps: 50, alpha: 0.8, fitSteps: 10, learningRate: 0.1, warm: 0 } },
  mgdm: {
    settings: {
      ...{ steps: 30, repeats: 2, denoiseSteps: 8, fitSteps: 5, longSteps: 10 },
      ...{ learningRate: 0.1, firstRate: 0.1 },
    },
  },
  dcps: { settings: { steps: 100, learningRate: 0.05 } },
  csgm: { settings: { samplerSteps: 2 } },
  // Steps down the data term that are stable for operators of norm up to 4, and means over few numbers.
  'pnp-flow': { settings: { scale: 0.1 } },
  'flow-dps': { settings: { scale: 0.05 } },
  'flow-chef': { settings: { scale: 0.1 } },
  'd-flow': { settings: { steps: 60 } },
  dmplug: { settings: { stop: 'none', samplerSteps: 2 } },
  shred: { settings: { samplerSteps: 2 } },
  'pnp-dm': { settings: { steps: 40, decay: 0.8, rhoMin: 0.1, priorSteps: 15 } },
  pmc: { settings: { repeats: 1, stepSize: 1e-3, sigmaMax: 10, decay: 0.98, sigmaMin: 0.05 } },
  'rto-tu': { settings: {} },
  'map-tu': { settings: {} },
  dpnp: { settings: { priorSteps: 15 } },
  sitcom: { settings: { innerSteps: 60, learningRate: 0.1 } },
  afdps: { settings: { steps: 200 } },
  'g-smc': { settings: { steps: 200 } },
  driftlite: { settings: { steps: 200 } },
  'fk-steering': { settings: { particles: 32, to: 95 } },
  enkg: { settings: { particles: 32 } },
  scg: { settings: { steps: 200, candidates: 16 } },
  dpg: { settings: { steps: 200, samples: 64, scale: 2 } },
  'dps-gsg': { settings: { queries: 32, scale: 0.1 } },
  daps: { settings: { steps: 50, innerSteps: 20, learningRate: 0.01, decay: 0.05, sigmaMin: 0.05 } },
}
