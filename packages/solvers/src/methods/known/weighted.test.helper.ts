import type { Known } from './entry.test.helper.ts'

const weighted = (c: number, whose: string): Known['defaults'] => ({
  steps: [400, 'the repository of AFDPS: configs/algorithm/afdps.yaml, num_steps'],
  spacing: ['karras', 'the same: discretization edm, rho 7'],
  particles: [32, 'the same: num_particles'],
  resampler: ['systematic', 'ours; the repository has multinomial'],
  threshold: [0.5, 'the same: resample_threshold'],
  c: [c, whose],
  anneal: ['auto', 'the same: r_t² = σ_y² + γ²σ_t²; linear for other noise is ours'],
  gamma: [1, 'the same: guidance_gamma'],
  guidance: ['auto', 'the same: guidance_step exact_linear for linear inverse scattering, else euler'],
  weigh: ['potential', 'the paper'],
  trace: ['auto', 'the repository: closed form where linear, else Hutchinson'],
  probes: [1, 'the same: trace_M'],
})

const fewer = { particles: 8 }

/** Weighted diffusions, and steering. */
export const weightedDiffusions: Readonly<Record<string, Known>> = {
  afdps: {
    defaults: weighted(1, 'the paper: the drift has all of ∇ log p(y | x)'),
    beside: { probes: { trace: 'hutchinson' } },
    other: { threshold: 1 },
    draws: {
      start: ['start'],
      step: ['step', 'resample', 'pick', 'probe'],
      clean: ['probe'],
      options: { ...fewer, trace: 'hutchinson' },
    },
    small: fewer,
    exact: { steps: 200 },
    lighter: fewer,
  },
  'g-smc': {
    defaults: weighted(0.5, 'arXiv 2503.02819 Proposition D.6'),
    beside: { probes: { trace: 'hutchinson', c: 1 } },
    other: { threshold: 1 },
    draws: { start: ['start'], step: ['step', 'resample', 'pick'], options: fewer },
    small: fewer,
    exact: { steps: 200 },
    lighter: fewer,
  },
  driftlite: {
    defaults: {
      ...weighted(0.5, 'as Guidance-SMC, which it controls'),
      control: ['variance', 'the paper: VCG-SMC'],
      basis: ['auto', 'the paper, where its potentials are known'],
    },
    other: { threshold: 1 },
    draws: {
      start: ['start'],
      step: ['step', 'resample', 'pick', 'probe'],
      clean: ['probe'],
      options: fewer,
    },
    small: fewer,
    exact: { steps: 200 },
    lighter: fewer,
  },
  'fk-steering': {
    defaults: {
      steps: [100, 'the repository: text_to_image/launch_eval_runs.py, num_inference_steps'],
      spacing: ['leading', 'diffusers’ DDIM, which it runs'],
      particles: [4, 'the same: num_particles'],
      resampler: ['multinomial', 'the repository: fkd_class.py'],
      threshold: [1, 'the repository: at every interval, without adaptive_resampling'],
      potential: ['difference', 'the same: potential_type diff'],
      lambda: [1, 'ours: the posterior; the repository has 10, of other rewards'],
      interval: [5, 'the same: resample_frequency'],
      from: [5, 'the same: resample_t_start'],
      to: [30, 'the same: resample_t_end'],
      eta: [1, 'the repository: fkd_pipeline_sd.py'],
    },
    draws: { start: ['start'], step: ['step', 'resample', 'pick'] },
    other: { to: 12 },
    exact: { particles: 32, to: 95 },
  },
}
