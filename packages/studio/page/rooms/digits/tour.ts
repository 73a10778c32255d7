import type { TourStep } from '../../parts/tour.tsx'
import type { DigitsValues } from './fields.ts'
import { fields, painted } from './fields.ts'

/** Five steps through the digits. */
export const tourOf = (set: (change: Partial<DigitsValues>) => void): readonly TourStep[] => [
  {
    at: 'picture',
    title: 'A picture that nobody sees',
    text: 'It is a digit that the prior was not trained on. Choose another, draw one, or drop a picture of yours.',
  },
  {
    at: 'measurement',
    title: 'Hide some of it',
    text: 'Paint on the measurement: what is grey, no method gets to see. Both start anew with every stroke.',
    enter: () => set({ prior: 'digits', operator: painted, mask: fields.mask.default, at: 1000 }),
  },
  {
    at: 'stages',
    title: 'Several answers',
    text: 'Each method draws samples that fit what was seen. Where they differ, the standard deviation is large: compare it with the error beside it.',
  },
  {
    at: 'time',
    title: 'Go through time',
    text: 'Drag the line or play it, from noise to the result. While a run goes on it can be held, and made step by step.',
    enter: () => set({ at: 400 }),
  },
  {
    at: 'methods',
    title: 'Try another method',
    text: 'Every method of the registry is here, with all its options. Below are files, and the command that gives the same bits.',
    enter: () => set({ at: 1000 }),
  },
]
