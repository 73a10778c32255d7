import type { Known } from './entry.test.helper.ts'

/** Methods that put the noised measurement in the place of what x says of it, and their forebears. */
export const projection: Readonly<Record<string, Known>> = {
  repaint: {
    defaults: {
      steps: [250, 'arXiv 2201.09865 §5 and confs/face_example.yml of the repository: t_T'],
      spacing: ['guided', "the repository's guided-diffusion: timestep_respacing 250"],
      jump: [10, 'the repository: jump_length'],
      repeats: [10, 'the repository: jump_n_sample'],
      variance: ['large', 'guided-diffusion, where none is learned'],
    },
    draws: {
      start: ['start'],
      step: ['step', 'measured'],
      clean: ['measured'],
      some: { 9: ['up'] }, // nine steps down, and up again
      options: { jump: 9, repeats: 2 },
    },
    small: { jump: 9, repeats: 2 },
    path: (grid) => grid + 9 * Math.floor((grid - 1) / 9),
  },
  ilvr: {
    defaults: {
      steps: [100, "the repository's README: timestep_respacing 100"],
      spacing: ['guided', "the repository's guided-diffusion"],
      range: [undefined, "a fifth: 20 of 100 in the repository's README"],
      variance: ['small', 'DDPM; theirs is learned'],
    },
    draws: { start: ['start'], step: ['step', 'measured'], clean: ['measured'], options: { range: -1 } },
  },
  mcg: {
    defaults: {
      steps: [1000, 'arXiv 2206.00941 §4: N = 1000'],
      spacing: ['guided', "the repository's guided-diffusion"],
      scale: [1, 'the repository: weight of CT; inpainting has no other'],
      weight: ['pinv', 'the repository, CT; for a mask the identity is the same'],
      variance: ['small', 'DDPM; theirs is learned'],
    },
    draws: { start: ['start'], step: ['step', 'measured'], clean: ['measured'], options: { scale: 0.1 } },
    small: { scale: 0.1 },
  },
}
