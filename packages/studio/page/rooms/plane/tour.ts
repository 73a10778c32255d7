import type { TourStep } from '../../parts/tour.tsx'
import type { PlaneValues } from './fields.ts'

/** Five steps through the plane. */
export const tourOf = (set: (change: Partial<PlaneValues>) => void): readonly TourStep[] => [
  {
    at: 'stages',
    title: 'One measurement, many answers',
    text: 'Shaded is what x may be, the amber band is where one noisy measurement puts it. The green lines hold half and nine tenths of the exact posterior.',
    enter: () => set({ show: ['prior', 'exact', 'particles', 'handles'], at: 1000 }),
  },
  {
    at: 'stages',
    title: 'Drag the measurement',
    text: 'Move it by the grip in the middle, turn it by the one at the end, widen its noise by the one at the side. Both methods start anew, from the same noise.',
  },
  {
    at: 'time',
    title: 'Go through time',
    text: 'Every method begins at pure noise and removes it step by step. Drag the line or play it: the green lines are the exact law at that time.',
    enter: () => set({ at: 700 }),
  },
  {
    at: 'layers',
    title: 'See why a method errs',
    text: 'Coloured arrows are what the method takes for ∇ log p(y | xₜ), green ones what it is. Point at the plane to compare them at one place.',
    enter: () => set({ show: ['prior', 'exact', 'particles', 'guidance'], at: 700 }),
  },
  {
    at: 'methods',
    title: 'Try another method',
    text: 'Every method of the registry is here, with all its options. Whatever you find, the address holds it: copy the link.',
    enter: () => set({ show: ['prior', 'exact', 'particles', 'handles'], at: 1000 }),
  },
]
