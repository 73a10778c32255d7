import type { Known } from './entry.test.helper.ts'

const repository = 'annegnx/PnP-Flow'

/** Methods that came with flow matching. */
export const flow: Readonly<Record<string, Known>> = {
  'ot-ode': {
    defaults: {
      steps: [80, `${repository}: ot_ode.yaml, steps_ode 100 from start_time 0.2`],
      spacing: ['trailing', `${repository}: ot_ode.py, t = k/100`],
      startTime: [0.2, `${repository}: ot_ode.yaml, start_time`],
      gamma: ['constant', `${repository}: ot_ode.yaml, gamma`],
      variance: [1, 'arXiv 2310.04432: r_t² of data of variance 1'],
      init: ['auto', `${repository}: ot_ode.py, H_adj(y)`],
      solver: ['auto', 'ours'],
      iterations: [undefined, 'ours'],
      rankTolerance: [0, 'the paper'],
    },
    draws: { start: ['start'], step: [] },
    iterations: true,
  },
  'pnp-flow': {
    defaults: {
      steps: [100, `${repository}: pnp_flow.yaml, steps_pnp`],
      spacing: ['trailing', `${repository}: pnp_flow.py, t = k/100`],
      scale: [1, `${repository}: pnp_flow.yaml, lr_pnp`],
      exponent: [1, `${repository}: pnp_flow.yaml of its first version, alpha`],
      draws: [5, `${repository}: pnp_flow.yaml, num_samples`],
      loss: ['squares', 'arXiv 2410.02423'],
    },
    other: { draws: 2 },
    exact: { scale: 0.1 },
    draws: { start: [], step: ['noise 0', 'noise 1', 'noise 2', 'noise 3', 'noise 4'] },
    iterations: true,
  },
  'flow-dps': {
    defaults: {
      steps: [28, 'FlowDPS-Inverse/FlowDPS: solve_arbitrary.py, --NFE'],
      spacing: ['linspace', "diffusers' FlowMatchEulerDiscreteScheduler"],
      scale: [0.5, 'ours: an inner step of length 1 down ½‖y − A x‖²'],
      innerSteps: [3, "the authors' sampler: num_iters"],
      loss: ['squares', 'arXiv 2503.08136; the code has norms'],
      compare: ['measurement', 'arXiv 2503.08136'],
      shift: [4, "the authors' sampler: scheduler.config.shift"],
    },
    other: { innerSteps: 2 },
    draws: { start: ['start'], step: ['step'] },
    small: { scale: 0.3 },
    exact: { scale: 0.05 },
    iterations: true,
  },
  'flow-chef': {
    defaults: {
      steps: [100, 'FlowChef/FlowChef: inverseproblems_flowchef.sh, --N'],
      spacing: ['trailing', 'FlowChef/FlowChef: generate_inverseproblems_flowchef.py, t = k/N'],
      scale: [500, 'FlowChef/FlowChef: inverseproblems_flowchef.sh, --gradient_scale'],
      loss: ['mean', 'FlowChef/FlowChef: mse_loss'],
      compare: ['measurement', 'FlowChef/FlowChef'],
    },
    // A mean over few numbers.
    lighter: { scale: 0.1 },
    draws: { start: ['start'], step: [], options: { scale: 0.1 } },
    small: { scale: 0.1 },
    iterations: true,
  },
  'd-flow': {
    defaults: {
      steps: [500, `${repository}: d_flow.yaml, 20 calls of L-BFGS of at most 25 evaluations`],
      spacing: ['linspace', 'means nothing: the steps are iterations'],
      lambda: [0.01, `${repository}: d_flow.yaml, lmbda`],
      penalty: ['chi', 'arXiv 2402.14017'],
      blend: [0.1, `${repository}: d_flow.yaml, alpha`],
      init: ['auto', `${repository}: d_flow.py, H_adj(y)`],
      historySize: [100, `${repository}: d_flow.py`],
      samplerSteps: [5, `${repository}: d_flow.py, the steps between steps_euler = 6 times`],
      slots: [undefined, 'plain backprop'],
    },
    other: { historySize: 1 },
    draws: { start: ['start'], step: [] },
    small: { samplerSteps: 2 },
    exact: { steps: 60 },
    iterations: true,
  },
}
