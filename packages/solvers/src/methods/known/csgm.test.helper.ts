import type { Known } from './entry.test.helper.ts'

const spacing = ['linspace', 'means nothing: the steps are iterations'] as const
const clip = [undefined, 'left to the prior; the repositories clip to [−1, 1]'] as const
const limits = { slots: [undefined, 'plain backprop'], memory: [undefined, 'plain backprop'] } as const

/** Methods that look for the latent of a deterministic sampler. */
export const csgm: Readonly<Record<string, Known>> = {
  csgm: {
    defaults: {
      steps: [1000, 'the repository: mnist_reconstruction.sh, --max-update-iter'],
      spacing,
      optimizer: ['adam', 'the repository: --optimizer-type'],
      learningRate: [0.01, 'the repository: mnist_reconstruction.sh, --learning-rate'],
      lambda: [undefined, 'σ_y²: the most probable z'],
      restarts: [1, 'ours; 10 in the repository: --num-random-restarts'],
      historySize: [10, 'as L-BFGS of autograd'],
      samplerSteps: [10, 'ours'],
      samplerSpacing: ['leading', 'ours'],
      clip,
      ...limits,
    },
    beside: { historySize: { optimizer: 'lbfgs', samplerSteps: 3 } },
    other: { historySize: 1 },
    draws: { start: ['start'], step: [] },
    small: { samplerSteps: 2 },
    iterations: true,
  },
  dmplug: {
    defaults: {
      steps: [5000, 'the repository: sr_inp_nonlinear.py, epochs'],
      spacing,
      learningRate: [0.01, 'the repository: sr_inp_nonlinear.py, --lr'],
      stop: ['variance', 'arXiv 2405.16749; the repository takes the best by the truth'],
      window: [100, 'sun-umn/Early_Stopping_for_DIP: ES_WMV.ipynb, buffer_size'],
      patience: [1000, 'sun-umn/Early_Stopping_for_DIP: ES_WMV.ipynb, patience'],
      tau: [1, 'ours: the expected ‖n‖² is mσ_y²'],
      samplerSteps: [3, 'the repository: --custom_steps'],
      samplerSpacing: ['leading', "the repository: diffusers' DDIMScheduler"],
      clip,
      ...limits,
    },
    beside: {
      window: { window: 4, patience: 1, learningRate: 0.5 },
      patience: { window: 2, patience: 3, learningRate: 0.5 },
      tau: { stop: 'discrepancy', learningRate: 0.2, tau: 1 },
    },
    other: { window: 7, patience: 1, tau: 3 },
    draws: { start: ['start'], step: [] },
    small: { stop: 'none', samplerSteps: 2 }, // runs to its last step
    iterations: true,
  },
  'blind-shred': {
    defaults: {
      steps: [100, 'the repository: configs/blind_deblurring.yml, Optimization_steps'],
      spacing,
      learningRate: [0.003, 'the repository: configs/blind_deblurring.yml, lr_img'],
      kernelRate: [2e-4, 'the repository: configs/blind_deblurring.yml, lr_blur'],
      hidden: [1000, 'the repository: utils.py, fcn'],
      detach: [true, 'the repository: ddim_inversion_utils.py, torch.no_grad'],
      samplerSteps: [10, 'the repository: delta_t 100'],
      samplerSpacing: ['leading', 'the repository: DDIMScheduler.set_timesteps'],
      clip,
      ...limits,
    },
    draws: { start: ['start', 'net', 'net input'], step: [] },
    small: { samplerSteps: 2, hidden: 4 },
    iterations: true,
  },
  'blind-dmplug': {
    defaults: {
      steps: [10_000, 'the repository: bid.py, epochs'],
      spacing,
      learningRate: [0.01, 'the repository: bid.py, --lr'],
      kernelRate: [0.1, 'the repository: bid.py, --lrk'],
      stop: ['variance', 'as dmplug'],
      window: [100, 'as dmplug'],
      patience: [1000, 'as dmplug'],
      tau: [1, 'as dmplug'],
      samplerSteps: [3, 'the repository: --custom_steps'],
      samplerSpacing: ['leading', 'as dmplug'],
      clip,
      ...limits,
    },
    beside: {
      window: { window: 4, patience: 1, learningRate: 0.5 },
      patience: { window: 2, patience: 3, learningRate: 0.5 },
      tau: { stop: 'discrepancy', learningRate: 0.2, tau: 1 },
    },
    other: { window: 7, patience: 1, tau: 3 },
    draws: { start: ['start', 'kernel start'], step: [] },
    small: { stop: 'none', samplerSteps: 2 },
    iterations: true,
  },
  shred: {
    defaults: {
      steps: [200, 'the repository: configs/inpainting.yml, Optimization_steps'],
      spacing,
      learningRate: [0.01, 'the repository: configs/inpainting.yml, lr'],
      detach: [true, 'the repository: ddim_inversion_utils.py, torch.no_grad'],
      samplerSteps: [10, 'the repository: configs/inpainting.yml, delta_t 100 of 1000'],
      samplerSpacing: ['leading', 'the repository: ddim_inversion_utils.py, set_timesteps'],
      clip,
      ...limits,
    },
    draws: { start: ['start'], step: [] },
    small: { samplerSteps: 2 },
    iterations: true,
  },
}
