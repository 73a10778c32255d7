import type { Known } from './entry.test.helper.ts'

/** Methods that split the posterior in two, and Langevin dynamics with a score. */
export const splitting: Readonly<Record<string, Known>> = {
  'pnp-dm': {
    defaults: {
      steps: [100, 'the repository: pnp_edm.yaml, num_iters'],
      spacing: ['linspace', 'only its length counts'],
      rho0: [10, 'the repository: commands.sh, sampler.rho'],
      decay: [0.9, 'the repository: commands.sh, sampler.rho_decay_rate'],
      rhoMin: [0.3, 'the repository: commands.sh, sampler.rho_min of linear tasks'],
      priorSteps: [30, 'the repository: 30 of the 100 levels of its grid are below 0.3'],
      sampler: ['sde', 'the repository: commands.sh, edm_sde'],
      data: ['auto', 'arXiv 2405.18782 §3.2: exact where A is linear, else Langevin'],
      langevinStep: [1e-4, 'the repository: phase_retrieval.py, gamma'],
      langevinSteps: [100, 'the repository: phase_retrieval.py, num_iters'],
      iterations: [undefined, 'theirs is exact'],
      burnIn: [0.4, 'the repository: pnp_edm.yaml, num_burn_in_iters 40 of 100'],
    },
    draws: {
      start: ['start'],
      step: ['coupling', 'measured', 'prior'],
      clean: [],
      options: { priorSteps: 2 },
    },
    small: { priorSteps: 2, rhoMin: 1 },
    exact: { steps: 40, decay: 0.8, rhoMin: 0.1, priorSteps: 15 },
    beside: { langevinStep: { data: 'langevin' }, langevinSteps: { data: 'langevin' } },
    lighter: { priorSteps: 2, langevinSteps: 4, burnIn: 0.4 },
  },
  pmc: {
    defaults: {
      steps: [1000, 'the most that common priors have'],
      repeats: [4, 'the repository: pmcred_cs_ratio=0.1_annealing.yaml, tmax 4000'],
      spacing: ['linspace', 'only its length counts'],
      form: ['red', 'arXiv 2310.10835, Algorithm 1'],
      stepSize: [1e-5, 'the repository: pmcred_cs_ratio=0.1_annealing.yaml, gamma'],
      sigmaMax: [348, 'the repository: pmcred_cs_ratio=0.1_annealing.yaml, sigma'],
      decay: [0.99, 'the repository: pmcred_cs_ratio=0.1_annealing.yaml, decay_rate'],
      sigmaMin: [0.015, 'the repository: pmcred_cs_ratio=0.1_annealing.yaml, min_sigma'],
      weight: [undefined, '4444 there is 1/0.015²'],
    },
    draws: { start: ['start'], step: ['step'] },
    small: { repeats: 1, stepSize: 1e-3, sigmaMin: 0.1 },
    exact: { repeats: 1, stepSize: 1e-3, sigmaMax: 10, decay: 0.98, sigmaMin: 0.05 },
    lighter: { repeats: 1 },
    other: { sigmaMin: 0.3 }, // the prior of the tests has no level below 0.05
  },
  daps: {
    defaults: {
      steps: [200, 'the repository: edm_daps.yaml, num_steps of the annealing'],
      spacing: ['linspace', 'only its length counts'],
      estimate: ['ode', 'arXiv 2407.01521, Algorithm 1'],
      draw: ['langevin', 'the repository: down_sampling.yaml, mc_algo'],
      law: ['gaussian', 'the repository: down_sampling.yaml, prior_solver'],
      sigmaMax: [100, 'the repository: edm_daps.yaml'],
      sigmaMin: [0.1, 'the repository: edm_daps.yaml'],
      visitLast: [false, 'the repository: of its n + 1 levels the last is not visited'],
      odeSteps: [5, 'the repository: edm_daps.yaml, num_steps of the flow'],
      innerSteps: [100, 'the repository: down_sampling.yaml, num_steps'],
      learningRate: [1e-4, 'the repository: down_sampling.yaml, lr'],
      decay: [0.01, 'the repository: down_sampling.yaml, lr_min_ratio'],
      momentum: [0.9, 'the repository: mcmc.py'],
      tau: [undefined, 'ours: σ_y; 0.01 in the repository'],
      scoreLevel: [0.01, 'the repository: mcmc.py, prior_sigma_min'],
    },
    draws: { start: ['start'], step: ['chain', 'step'], options: { innerSteps: 2 } },
    small: { odeSteps: 2, innerSteps: 1 },
    exact: { steps: 50, innerSteps: 20, learningRate: 0.01, decay: 0.05, sigmaMin: 0.05 },
    lighter: { innerSteps: 4 },
    beside: {
      estimate: { draw: 'exact' },
      momentum: { draw: 'hmc', innerSteps: 4 },
      scoreLevel: { law: 'score', innerSteps: 4 },
    },
    other: { scoreLevel: 0.3, sigmaMin: 0.2 }, // the prior of the tests has levels from 0.05
  },
}
