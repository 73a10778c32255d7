import type { TourStep } from '../../parts/tour.tsx'

/** Five steps through the code. */
export const tour: readonly TourStep[] = [
  {
    at: 'file',
    title: 'The file itself',
    text: 'This is the method as it stands in the repository, and what the other rooms run. Change a line: what you type stays in this browser and in the address.',
  },
  {
    at: 'run',
    title: 'Run the edit',
    text: 'It is compiled here and runs in a worker of its own, which reaches nothing but this page’s files. What is wrong with it is said at its line, and what does not end is ended.',
  },
  {
    at: 'runs',
    title: 'Beside what it was',
    text: 'Both start from the same noise, so what differs is the edit alone. Go through time to see where it begins to.',
  },
  {
    at: 'ground',
    title: 'On the plane, or on digits',
    text: 'On the plane the posterior is known, and the sentences compare with it. On digits a trained network is the prior.',
  },
  {
    at: 'faults',
    title: 'Plant a fault',
    text: 'These are mistakes that the project plants in this file to try its tests. Press one to see what it does, and which tests notice.',
  },
]
