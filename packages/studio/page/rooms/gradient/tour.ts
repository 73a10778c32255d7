import type { TourStep } from '../../parts/tour.tsx'
import type { GradientValues } from './fields.ts'

/** Five steps through the gradient. */
export const tourOf = (set: (change: Partial<GradientValues>) => void): readonly TourStep[] => [
  {
    at: 'strip',
    title: 'Forward, and back',
    text: 'Above, a noisy state becomes a guess, and the guess a number. Below, the number’s gradient goes the same way back.',
  },
  {
    at: 'tape',
    title: 'The tape',
    text: 'Every box is a part of the network; pictures are halved to the right, doubled to the left. Point at one: its tensor and its cotangent are shown.',
  },
  {
    at: 'tape',
    title: 'What it keeps',
    text: 'A block that is opened shows its calls. The green bar is what each keeps for the way back: norms keep their input, convolutions nothing but weights, which live anyway.',
    enter: () => set({ open: 'd0r0', pick: 'd0r0' }),
  },
  {
    at: 'chain',
    title: 'Ten steps in a row',
    text: 'Here the gradient goes through a whole sampler. With everything on the tape, memory climbs by one tape a step.',
    enter: () => set({ strategy: 'tape' }),
  },
  {
    at: 'chain',
    title: 'The same gradient in the memory of one step',
    text: 'Three states are kept instead, and what lies between is computed again. The gradient is the same, bit for bit.',
    enter: () => set({ strategy: 'revolve', slots: 3 }),
  },
]
