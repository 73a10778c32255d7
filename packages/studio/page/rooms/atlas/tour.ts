import type { TourStep } from '../../parts/tour.tsx'
import type { AtlasValues } from './fields.ts'

/** Five steps through the atlas. */
export const tourOf = (set: (change: Partial<AtlasValues>) => void): readonly TourStep[] => [
  {
    at: 'map',
    title: 'A run in every cell',
    text: 'The method of the map, with the steps of its column and the guidance of its row. Cells are run coarse to fine; a click opens the run in its room.',
    enter: () => set({ view: 'map' }),
  },
  {
    at: 'colour',
    title: 'What colours tell',
    text: 'PSNR likes one answer, the misfit asks whether y is met, CRPS is least for the posterior. They have their best cells at different places.',
  },
  {
    at: 'axes',
    title: 'Other axes, other methods',
    text: 'Any two options of any method of the registry make a map. Type the values that are tried.',
  },
  {
    at: 'views',
    title: 'Calibration, as it comes in',
    text: 'Truths are drawn and measured, and all methods sample the same posteriors. What is right has uniform ranks and the distance of exact draws.',
    enter: () => set({ view: 'calibration' }),
  },
  {
    at: 'views',
    title: 'Known failures',
    text: 'Each is a link into another room, with a number that the tests of the project hold it to.',
    enter: () => set({ view: 'failures' }),
  },
]
